"""The clocks of one connection: what must have happened by when, or it ends."""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from collections.abc import Callable
from typing import Final

STALL_SECONDS: Final = 30.0
STALL_BYTES: Final = 64 * 1024
"""A reader who has taken less than so much in so long has gone."""


class Clocks:
    """Each has a name and runs at most once at a time."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._running: dict[str, TimerHandle] = {}

    def start(self, name: str, seconds: float, then: Callable[[], object]) -> None:
        """Do *then* after *seconds*, unless it is stopped or started anew before."""
        self.stop(name)

        def over() -> None:
            del self._running[name]
            then()

        self._running[name] = self._loop.call_later(seconds, over)

    def stop(self, name: str) -> None:
        """It is in time, or was not running."""
        if name in self._running:
            self._running.pop(name).cancel()

    def stop_all(self) -> None:
        """The connection has ended."""
        for name in list(self._running):
            self.stop(name)

    def runs(self, name: str) -> bool:
        """Whether it is running."""
        return name in self._running

    def watch(self, transport: Transport) -> None:
        """Abort *transport* as soon as its reader stands still (`stall`)."""
        before = transport.get_write_buffer_size()

        def look() -> None:
            left = transport.get_write_buffer_size()
            if before - left < min(STALL_BYTES, before):
                transport.abort()
            elif left:
                self.watch(transport)

        self.start("stall", STALL_SECONDS, look)
