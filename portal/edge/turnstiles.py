"""Who gets one of a few places next, when many want several each."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Generic, TypeVar

from portal.core.errors import Busy

Who = TypeVar("Who", bound=Hashable)


class Turnstile(Generic[Who]):
    """
    Lets *all_* in at once, of whom nobody has more than *each* inside or waiting.

    A free place goes to whoever has fewest, and only while more are free than they hold: of eight
    one gets four and two get six; of two nobody gets both.  *waiting* may wait, for *patience*
    seconds each (without an end unless it is given); whoever finds no place is told so by a
    *refusal*.  Belongs to one event loop.
    """

    def __init__(
        self,
        *,
        each: int,
        all_: int,
        waiting: int,
        patience: float | None = None,
        refusal: type[Busy] = Busy,
    ) -> None:
        self._each, self._all, self._most, self._patience = each, all_, waiting, patience
        self._refusal = refusal
        self._inside: Counter[Who] = Counter()
        self._waiting: OrderedDict[Who, deque[asyncio.Future[None]]] = OrderedDict()

    async def through(self, who: Who) -> AbstractContextManager[None]:
        """A place for *who*, for a block to hold.  Raises the refusal."""
        queue = self._waiting.setdefault(who, deque())
        waiting = sum(map(len, self._waiting.values()))
        if self._inside[who] + len(queue) >= self._each or waiting >= self._most:
            self._tidy(who)
            raise self._refusal(retry_after=1)
        place = asyncio.get_running_loop().create_future()
        queue.append(place)
        self._serve()
        try:
            async with asyncio.timeout(self._patience):
                await place
        except (TimeoutError, asyncio.CancelledError) as error:
            self._give_up(who, place)
            if isinstance(error, TimeoutError):
                raise self._refusal(retry_after=2) from None
            raise
        return self._held(who)

    @contextmanager
    def _held(self, who: Who) -> Iterator[None]:
        try:
            yield
        finally:
            self._leave(who)

    def _serve(self) -> None:
        """Give free places to those with fewest, and of them to whose last turn is longest ago."""
        while True:
            free = self._all - self._inside.total()
            who = min(self._waiting, key=self._inside.__getitem__, default=None)
            if who is None or self._inside[who] >= free:
                return
            place = self._waiting[who].popleft()
            self._waiting.move_to_end(who)
            if not place.done():  # else whoever waited is just giving up
                place.set_result(None)
                self._inside[who] += 1
            self._tidy(who)

    def _give_up(self, who: Who, place: asyncio.Future[None]) -> None:
        if place.done() and not place.cancelled():  # the place came in the same moment
            self._leave(who)
            return
        with suppress(KeyError, ValueError):
            self._waiting[who].remove(place)
        self._tidy(who)

    def _leave(self, who: Who) -> None:
        self._inside[who] -= 1
        if who in self._waiting:
            self._waiting.move_to_end(who)
        self._tidy(who)
        self._serve()

    def _tidy(self, who: Who) -> None:
        if not self._waiting.get(who, True):
            del self._waiting[who]
        if not self._inside[who]:
            del self._inside[who]
