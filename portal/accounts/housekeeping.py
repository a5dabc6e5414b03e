"""What accounts do when nobody asks: forget registrations, throttles and sessions that ended."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from portal import keys
from portal.accounts import throttles
from portal.accounts.registering import forget_unactivated

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 0.1


@asynccontextmanager
async def keeping_house() -> AsyncIterator[None]:
    """Sweep once a minute while the block lasts; several processes may do so at once."""
    worker = asyncio.create_task(_sweep_for_ever())
    try:
        yield
    finally:
        # Again and again: a cancellation that meets a finished wait gets lost (gh-86296).
        while not worker.done():
            worker.cancel()
            await asyncio.wait({worker}, timeout=STOP_SECONDS)


async def _sweep_for_ever() -> None:
    while True:
        try:
            while await forget_unactivated():
                pass
            await throttles.sweep()
            await keys.forget_expired()
        except Exception as error:  # noqa: BLE001 -- outlives a database that is away
            log.warning("sweeping accounts: %s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
