"""Web sockets that have not said yet whose they are: few, and not for long."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from portal.edge.networks import network_of

NAMING: Final = 10.0
"""Seconds from the handshake to the session."""
UNNAMED: Final = 500
UNNAMED_EACH: Final = 100
"""Sockets without a session at once: of everybody, of one network."""
TICKET: Final = "hds.socket"
"""Where the socket's ticket lies in the ASGI scope."""
TRY_LATER: Final = 1013

Send = Callable[[Any], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]


class _Ticket:
    """What a socket has until somebody knows whose it is."""

    def __init__(self, unnamed: "Unnamed", network: str) -> None:
        self._unnamed, self._network = unnamed, network
        self.named = False
        self.patience: asyncio.Timeout | None = None
        """Of whoever waits for the socket's next message at this moment."""

    def settle(self) -> None:
        """It is somebody's, or gone."""
        if not self.named:
            self.named = True
            self._unnamed.forget(self._network)
        if self.patience is not None and not self.patience.expired():
            self.patience.reschedule(None)


class Unnamed:
    """The sockets of this process of which nobody knows yet whose they are."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()

    async def guard(
        self, scope: dict[str, Any], receive: Receive, send: Send
    ) -> tuple[dict[str, Any], Receive] | None:
        """What to hand on for a new socket; None for one that was refused here."""
        network = network_of((scope.get("client") or [None])[0])
        if self._waiting[network] >= UNNAMED_EACH or self._waiting.total() >= UNNAMED:
            self._tidy(network)
            await send({"type": "websocket.close", "code": TRY_LATER})
            return None
        self._waiting[network] += 1
        ticket = _Ticket(self, network)
        return scope | {TICKET: ticket}, _until_named(receive, ticket)

    def forget(self, network: str) -> None:
        """One less of them."""
        self._waiting[network] -= 1
        self._tidy(network)

    def _tidy(self, network: str) -> None:
        if not self._waiting[network]:
            del self._waiting[network]


def _until_named(receive: Receive, ticket: _Ticket) -> Receive:
    late = asyncio.get_running_loop().time() + NAMING

    async def receive_in_time() -> Any:
        if ticket.named:
            return await receive()
        try:
            async with asyncio.timeout_at(late) as ticket.patience:
                return await receive()
        except TimeoutError:
            return {"type": "websocket.disconnect", "code": TRY_LATER}
        finally:
            ticket.patience = None

    return receive_in_time


@contextmanager
def holding(scope: Mapping[str, Any]) -> Iterator[None]:
    """A socket is open for the block, and counts as nobody's at its end at the latest."""
    try:
        yield
    finally:
        scope[TICKET].settle()


def settle(scope: Mapping[str, Any]) -> None:
    """For whoever has found out whose socket this is."""
    ticket = scope.get(TICKET)
    if ticket is not None:
        ticket.settle()
