"""Argon2id off the event loop, a few at once, so that a flood of sign-ins cannot eat the memory."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, Final, ParamSpec, TypeVar

from portal.core.errors import Busy

P = ParamSpec("P")
R = TypeVar("R")

AT_ONCE: Final = 4
QUEUE: Final = 32
RETRY_AFTER: Final = 3
"""Seconds; a full queue is worked off in about two."""


class Slots:
    """*at_once* threads and a queue of bounded length before them."""

    def __init__(self, at_once: int = AT_ONCE, queue: int = QUEUE) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="argon2")
        self._most = at_once + queue
        self._taken = 0
        self._lock = Lock()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of *function*, computed in a thread.  Raises `Busy` when the queue is full."""
        with self._lock:
            if self._taken >= self._most:
                raise Busy(retry_after=RETRY_AFTER)
            self._taken += 1
        future = self._threads.submit(function, *args, **kwargs)
        future.add_done_callback(self._free)
        return await asyncio.wrap_future(future)

    def _free(self, _future: Future[Any]) -> None:
        with self._lock:
            self._taken -= 1


_slots: Final = Slots()


async def slow(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """
    Run *function* off the event loop: at most four at once per process, thirty-two waiting.

    Raises `Busy` with `retry_after` in seconds beyond that.
    """
    return await _slots.run(function, *args, **kwargs)
