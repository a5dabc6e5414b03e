"""How much memory the portal and its children take while something hostile arrives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import psutil

MOST_GROWTH: Final = 512 * 1024 * 1024
"""T31: bytes that any process may grow by, whatever arrives."""
SPELL: Final = 0.02
"""Seconds between two looks."""


class _Watch:
    """The largest process of the family so far, in bytes."""

    def __init__(self) -> None:
        self._us = psutil.Process()
        self.most = 0

    def look(self) -> None:
        """At us and at every child there is at this moment."""
        for each in (self._us, *self._us.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # a child may end between list and look
                self.most = max(self.most, each.memory_info().rss)

    async def forever(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(SPELL)


@asynccontextmanager
async def within_bounds(most: int = MOST_GROWTH) -> AsyncIterator[None]:
    """
    What happens meanwhile makes no process larger than ours was before and *most* bytes more.

    Whoever uses it has served something before, so that what is loaded once is there.
    """
    watch, before = _Watch(), psutil.Process().memory_info().rss
    watching = asyncio.create_task(watch.forever())
    try:
        yield
        assert not watching.done(), "somebody looked until the end"
        watch.look()
        assert watch.most - before < most
    finally:
        watching.cancel()
