"""
Who is let in to slow work, such as deriving a key from a password: few at once, fairly by network.

Whoever is refused is told before the body is read, before the database is asked, and before anybody
knows which account was meant: so the answer is the same for all of them.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from portal.core.errors import Busy
from portal.memories import Memory

EACH: Final = 6
"""Of one network at once."""
RESERVED: Final = 12
"""Places for networks nobody came from lately."""
LATELY: Final = 30.0
"""Seconds."""
REMEMBERED: Final = 10_000
RETRY_AFTER: Final = 3
"""Seconds; a full house is worked off in about two."""


class Admission:
    """Lets *most* in at once; belongs to one event loop."""

    def __init__(self, most: int, each: int = EACH, reserved: int = RESERVED) -> None:
        self._most, self._each, self._reserved = most, each, reserved
        self._inside: Counter[str] = Counter()
        self._lately = Memory[str, float](REMEMBERED)

    @contextmanager
    def entered(self, network: str) -> Iterator[None]:
        """Be inside for the block.  Raises `Busy` for whoever finds no place."""
        moment = asyncio.get_running_loop().time()
        last = self._lately.get(network)
        known = last is not None and last > moment - LATELY
        places = self._most - self._reserved if known else self._most
        if self._inside[network] >= self._each or self._inside.total() >= places:
            self._tidy(network)
            raise Busy(retry_after=RETRY_AFTER)
        self._inside[network] += 1
        self._lately.put(network, moment)
        try:
            yield
        finally:
            self._inside[network] -= 1
            self._tidy(network)

    def _tidy(self, network: str) -> None:
        if not self._inside[network]:
            del self._inside[network]
