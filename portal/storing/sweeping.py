"""Removing what nobody refers to: let-go objects, leftovers of cut uploads, unfinished writes."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from portal.core.background import background
from portal.core.db import now
from portal.storing.models import StoredObject
from portal.storing.store import Store

GRACE: Final = timedelta(minutes=10)
"""Whoever began to read an object before it was let go may finish."""
ORPHAN_AGE: Final = timedelta(hours=1)
"""Longer than any request that stores first and writes its rows afterwards."""
EVERY: Final = 300.0
"""Seconds between two rounds."""
BATCH: Final = 500

log = logging.getLogger(__name__)


async def sweep(store: Store, *, at: datetime | None = None) -> int:
    """Remove every object that is due at the moment *at*; how many were removed."""
    moment = at or now()
    removed = 0
    due = await StoredObject.filter(gone_at__lt=moment - GRACE).only("id")
    for row in due:
        await store.delete(row.id)  # first the object: a row that stays is tried again
        await StoredObject.filter(id=row.id).delete()
        removed += 1
    clock = time.time() + (moment - now()).total_seconds()
    orphans = await store.ids_older_than(ORPHAN_AGE.total_seconds(), clock)
    for start in range(0, len(orphans), BATCH):
        some = orphans[start : start + BATCH]
        known = {row.id for row in await StoredObject.filter(id__in=some).only("id")}
        for each in some:
            if each not in known:
                await store.delete(each)
                removed += 1
    return removed + await store.drop_unfinished(ORPHAN_AGE.total_seconds(), clock)


@asynccontextmanager
async def sweeping(store: Store) -> AsyncIterator[None]:
    """Sweep again and again while the block runs."""
    async with background(_forever(store)):
        yield


async def _forever(store: Store) -> None:
    while True:
        await asyncio.sleep(EVERY)
        try:
            await sweep(store)
        except Exception as error:  # noqa: BLE001 -- an edge: the next round tries again
            log.warning("sweeping failed: %s", type(error).__name__)
