"""
What an account wrote here, to be taken away: each record on paper and as data.

The same record gives the same bytes until somebody writes on it, so an archive that was cut off
goes on where it was.  The data hold every version, the paper the newest.  Neither is made before
somebody asks for it: a list of copies reads no more than it must to name them.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from portal import vault
from portal.core import language
from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.core.language import ZONE
from portal.records import book, chain, diary_printing, listing, printing
from portal.records.chain import OpenRecord, Version
from portal.records.diary import Entry
from portal.records.diary_forms import span_of
from portal.records.diary_printing import DiaryPrinted, as_csv, diary_as_pdf, fits_on_paper
from portal.records.listing import RecordSummary
from portal.records.medication import KIND as PLAN
from portal.records.medication import Plan
from portal.records.models import RecordVersion

FORMAT: Final = 1
"""What `data` says of its own shape; it grows when a reader of the older one would err."""
PAPER_ABOUT: Final = 20_000
ENTRY_ABOUT: Final = 750
"""Bytes of a paper, and of each entry on it, for whoever wants to know before it is made."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One record as its owner takes it away."""

    summary: RecordSummary
    name: str = field(repr=False)
    """What it is called, in the reader's language; several may have one name."""
    mark: bytes
    """Two copies of one mark have the same bytes."""
    suffix: str
    """`.pdf`; `.csv` where there is more than one paper holds."""
    _record: OpenRecord = field(repr=False)
    _versions: list[UUID]
    _language: str

    @property
    def id(self) -> UUID:
        """Of the record."""
        return self.summary.id

    @property
    def kind(self) -> str:
        """`plan`, or `diary`: one month of it."""
        return self.summary.kind

    @property
    def about(self) -> tuple[int, int]:
        """About how many bytes the paper and the data have."""
        return PAPER_ABOUT + ENTRY_ABOUT * self.summary.entries, self.summary.size

    async def paper(self) -> bytes:
        """PDF or CSV.  Raises `Unknown` when it is gone or another one, `vault.Tampered`."""
        if self.kind == PLAN:
            return await self._plan()
        newest, _damaged = await book.newest_of([self._record])
        await self._check()
        entries = sorted((Entry.unpacked(each.said) for each in newest), key=lambda each: each.when)
        with language.speaking(self._language):
            if self.suffix == ".csv":
                return as_csv(entries)
            by = max(newest, key=lambda each: each.at).by if newest else ""
            span = span_of(self._record.summary["month"], 1)
            return await diary_as_pdf(DiaryPrinted(entries, span, by))

    async def data(self) -> dict[str, Any]:
        """
        For JSON: `kind`, `format`, `id`, and `versions`, of each `item` the oldest first.  Raises
        `Unknown` when it is gone or another one.
        """
        versions, damaged = await chain.whole(self._record)
        await self._check()
        return {
            "kind": self.kind,
            "format": FORMAT,
            "id": str(self.id),
            "damaged_versions": damaged,
            "versions": [_version(each) for each in versions],
        }

    async def _plan(self) -> bytes:
        last = await chain.newest(self._record, self.id)
        await self._check()
        day = last.at.astimezone(ZONE).date()
        printed = printing.Printed(Plan.unpacked(last.said), last.by, day, on=day)
        return await printing.as_pdf(printed, self._language)

    async def _check(self) -> None:
        """Still what its mark stands for: whoever writes on it makes it another one."""
        if (await _version_ids([self.id]))[self.id] != self._versions:
            raise Unknown


async def everything(actor: Actor) -> AsyncIterator[Copy]:
    """
    The actor's records one after the other, the last written first; nothing is made yet.

    One that is damaged is left out and reported: `mine` says which those are.  So is one that goes
    into the bin meanwhile.
    """
    found = [each for each in await listing.mine(actor) if not each.damaged]
    rows = await _version_ids([each.id for each in found])
    for each in found:
        try:
            record = await chain.open_own(actor, each.id, each.kind)
            suffix = await _suffix(each, record)
        except vault.Tampered:
            vault.report("record does not open: row", each.id)
        except Unknown:
            continue
        else:
            of, spoken = rows[each.id], language.language()
            yield Copy(each, each.title, _mark(each, of), suffix, record, of, spoken)


async def _suffix(summary: RecordSummary, record: OpenRecord) -> str:
    """Of the paper.  Raises `vault.Tampered` for a plan that cannot be printed."""
    if summary.kind == PLAN:
        await chain.newest(record, record.id)
    elif summary.size > diary_printing.MOST_LETTERS:  # else it cannot hold so many
        newest, _damaged = await book.newest_of([record])
        if not fits_on_paper([Entry.unpacked(each.said) for each in newest]):
            return ".csv"
    return ".pdf"


async def _version_ids(ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Versions are never written over, so these say what a record holds."""
    found = defaultdict[UUID, list[UUID]](list)
    rows = RecordVersion.filter(record__in=list(ids)).order_by("id").values_list("record", "id")
    for record, version in await rows:
        found[record].append(version)
    return found


def _mark(summary: RecordSummary, versions: list[UUID]) -> bytes:
    mark = sha256(f"{FORMAT}:{summary.kind}:{language.language()}".encode() + _sheets())
    for each in (summary.id, *versions):
        mark.update(each.bytes)
    return mark.digest()


@cache
def _sheets() -> bytes:
    """Another form of paper is another paper."""
    both = (printing.SHEET, diary_printing.SHEET)
    return b"".join(sha256(each.read_bytes()).digest() for each in both)


def _version(version: Version) -> dict[str, Any]:
    about = {"item": str(version.item), "rev": version.rev, "at": version.at.isoformat()}
    return about | {"by": version.by, "said": dict(version.said)}
