"""
Removing what nobody refers to: let-go objects, leftovers of cut uploads, unfinished writes.

The store is looked through part by part, by whichever process takes the one row of turns first: so
neither the number of processes nor that of objects makes a turn longer or larger.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portal.core.background import background
from portal.core.db import now
from portal.storing.models import StoredObject, SweepTurn
from portal.storing.store import PARTS, Store

GRACE: Final = timedelta(minutes=10)
"""Whoever began to read an object before it was let go may finish."""
ORPHAN_AGE: Final = timedelta(hours=1)
"""No row is committed for an object older than half of this (`boxes.MOST_UNBOOKED`)."""
EVERY: Final = 20.0
"""Seconds between two turns, each of one part: a whole round takes an hour and a half."""
LEASE: Final = timedelta(minutes=10)
"""How long whoever took a turn has it for itself."""
BATCH: Final = 500
TURN: Final = "objects"

log = logging.getLogger(__name__)


async def sweep(
    store: Store, *, at: datetime | None = None, parts: Iterable[int] = range(PARTS)
) -> int:
    """Remove every object that is due at the moment *at* or left over; how many were removed."""
    moment = at or now()
    removed = await _remove_due(store, moment)
    clock = time.time() + (moment - now()).total_seconds()
    for part in parts:
        removed += await _remove_orphans(store, clock, part)
        removed += await store.drop_unfinished(ORPHAN_AGE.total_seconds(), clock, part)
    return removed


async def take_turn(store: Store) -> bool:
    """Sweep the part whose turn it is, unless another process does or none is due yet."""
    await SweepTurn.bulk_create([SweepTurn(name=TURN, part=0, due_at=now())], ignore_conflicts=True)
    turn = await SweepTurn.get(name=TURN)
    mine = SweepTurn.filter(name=TURN, part=turn.part, due_at=turn.due_at)
    if turn.due_at > now() or not await mine.update(due_at=(until := now() + LEASE)):
        return False
    await sweep(store, parts=[turn.part])
    following, due = (turn.part + 1) % PARTS, now() + timedelta(seconds=EVERY)
    await SweepTurn.filter(name=TURN, due_at=until).update(part=following, due_at=due)
    return True


async def _remove_due(store: Store, moment: datetime) -> int:
    removed, due = 0, StoredObject.filter(gone_at__lt=moment - GRACE)
    while some := await due.limit(BATCH).values_list("id", flat=True):
        for each in some:
            await store.delete(UUID(str(each)))  # first the object: a row that stays is tried again
        await StoredObject.filter(id__in=list(some)).delete()
        removed += len(some)
    return removed


async def _remove_orphans(store: Store, clock: float, part: int) -> int:
    removed = 0
    orphans = await store.older_than(ORPHAN_AGE.total_seconds(), clock, part)
    for start in range(0, len(orphans), BATCH):
        some = orphans[start : start + BATCH]
        known = {row.id for row in await StoredObject.filter(id__in=some).only("id")}
        for each in some:
            if each not in known:
                await store.delete(each)
                removed += 1
    return removed


@asynccontextmanager
async def sweeping(store: Store) -> AsyncIterator[None]:
    """Take turns while the block runs."""
    async with background(_forever(store)):
        yield


async def _forever(store: Store) -> None:
    while True:
        await asyncio.sleep(EVERY)
        try:
            await take_turn(store)
        except Exception as error:  # noqa: BLE001 -- an edge: the next round tries again
            log.warning("sweeping failed: %s", type(error).__name__)
