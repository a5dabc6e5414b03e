"""
What an account wrote here, to be taken away: each record on paper and as data.

The same record gives the same bytes until somebody writes on it, so an archive that was cut off
goes on where it was.  The data hold every version, the paper the newest.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from portal import vault
from portal.core import language
from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.core.language import ZONE
from portal.records import book, chain, listing, printing
from portal.records.chain import OpenRecord, Version
from portal.records.diary import Entry
from portal.records.diary_forms import span_of
from portal.records.diary_printing import DiaryPrinted, diary_as_pdf
from portal.records.listing import RecordSummary
from portal.records.medication import Plan

FORMAT: Final = 1
"""What `data` says of its own shape; it grows when a reader of the older one would err."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One record as its owner takes it away."""

    id: UUID
    kind: str
    """`plan`, or `diary`: one month of it."""
    name: str = field(repr=False)
    """What it is called, in the reader's language; several may have one name."""
    pdf: bytes = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    """For JSON: `kind`, `format`, `id`, and `versions`, of each `item` the oldest first."""


async def everything(actor: Actor) -> AsyncIterator[Copy]:
    """
    The actor's records one after the other, the last written first, each made when it is asked for.

    One that is damaged is left out and reported: `mine` says which those are.  So is one that goes
    into the bin meanwhile.
    """
    for each in await listing.mine(actor):
        if each.damaged:
            continue
        try:
            copy = await _copy(each, await chain.open_own(actor, each.id, each.kind))
        except vault.Tampered:
            vault.report("record does not open: row", each.id)
        except Unknown:
            continue
        else:
            yield copy


async def _copy(summary: RecordSummary, record: OpenRecord) -> Copy:
    versions, damaged = await chain.whole(record)
    pdf = await (_plan(record) if summary.kind == "plan" else _month(record))
    data = {
        "kind": summary.kind,
        "format": FORMAT,
        "id": str(record.id),
        "damaged_versions": damaged,
        "versions": [_version(each) for each in versions],
    }
    return Copy(record.id, summary.kind, summary.title, pdf, data)


async def _plan(record: OpenRecord) -> bytes:
    last = await chain.newest(record, record.id)
    day = last.at.astimezone(ZONE).date()
    printed = printing.Printed(Plan.unpacked(last.said), last.by, day, on=day)
    return await printing.as_pdf(printed, language.language())


async def _month(record: OpenRecord) -> bytes:
    newest, _damaged = await book.newest_of([record])
    by = max(newest, key=lambda each: each.at).by if newest else ""
    entries = sorted((Entry.unpacked(each.said) for each in newest), key=lambda each: each.when)
    return await diary_as_pdf(DiaryPrinted(entries, span_of(record.summary["month"], 1), by))


def _version(version: Version) -> dict[str, Any]:
    about = {"item": str(version.item), "rev": version.rev, "at": version.at.isoformat()}
    return about | {"by": version.by, "said": dict(version.said)}
