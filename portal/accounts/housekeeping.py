"""What accounts do when nobody asks: forget registrations, throttles and sessions that ended."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from portal import keys
from portal.accounts import throttles
from portal.accounts.registering import Leaving, forget_unactivated
from portal.core.background import background

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0


@asynccontextmanager
async def keeping_house(leaving: Sequence[Leaving] = ()) -> AsyncIterator[None]:
    """
    Sweep once a minute while the block lasts; several processes may do so at once.

    *leaving*: what other rooms delete with an account that was never activated.
    """
    async with background(_sweep_for_ever(leaving)):
        yield


async def _sweep_for_ever(leaving: Sequence[Leaving]) -> None:
    while True:
        try:
            while await forget_unactivated(leaving):
                pass
            await throttles.sweep()
            await keys.forget_expired()
        except Exception as error:  # noqa: BLE001 -- outlives a database that is away
            log.warning("sweeping accounts: %s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
