"""Whose turn it is: a few places, served fairly, so that nobody's documents wait for one person."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager, suppress


class NoTurn(Exception):
    """Too many calls of this person, or of everybody, are waiting already; try again later."""


class Turns:
    """
    *places* calls at a time, one of each person; *each* calls of a person may wait, and *all_*.

    Free places go round the people who wait, whoever came first or sent most.  Belongs to one
    event loop.
    """

    def __init__(self, places: int, *, each: int, all_: int) -> None:
        self._free = places
        self._each, self._all = each, all_
        self._inside: Counter[Hashable] = Counter()
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, whose: Hashable) -> AsyncIterator[None]:
        """One's turn while the block lasts.  Raises `NoTurn`."""
        queue = self._waiting.setdefault(whose, deque())
        if len(queue) >= self._each or sum(map(len, self._waiting.values())) >= self._all:
            self._tidy(whose)
            raise NoTurn
        place = asyncio.get_running_loop().create_future()
        queue.append(place)
        self._serve()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._leave(whose)
            else:
                with suppress(ValueError):
                    queue.remove(place)
                self._tidy(whose)
            raise
        try:
            yield
        finally:
            self._leave(whose)

    def _leave(self, whose: Hashable) -> None:
        self._free += 1
        self._inside[whose] -= 1
        if not self._inside[whose]:
            del self._inside[whose]
        if whose in self._waiting:
            self._waiting.move_to_end(whose)
        self._serve()

    def _serve(self) -> None:
        """Give free places to those who have none, who came or left first before the others."""
        for whose in list(self._waiting):
            if not self._free:
                return
            queue = self._waiting[whose]
            if whose in self._inside or not queue:
                continue
            place = queue.popleft()
            if not place.done():  # else whoever waited went away
                place.set_result(None)
                self._free -= 1
                self._inside[whose] += 1
            self._tidy(whose)

    def _tidy(self, whose: Hashable) -> None:
        if not self._waiting.get(whose, True):
            del self._waiting[whose]
