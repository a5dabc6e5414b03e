"""What accounts do when nobody asks: what is due is done, what is over is forgotten."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from portal import keys
from portal.accounts import leaving, readdressing, throttles
from portal.accounts.factors import challenges
from portal.accounts.registering import forget_unactivated
from portal.core.background import background

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0


@asynccontextmanager
async def keeping_house() -> AsyncIterator[None]:
    """Sweep once a minute while the block lasts; several processes may do so at once."""
    async with background(_sweep_for_ever()):
        yield


async def _sweep_for_ever() -> None:
    while True:
        try:
            while await forget_unactivated():
                pass
            await leaving.end_what_is_due()
            await readdressing.settle()
            await leaving.sweep()
            await throttles.sweep()
            await keys.forget_expired()
            await challenges.sweep()
        except Exception as error:  # noqa: BLE001 -- outlives a database that is away
            log.warning("sweeping accounts: %s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
