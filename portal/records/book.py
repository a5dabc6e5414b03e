"""
The diary of an account: one record for each month, and in it an item for each entry.

A diary grows for years.  Whoever writes an entry seals that entry and the few words that lists show
of its month; whoever looks at a span opens the months in it.  A month is also what can be handed on
or deleted as one thing.  In which month something lies is in a box: no row says of a day that
something was written about it, but for the moment in which it was.

An entry that is deleted leaves its month for a record of its own, which lies in the bin like any
other; it comes back into its month.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID, uuid4

from portal import keys, vault
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Invalid, Unknown
from portal.core.language import gettext
from portal.records import binning, chain
from portal.records.access import live
from portal.records.chain import OpenRecord, Version, Written
from portal.records.diary import KIND, Entry, summary_of
from portal.records.diary_forms import Span
from portal.records.models import Record, RecordVersion
from portal.records.sealing import open_summary

MOST_ENTRIES: Final = 1_000
"""Entries of one month: a page and a paper that hold one stay small."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry where it lies."""

    id: UUID
    entry: Entry = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pages:
    """What a span of a diary holds."""

    entries: list[Kept] = field(repr=False)
    """The latest first."""
    damaged: list[UUID]
    """Entries of these months that do not open any more."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a form says beside the entry: its id, the version it follows, and who wrote it."""

    client_id: UUID
    rev: int
    by: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Months:
    """The months in which something lies, as they were found."""

    found: tuple[OpenRecord, ...] = ()
    """The latest first; of one month it may be two."""
    seen: frozenset[UUID] = frozenset()
    """Every record that was looked at, plans too."""


async def months(actor: Actor, before: Months = Months()) -> Months:
    """
    The months in which something lies now; what was found *before* is not opened again.

    Which month a record is, is in its box, so to find one is to open all: whoever writes does so
    before the transaction, and opens in it what came meanwhile.
    """
    listed = await live().filter(owner=actor.id).values_list("id", flat=True)
    ids = frozenset(cast("list[UUID]", listed))
    found = [each for each in before.found if each.id in ids]
    if more := ids - before.seen:
        rows = live().filter(owner=actor.id)
        rows = rows.filter(id__in=list(more)) if before.seen else rows
        found += await _opened(actor, await rows)
    found.sort(key=lambda each: (each.summary["month"], str(each.id)), reverse=True)
    return Months(tuple(found), ids)


async def _opened(actor: Actor, rows: Sequence[Record]) -> list[OpenRecord]:
    opened = await keys.open_study_keys(actor, [row.id for row in rows])
    records = [OpenRecord(row.id, opened[row.id], {}) for row in rows if row.id in opened]
    return await asyncio.to_thread(_diaries, records, {row.id: row.summary for row in rows})


def _diaries(records: Sequence[OpenRecord], boxes: dict[UUID, bytes]) -> list[OpenRecord]:
    found = []
    for each in records:
        try:
            summary = open_summary(each.key, each.id, boxes[each.id])
        except vault.Tampered:
            continue  # My documents names it, and it is reported there
        if summary["kind"] == KIND:
            found.append(OpenRecord(each.id, each.key, summary))
    return found


async def read(actor: Actor, span: Span, there: Months | None = None) -> Pages:
    """The entries of *span*, in the months that are *there* when somebody found them."""
    first, last = span.since.isoformat()[:7], span.until.isoformat()[:7]
    there = await months(actor) if there is None else there
    wanted = [each for each in there.found if first <= each.summary["month"] <= last]
    versions, damaged = await newest_of(wanted)
    found = [Kept(each.item, Entry.unpacked(each.said)) for each in versions]
    inside = [each for each in found if span.holds(each.entry)]
    inside.sort(key=lambda each: (each.entry.when, str(each.id)), reverse=True)
    return Pages(inside, damaged)


async def newest_of(records: Sequence[OpenRecord]) -> tuple[list[Version], list[UUID]]:
    """The newest version of every entry in *records*, and the entries that do not open."""
    by_id = {each.id: each for each in records}
    rows = await RecordVersion.filter(record__in=list(by_id), newest=True)

    def opened() -> tuple[list[Version], list[UUID]]:
        found, damaged = list[Version](), list[UUID]()
        for row in rows:
            version = chain.opened_or_reported(by_id[row.record], row)
            if version is None:
                damaged.append(row.item)
            else:
                found.append(version)
        return found, damaged

    return await asyncio.to_thread(opened)


async def where(actor: Actor, entry_id: UUID) -> OpenRecord:
    """The month in which an entry of the actor's lies.  Raises `Unknown`, `vault.Tampered`."""
    mine = await live().filter(owner=actor.id).values_list("id", flat=True)
    row = await RecordVersion.filter(record__in=mine, item=entry_id, newest=True).first()
    if row is None:
        raise Unknown
    return await chain.open_own(actor, row.record, KIND)


async def one(actor: Actor, entry_id: UUID) -> tuple[OpenRecord, Version]:
    """The newest version of an entry.  Raises `Unknown`, `vault.Tampered`."""
    month = await where(actor, entry_id)
    return month, await chain.newest(month, entry_id)


async def write_new(
    actor: Actor, entry: Entry, turn: Turn, free_quota: int, there: Months | None = None
) -> UUID:
    """
    A new entry: its id, which it has already when the same form comes twice; *there* are the months
    when somebody found them.

    Raises `Invalid` when its month is full, `storing.QuotaFull`.
    """
    there = await months(actor) if there is None else there
    async with transaction():
        await keys.hold(actor)
        known = await chain.came(actor, turn.client_id)
        if known is not None:
            return known
        month, entry_id = await _month(actor, entry.month, there, free_quota), uuid4()
        await chain.write(actor, month, entry_id, await _written(month, entry, turn), free_quota)
    return entry_id


async def rewrite(actor: Actor, entry_id: UUID, entry: Entry, turn: Turn, free_quota: int) -> None:
    """
    A new version of an entry, in another month when its day is in another one.

    Raises `chain.SavedElsewhere`, `Unknown`, `Invalid` when that month is full,
    `storing.QuotaFull`.  What says nothing new is no version.
    """
    there = await _others(actor, entry_id, entry.month)
    async with transaction():
        await keys.hold(actor)
        if await chain.came(actor, turn.client_id) is not None:
            return
        month, last = await one(actor, entry_id)
        if Entry.unpacked(last.said) == entry:
            return
        if month.summary["month"] != entry.month:
            before, month = month, await _month(actor, entry.month, there, free_quota)
            await chain.move(actor, before, month, entry_id)
            await _recount(actor, before)
        await chain.write(actor, month, entry_id, await _written(month, entry, turn), free_quota)


async def _others(actor: Actor, entry_id: UUID, month: str) -> Months:
    """The months, for an entry that goes into another one; nothing is opened for one that stays."""
    try:
        stays = (await where(actor, entry_id)).summary["month"] == month
    except (Unknown, vault.Tampered):
        stays = True  # it goes nowhere, and whoever writes on it is told
    return Months() if stays else await months(actor)


async def throw(actor: Actor, entry_id: UUID) -> UUID:
    """Put an entry into the bin: the record that it is there.  Raises `Unknown`."""
    async with transaction():
        await keys.hold(actor)
        month = await where(actor, entry_id)
        name = month.summary["month"]
        alone = await chain.create(actor, uuid4(), _summary(name, 1), None)
        await chain.move(actor, month, alone, entry_id)
        await _recount(actor, month)
        await binning.throw(actor, alone.id)
    return alone.id


async def take_out(actor: Actor, record_id: UUID) -> None:
    """
    Take a record out of the bin; what belongs into a month that is there lies in it again.

    Raises `Unknown`.
    """
    before = await months(actor)
    async with transaction():
        await keys.hold(actor)
        await binning.take_out(actor, record_id)
        there = (await months(actor, before)).found
        part = next((each for each in there if each.id == record_id), None)
        if part is None:
            return
        same = [each for each in there if each.summary["month"] == part.summary["month"]]
        month = next((each for each in same if each.id != record_id), part)
        items = await _items(part)
        if month is not part and len(items) + await _count(month) <= MOST_ENTRIES:
            for item in items:
                await chain.move(actor, part, month, item)
            await _recount(actor, month)
            await _recount(actor, part)


async def _month(actor: Actor, name: str, there: Months, free_quota: int) -> OpenRecord:
    """The record of that month, `YYYY-MM`, with room for one more entry."""
    for each in (await months(actor, there)).found:
        if each.summary["month"] == name:
            if await _count(each) >= MOST_ENTRIES:
                words = gettext("A month holds at most 1,000 entries.")
                raise Invalid(fields={"when": words})
            return each
    return await chain.create(actor, uuid4(), _summary(name, 0), free_quota)


async def _items(month: OpenRecord) -> list[UUID]:
    rows = await RecordVersion.filter(record=month.id, newest=True).only("item")
    return [row.item for row in rows]


async def _count(month: OpenRecord) -> int:
    return await RecordVersion.filter(record=month.id, newest=True).count()


async def _written(month: OpenRecord, entry: Entry, turn: Turn) -> Written:
    """The entry as its month takes it; *turn* follows no version when it is a new one."""
    there = await _count(month) + (turn.rev == 0)
    summary = _summary(entry.month, there)
    return Written(turn.client_id, turn.rev, turn.by, entry.packed(), summary)


def _summary(month: str, entries: int) -> dict[str, Any]:
    return summary_of(month, entries, now().isoformat())


async def _recount(actor: Actor, month: OpenRecord) -> None:
    """Say in lists what a month holds now; one that holds nothing is gone."""
    if there := await _count(month):
        await chain.resummarise(actor, month, _summary(month.summary["month"], there))
    else:
        await chain.delete(actor, month.id)
