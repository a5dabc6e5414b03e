"""What accounts do when nobody asks: what is due is done, what is over is forgotten."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from portal import keys
from portal.accounts import throttles
from portal.accounts.ending import leaving
from portal.accounts.entrance.registering import forget_unactivated
from portal.accounts.factors import challenges
from portal.accounts.recovery import readdressing
from portal.core.background import background

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0


@asynccontextmanager
async def keeping_house() -> AsyncIterator[None]:
    """Sweep once a minute while the block lasts; several processes may do so at once."""
    async with background(_sweep_for_ever()):
        yield


async def sweep() -> None:
    """Everything once.  A step that fails is logged and keeps none of the others."""
    for step in _steps():
        try:
            await step()
        except Exception as error:  # noqa: BLE001 -- outlives a database that is away
            log.warning("sweeping accounts: %s: %s", step.__qualname__, type(error).__name__)


def _steps() -> tuple[Callable[[], Awaitable[object]], ...]:
    return (
        _forget_unactivated,
        leaving.end_what_is_due,
        readdressing.settle,
        leaving.sweep,
        throttles.sweep,
        keys.forget_expired,
        keys.forget_expired_tokens,
        challenges.sweep,
    )


async def _forget_unactivated() -> None:
    while await forget_unactivated():
        pass


async def _sweep_for_ever() -> None:
    while True:
        await sweep()
        await asyncio.sleep(EVERY_SECONDS)
