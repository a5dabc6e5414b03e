"""Reading what is written in a finding or report inside a study; only children look into files."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from portal.core.actor import AccountId
from portal.documents import ReadingRoom
from portal.studies.summaries import DOCUMENTS
from portal.studies.words import MOST
from viewer.dicom import Pool, Refused, Report
from viewer.pdf import Reader, Unshown, begins_pdf

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of an object whose words are read, and of the document in it."""
TRIES: Final = 5
"""While others are being read; then it has no words."""
PAUSE: Final = 2.0
"""Seconds between two of them."""


def has_words(entry: dict[str, Any]) -> bool:
    """Whether an instance is one that is read, and not only looked at."""
    return entry["header"]["kind"] in DOCUMENTS


def lacks_words(entry: dict[str, Any]) -> bool:
    """Whether it was made ready before words were kept."""
    return has_words(entry) and "view" in entry and "words" not in entry["view"]


class Wording:
    """Reads words for the owner of a study."""

    def __init__(self, pool: Pool, reading_room: ReadingRoom) -> None:
        self._pool, self._reading_room = pool, reading_room

    async def words(
        self, owner: AccountId, study: UUID, entry: dict[str, Any], file: Sequence[bytes]
    ) -> str:
        """
        What is written in an instance, at most `MOST` characters; nothing where nobody can read it.

        Raises `viewer.dicom.PoolFull`.
        """
        if entry["size"] > LARGEST:
            return ""
        if entry["header"]["kind"] != "document":
            said = await self._pool.report(file)
            return "" if isinstance(said, Refused) else text_of(said)
        found = await self._pool.embedded(file, LARGEST)
        if isinstance(found, Refused):
            return ""
        title = f"{found.title}\n" if found.title else ""
        if not begins_pdf(found.data):
            return title[:MOST]
        return (title + await self._of_pdf(found.data, Reader(owner, study)))[:MOST]

    async def _of_pdf(self, data: bytes, reader: Reader) -> str:
        async def load() -> bytes:
            return data

        for again in range(TRIES):
            if again:
                await asyncio.sleep(PAUSE)
            found = await self._reading_room.words(load, reader)
            if not isinstance(found, Unshown):
                return found
            if found.why != "busy":
                break
        return ""


def text_of(report: Report) -> str:
    """A report in lines, as its page shows them: who it is about is left out there already."""
    lines = [" ".join(filter(None, (each.name, each.value, each.unit))) for each in report.lines]
    return "\n".join(filter(None, [report.title, *lines]))[:MOST]
