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
from portal.records import chain, listing, printing
from portal.records.chain import OpenRecord, Version
from portal.records.listing import RecordSummary
from portal.records.medication import Plan

FORMAT: Final = 1
"""What `data` says of its own shape; it grows when a reader of the older one would err."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One record as its owner takes it away."""

    id: UUID
    kind: str
    """`plan`."""
    name: str = field(repr=False)
    """What it is called, in the reader's language; several may have one name."""
    pdf: bytes = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    """For JSON: `kind`, `format`, `id`, and `versions`, the oldest first."""


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
            copy = await _plan(each, await chain.open_own(actor, each.id, each.kind))
        except vault.Tampered:
            vault.report("record does not open: row", each.id)
        except Unknown:
            continue
        else:
            yield copy


async def _plan(summary: RecordSummary, record: OpenRecord) -> Copy:
    versions, damaged = await chain.whole(record)
    last = await chain.newest(record, record.id)
    day = last.at.astimezone(ZONE).date()
    printed = printing.Printed(Plan.unpacked(last.said), last.by, day, on=day)
    pdf = await printing.as_pdf(printed, language.language())
    data = {
        "kind": summary.kind,
        "format": FORMAT,
        "id": str(record.id),
        "damaged_versions": damaged,
        "versions": [_version(each) for each in versions],
    }
    return Copy(record.id, summary.kind, summary.title, pdf, data)


def _version(version: Version) -> dict[str, Any]:
    about = {"rev": version.rev, "at": version.at.isoformat(), "by": version.by}
    return about | {"said": dict(version.said)}
