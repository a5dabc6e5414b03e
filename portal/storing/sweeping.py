"""
Removing what nobody refers to: let-go objects, leftovers of cut uploads, unfinished writes.

The store is looked through part by part, by whichever process takes the one row of turns first: so
neither the number of processes nor that of objects makes a turn longer or larger.  What goes is
decided by rows and by the clock that all processes share, never by that of the one that sweeps.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from portal.core.background import background
from portal.storing.clock import database_now
from portal.storing.keeping import GRACE, removed
from portal.storing.models import StoredObject, SweepTurn
from portal.storing.store import PARTS, Store

ORPHAN_AGE: Final = timedelta(hours=1)
"""Files without a row are left alone for so long by the store's own clock, and unfinished ones."""
EVERY: Final = 20.0
"""Seconds between two turns, each of one part: a whole round takes an hour and a half."""
LEASE: Final = timedelta(minutes=10)
"""How long whoever took a turn has it for itself."""
BATCH: Final = 500
BATCHES: Final = 20
"""Batches of objects that are due in one turn; what is left waits for the next one."""
TURN: Final = "objects"
CLAIMED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""`gone_at` of what a sweeper has taken: nobody keeps it any more, whatever the clocks say."""

log = logging.getLogger(__name__)


async def sweep(
    store: Store, *, at: datetime | None = None, parts: Iterable[int] = range(PARTS)
) -> int:
    """Remove every object that is due at the moment *at* or left over; how many were removed."""
    today = await database_now()
    moment = at or today
    gone = await _remove_due(store, moment)
    clock = await store.clock() + (moment - today).total_seconds()
    for part in parts:
        gone += await _remove_orphans(store, clock, part)
        gone += await store.drop_unfinished(ORPHAN_AGE.total_seconds(), clock, part)
    return gone


async def take_turn(store: Store) -> bool:
    """Sweep the part whose turn it is, unless another process does or none is due yet."""
    moment = await database_now()
    await SweepTurn.bulk_create(
        [SweepTurn(name=TURN, part=0, due_at=moment)], ignore_conflicts=True
    )
    turn = await SweepTurn.get(name=TURN)
    mine = SweepTurn.filter(name=TURN, part=turn.part, due_at=turn.due_at)
    until = moment + LEASE
    if turn.due_at > moment or not await mine.update(due_at=until):
        return False
    await sweep(store, parts=[turn.part])
    await report_missing(store, turn.part)
    following, due = (turn.part + 1) % PARTS, await database_now() + timedelta(seconds=EVERY)
    await SweepTurn.filter(name=TURN, due_at=until).update(part=following, due_at=due)
    return True


async def _remove_due(store: Store, moment: datetime) -> int:
    limit, gone = moment - GRACE, 0
    for _ in range(BATCHES):
        due = StoredObject.filter(gone_at__lt=limit).limit(BATCH)
        some = await due.values_list("id", flat=True)
        if not some:
            break
        # The database decides between this and a transaction that keeps one of them just now.
        await StoredObject.filter(id__in=list(some), gone_at__lt=limit).update(gone_at=CLAIMED)
        mine = await StoredObject.filter(id__in=list(some), gone_at=CLAIMED).only("id")
        for each in mine:
            await store.delete(each.id)  # first the object: a row that stays is tried again
        await removed([each.id for each in mine])
        gone += len(mine)
    return gone


async def _remove_orphans(store: Store, clock: float, part: int) -> int:
    """
    Files that no row knows.

    A row is there before its file, so what was seen on the disk first and has no row afterwards
    belongs to nobody.
    """
    gone = 0
    files = await store.older_than(ORPHAN_AGE.total_seconds(), clock, part)
    for start in range(0, len(files), BATCH):
        some = files[start : start + BATCH]
        known = {row.id for row in await StoredObject.filter(id__in=some).only("id")}
        for each in some:
            if each not in known:
                await store.delete(each)
                gone += 1
    return gone


async def missing(store: Store, part: int) -> list[tuple[UUID, UUID]]:
    """The objects of a part that rows rely on and that are not there, with their holdings."""
    first = UUID(bytes=bytes([part]) + bytes(15))
    last = UUID(bytes=bytes([part]) + b"\xff" * 15)
    found: list[tuple[UUID, UUID]] = []
    while True:
        rows = (
            await StoredObject.filter(id__gte=first, id__lte=last, gone_at=None)
            .order_by("id")
            .limit(BATCH)
            .only("id", "holding")
        )
        # What has its holding's own id lies in rows of the database (`keeping.keep_in_rows`).
        absent = await store.absent([row.id for row in rows if row.id != row.holding])
        # Once more: what was let go of meanwhile may go.
        still = await StoredObject.filter(id__in=absent, gone_at=None).only("id", "holding")
        found += [(row.id, row.holding) for row in still]
        if len(rows) < BATCH:
            return found
        first = UUID(int=rows[-1].id.int + 1)


async def report_missing(store: Store, part: int) -> None:
    """Say in the log what of a part is not there."""
    for lost, holding in await missing(store, part):
        log.critical("stored object missing: %s of %s", lost, holding)


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
