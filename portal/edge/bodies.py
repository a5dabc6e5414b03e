"""
How the body of a request comes in: not before somebody asks for it, no slower than an honest line,
and never more of all of them at once than the process can hold.

Quart reads a body as soon as its request begins.  Here it waits in the connection, where the server
stops reading after 64 KiB, until the route asks: after session, origin and form token are known.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from quart.wrappers.request import Body as QuartBody
from werkzeug.exceptions import RequestEntityTooLarge

from portal.core.errors import Busy
from portal.core.language import N_

Receive = Callable[[], Awaitable[Any]]

GATE: Final = "hds.gate"
"""Where a request finds its gate in the ASGI scope."""
HELD: Final = 64 * 1024 * 1024
HELD_EACH: Final = 4 * 1024 * 1024
"""Bytes of forms and JSON in memory, of everybody and of one person or network."""
SMALL: Final = 64 * 1024
RESERVED: Final = 16 * 1024 * 1024
"""Whoever holds no more than `SMALL` finds room also where the others have taken all of theirs."""
SHARES: Final = 12
"""Nobody holds more than so great a part of what is still free: the fuller, the less for each."""


class TooSlow(Busy):
    """The body came too slowly, or not at all."""

    code = "too_slow"
    message = N_("The connection was too slow. Please try again.")


@dataclass(frozen=True, slots=True)
class Patience:
    """How slowly a body may come."""

    start: float = 10.0
    """Seconds for the first bytes."""
    slowest: int = 8 * 1024
    """Bytes a second that are expected from then on, of the whole."""
    idle: float = 30.0
    total: float = inf
    """Seconds without a byte, and from the first question for one to the end."""

    def until(self, begun: float, came: int, moment: float) -> float:
        """When the next bytes must be there: *came* of them are since *begun*, it is *moment*."""
        late = begun + self.start + came / self.slowest
        return min(moment + self.idle, late, begun + self.total)


class Stock:
    """
    Bytes of bodies that are held at once: *most* of everybody, *each* of one sender.

    Whoever wants more than a *small* number gets a twelfth of what is free at most, so that a few
    who hold all they can leave room for many others; and *reserved* bytes are for small ones.
    """

    def __init__(
        self,
        most: int = HELD,
        each: int = HELD_EACH,
        *,
        small: int = SMALL,
        reserved: int = RESERVED,
    ) -> None:
        self._most, self._each, self._small, self._reserved = most, each, small, reserved
        self._held: Counter[Hashable] = Counter()

    def take(self, sender: Hashable, number: int) -> None:
        """Count *number* bytes in.  Raises `Busy` when they are too many."""
        wanted = self._held[sender] + number
        others = self._held.total() - self._held[sender]
        if wanted > self._share(wanted, self._most - others):
            self.give(sender, 0)
            raise Busy(retry_after=1)
        self._held[sender] = wanted

    def _share(self, wanted: int, left: int) -> int:
        """What somebody may hold of what the others have *left*."""
        if wanted <= self._small:
            return min(left, self._each)
        return min((left - self._reserved) // SHARES, self._each)

    def give(self, sender: Hashable, number: int) -> None:
        """Count them out again."""
        self._held[sender] -= number
        if not self._held[sender]:
            del self._held[sender]


class Gate:
    """Between the connection and one request: lets the body in when somebody asks for it."""

    def __init__(self, receive: Receive, stock: Stock) -> None:
        self._receive = receive
        self._stock = stock
        self._sender: Hashable = None
        self._taken = 0
        self._asked = asyncio.Event()

    def open(self) -> None:
        """Somebody wants the body."""
        self._asked.set()

    def shut(self) -> None:
        """Nobody wants more of it."""
        self._asked.clear()

    async def receive(self) -> Any:
        """The next message of the connection, once somebody wants it."""
        await self._asked.wait()
        return await self._receive()

    def count(self, sender: Hashable, number: int) -> None:
        """Count *number* bytes as held for *sender* until the request ends.  Raises `Busy`."""
        self._sender = sender
        self._stock.take(sender, number)
        self._taken += number

    def close(self) -> None:
        """The request has ended, and what it held is free."""
        if self._taken:
            self._stock.give(self._sender, self._taken)
        self._taken = 0


class Body(QuartBody):
    """A body that is asked for: in pieces, or whole with its bytes counted (`admit`)."""

    gate: Gate | None = None
    patience = Patience()
    _sender: Hashable = None
    _begun = 0.0
    _came = 0

    def admit(self, sender: Hashable, most: int, expected: int | None) -> None:
        """Bytes are counted for *sender* from now on, and no more than *most* are taken."""
        self._sender = sender
        self._max_content_length = min(most, self._max_content_length or most)
        if expected is not None and expected > self._max_content_length:
            self._must_raise = RequestEntityTooLarge()

    def append(self, data: bytes) -> None:
        """Bytes that came."""
        self._came += len(data)
        if self.gate is not None and self._sender is not None and self._must_raise is None:
            try:
                self.gate.count(self._sender, len(data))
            except Busy as full:
                self._must_raise = full
                self.set_complete()
        super().append(data)
        if self.gate is not None and self._must_raise is not None:
            self.gate.shut()

    async def __anext__(self) -> bytes:
        self._ask()
        async with self._in_time():
            return await super().__anext__()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._whole().__await__()

    async def _whole(self) -> bytes:
        if self._must_raise is None:
            self._ask()
        while self._must_raise is None and not self._complete.is_set():
            self._has_data.clear()
            async with self._in_time():
                await self._has_data.wait()
        if self._must_raise is not None:
            raise self._must_raise
        return bytes(self._data)

    def _ask(self) -> None:
        if not self._begun:
            self._begun = asyncio.get_running_loop().time()
            if self.gate is not None:
                self.gate.open()

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        moment = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(self.patience.until(self._begun, self._came, moment)):
                yield
        except TimeoutError:
            raise TooSlow(retry_after=1) from None
