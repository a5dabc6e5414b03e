"""
Words of documents that came before words were kept, read when their owner is there.

The keys of what is to be read wait in memory, of a bounded number of documents; what is not read
when the process ends is looked for again when the owner comes back.  A document is read once: one
whose text cannot be read has no words from then on.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from portal import keys, storing, vault
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import transaction
from portal.documents import words
from portal.documents.access import live
from portal.documents.facts import Facts
from portal.documents.models import Document
from portal.documents.reading_room import ReadingRoom
from portal.memories import Memory
from portal.storing import Boxes
from viewer.pdf import Reader, Unshown

BATCH: Final = 200
"""Documents of one account that are looked at when a page asks."""
MOST_WAITING: Final = 1_000
REMEMBERED: Final = 10_000
TRIES: Final = 5
"""While all children are busy; then whoever comes after a restart."""
PAUSE: Final = 5.0
"""Seconds between two of them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    owner: AccountId
    key: Secret = field(repr=False)
    tries: int = 0


class CatchingUp:
    """The queue of documents without words, and the work."""

    def __init__(self, boxes: Boxes, reading_room: ReadingRoom) -> None:
        self._boxes, self._reading_room = boxes, reading_room
        self._walked: Memory[AccountId, UUID] = Memory(REMEMBERED)
        """The last document of each account that was looked at."""
        self._waiting: OrderedDict[UUID, _Waiting] = OrderedDict()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def look_for(self, actor: Actor) -> None:
        """Have the words of some of the actor's documents read soon, if they have none yet."""
        if len(self._waiting) > MOST_WAITING - BATCH:
            return
        last = self._walked.get(actor.id) or UUID(int=0)
        mine = live().filter(owner=actor.id, words__isnull=True, id__gt=last)
        rows = await mine.order_by("id").limit(BATCH).only("id", "facts")
        if not rows:
            return
        opened = await keys.open_study_keys(actor, [row.id for row in rows], set())
        for each in await asyncio.to_thread(_readable, rows, opened):
            self._waiting[each] = _Waiting(actor.id, opened[each])
        self._walked.put(actor.id, rows[-1].id)
        if self._waiting:
            self._idle.clear()
            self._wake.set()

    async def done(self) -> None:
        """Return once nothing waits any more, whether it could be read or not."""
        await self._idle.wait()

    async def work(self) -> None:
        """Read whatever waits, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                document, waiting = self._waiting.popitem(last=False)
                try:
                    await self._read(document, waiting)
                except Exception as error:  # noqa: BLE001 -- an edge: one bad document stops no other
                    log.warning("words not read: %s", type(error).__name__)
            self._idle.set()

    async def _read(self, document: UUID, waiting: _Waiting) -> None:
        row = await live().get_or_none(id=document, words__isnull=True)
        if row is None:
            return
        load = partial(self._boxes.read, row.id, waiting.key, "document", row.object)
        found = await self._reading_room.words(load, Reader(waiting.owner, row.id))
        if found == Unshown("busy"):
            await self._later(document, waiting)
            return
        text = "" if isinstance(found, Unshown) else found
        box = await asyncio.to_thread(words.sealed, row.id, waiting.key, text)
        async with transaction():
            # Whoever deletes it or looked at it meanwhile was first.
            if await live().filter(id=row.id, words__isnull=True).update(words=box):
                await storing.keep_in_rows(waiting.owner, row.id, len(box), None)

    async def _later(self, document: UUID, waiting: _Waiting) -> None:
        await asyncio.sleep(PAUSE)
        if waiting.tries < TRIES:
            self._waiting[document] = _Waiting(waiting.owner, waiting.key, waiting.tries + 1)


def _readable(rows: Sequence[Document], opened: Mapping[UUID, Secret]) -> list[UUID]:
    """Those that somebody has looked at and that are shown: PDFs with pages."""
    return [row.id for row in rows if row.id in opened and _shown(row, opened[row.id])]


def _shown(row: Document, key: Secret) -> bool:
    try:
        facts = Facts.opened(row.id, key, row.facts)
    except vault.Tampered:  # the list names it
        return False
    return facts.pages > 0 and not facts.why and not facts.photo
