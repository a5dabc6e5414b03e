"""
Argon2id off the event loop, a few at once, so that a flood of sign-ins cannot eat the memory.

Strangers share places; who asks for somebody known waits for one of that account's, apart from
those: neither keeps the other out.
"""

import asyncio
import os
from asyncio import AbstractEventLoop
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from threading import Lock, get_native_id
from typing import Any, Final, TypeVar, TypeVarTuple
from uuid import UUID

from portal import edge
from portal.core.errors import Busy

Ts = TypeVarTuple("Ts")
R = TypeVar("R")

AT_ONCE: Final = 4
QUEUE: Final = 32
PLACES: Final = AT_ONCE + QUEUE
"""As many as threads and queue take; nobody more is let in from outside either (`portal.edge`)."""
KNOWN: Final = 8
"""Places for whoever asks for an account that is known, shared fairly (`edge.Turnstile`)."""
KNOWN_EACH: Final = 6
KNOWN_WAITING: Final = 256
KNOWN_PATIENCE: Final = 20.0
"""Of one account inside or waiting, of all waiting, and for how many seconds."""
NICE: Final = 10
"""How far the threads stand back: somebody's page comes before anybody's guess."""
RETRY_AFTER: Final = 3
"""Seconds; a full queue is worked off in about two."""


class Slots:
    """*at_once* threads and a queue of bounded length before them."""

    def __init__(self, at_once: int = AT_ONCE, queue: int = QUEUE) -> None:
        self._threads = ThreadPoolExecutor(
            at_once, thread_name_prefix="argon2", initializer=_stand_back
        )
        self._known = edge.Turnstile[UUID](
            each=KNOWN_EACH, all_=KNOWN, waiting=KNOWN_WAITING, patience=KNOWN_PATIENCE
        )
        self._most = at_once + queue
        self._taken = 0
        self._lock = Lock()

    async def run(self, function: Callable[[*Ts], R], *args: *Ts) -> R:
        """The result of *function*, computed in a thread.  Raises `Busy` when the queue is full."""
        with self._lock:
            if self._taken >= self._most:
                raise Busy(retry_after=RETRY_AFTER)
            self._taken += 1
        future = self._threads.submit(function, *args)
        future.add_done_callback(self._free)
        return await asyncio.wrap_future(future)

    async def run_for(self, account: UUID, function: Callable[[*Ts], R], *args: *Ts) -> R:
        """
        The same for *account*, which waits for a place of its own.  Raises `Busy`.

        Whoever gives up waiting for the result leaves the place when the thread has.
        """
        with ExitStack() as place:
            place.enter_context(await self._known.through(account))
            future = self._threads.submit(function, *args)
            leave = partial(_leave, asyncio.get_running_loop(), place.pop_all())
            future.add_done_callback(leave)
        return await asyncio.wrap_future(future)

    def _free(self, _future: Future[Any]) -> None:
        with self._lock:
            self._taken -= 1


def _leave(loop: AbstractEventLoop, place: ExitStack, _future: Future[Any]) -> None:
    try:
        loop.call_soon_threadsafe(place.close)
    except RuntimeError:  # the loop has ended, and nobody waits in it
        place.close()


def _stand_back() -> None:
    with suppress(OSError):  # on Linux a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, get_native_id(), NICE)


_slots: Final = Slots()


async def slow(function: Callable[[*Ts], R], *args: *Ts, asker: UUID | None = None) -> R:
    """
    Run *function* off the event loop: at most four at once per process, thirty-two waiting.

    *asker* is the account of whoever is known to ask (signed in, or half-way), None for strangers:
    an account is never in the strangers' way.  Raises `Busy` with `retry_after` in seconds.
    """
    if asker is not None:
        return await _slots.run_for(asker, function, *args)
    return await _slots.run(function, *args)
