"""Reading one's own log: opened, and the chain checked from its first line to its last."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from portal import keys, vault
from portal.auditing.entries import START, Entry, Place, chained, unseal
from portal.auditing.models import AuditHead, AuditLine
from portal.core.actor import Actor, Secret


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one's own log."""

    seq: int
    entry: Entry | None = field(repr=False)
    """None: it does not open any more."""
    digest: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """One's own log, the first line first."""

    lines: Sequence[Line]
    broken: int = 0
    """Number of the first line that is not as it was written, or is missing; 0: all are right."""


async def log_of(actor: Actor, until: int | None = None) -> Log:
    """The actor's log; up to line *until*, if that is given, as it was when that was the last."""
    rows = await AuditLine.filter(owner=actor.id).order_by("seq")
    head = await AuditHead.get_or_none(owner=actor.id)
    if until is not None:
        rows = [row for row in rows if row.seq <= until]
    opened = await _keys_of(actor, {row.key for row in rows})
    broken = await asyncio.to_thread(_first_broken, rows)
    if not broken and until is None:
        broken = _broken_end(rows, head)
    return Log(await asyncio.to_thread(_opened, rows, opened), broken)


async def length_of(actor: Actor) -> int:
    """How many lines the actor's log has."""
    head = await AuditHead.get_or_none(owner=actor.id)
    return 0 if head is None else head.seq


async def known(ids: Collection[UUID]) -> set[UUID]:
    """Which of *ids* are keys of lines, whosever they are (the box audit)."""
    there = AuditLine.filter(key__in=list(ids)).distinct().values_list("key", flat=True)
    return set(cast("list[UUID]", await there))


async def _keys_of(actor: Actor, wanted: set[UUID]) -> Mapping[UUID, Secret]:
    return await keys.unseal_study_keys(wanted, ("user", actor.id), {actor.epoch: actor.root})


def _first_broken(rows: Sequence[AuditLine]) -> int:
    previous = START
    for seq, row in enumerate(rows, start=1):
        place = Place(row.owner, row.seq, row.key)
        digest = chained(previous, place, bytes(row.body))
        if row.seq != seq or digest != bytes(row.digest):
            return seq
        previous = digest
    return 0


def _broken_end(rows: Sequence[AuditLine], head: AuditHead | None) -> int:
    """A log that ends elsewhere than its head says has lost lines, or has got some."""
    last = rows[-1] if rows else None
    ends = (last.seq, bytes(last.digest)) if last else (0, START)
    said = (head.seq, bytes(head.digest)) if head else (0, START)
    return 0 if ends == said else min(ends[0], said[0]) + 1


def _opened(rows: Sequence[AuditLine], opened: Mapping[UUID, Secret]) -> list[Line]:
    return [Line(row.seq, _entry(row, opened), bytes(row.digest)) for row in rows]


def _entry(row: AuditLine, opened: Mapping[UUID, Secret]) -> Entry | None:
    try:
        place = Place(row.owner, row.seq, row.key)
        return unseal(opened[row.key], place, bytes(row.body))
    except (vault.Tampered, KeyError):
        vault.report("line of an access log does not open: row", row.id)
        return None
