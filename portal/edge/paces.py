"""How often somebody may ask, counted in this process: cheap questions that add up."""

from collections.abc import Hashable
from math import ceil
from time import monotonic
from typing import Final

from portal.core.errors import Busy
from portal.memories import Memory

REMEMBERED: Final = 10_000


class Pace:
    """*a_second* on the whole, *at_once* after a rest.  Belongs to one thread."""

    def __init__(self, a_second: float, at_once: float) -> None:
        self._rate, self._ahead = a_second, at_once / a_second
        self._due = Memory[Hashable, float](REMEMBERED)

    def take(self, who: Hashable, cost: float = 1) -> None:
        """Count *cost* for *who*.  Raises `Busy` with the seconds after which it will fit."""
        moment = monotonic()
        due = max(self._due.get(who) or moment, moment) + cost / self._rate
        if due - moment > self._ahead:
            raise Busy(retry_after=max(1, ceil(due - moment - self._ahead)))
        self._due.put(who, due)
