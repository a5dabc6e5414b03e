"""What somebody wants to download: examinations and documents by id, or everything."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from portal import records, studies
from portal.core.actor import Actor
from portal.core.errors import Unknown

AT_ONCE: Final = 100
"""Things on a page to choose from: their ids fit in an address."""
MOST: Final = 2 * AT_ONCE
"""Ids in an address; more stand in no list of ours."""

STUDY, DOCUMENT, ALL, SERIES = "e", "d", "all", "s"
"""Their names in an address: ids are all it carries."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Ids that were chosen on a page; who may have what is decided by what is listed."""

    studies: frozenset[UUID]
    documents: frozenset[UUID]
    everything: bool
    series: UUID | None = None
    """An image: of the one examination that was chosen, its series alone."""

    @property
    def is_empty(self) -> bool:
        """Nothing was chosen."""
        return not (self.studies or self.documents or self.everything)

    @property
    def query(self) -> str:
        """The same for an address."""
        if self.everything:
            return f"{ALL}=1"
        named = [(STUDY, each) for each in self.studies] + [
            (DOCUMENT, each) for each in self.documents
        ]
        pairs = sorted((name, each.hex) for name, each in named)
        return urlencode(pairs + ([(SERIES, self.series.hex)] if self.series else []))


async def chosen(shelf: studies.Shelf, actor: Actor, choice: Choice) -> list[studies.Entry]:
    """
    What of it is there, the latest first: an examination comes with its findings.  What was written
    here comes with everything.

    Raises `Unknown` when nothing is.
    """
    found = list(_of(await studies.my_documents(shelf, actor), choice))
    if choice.everything:
        found += [studies.Entry(None, (), each) for each in await records.mine(actor)]
    if not found and not choice.everything:
        raise Unknown
    return found


def _of(entries: Iterable[studies.Entry], choice: Choice) -> Iterable[studies.Entry]:
    for entry in entries:
        if choice.everything or (entry.study and entry.study.id in choice.studies):
            yield studies.Entry(entry.study, ()) if choice.series else entry
            continue
        papers = tuple(each for each in entry.papers if each.id in choice.documents)
        if papers:
            yield studies.Entry(None, papers)
