"""Web sockets that have not said yet whose they are: few, and not for long."""

import asyncio
from collections import OrderedDict
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
        self.until = asyncio.get_running_loop().time() + NAMING
        self.patience: asyncio.Timeout | None = None
        """Of whoever waits for the socket's next message at this moment."""

    def settle(self) -> None:
        """It is somebody's, or gone."""
        self.named = True
        self._unnamed.forget(self, self._network)
        self._wait_until(None)

    def give_way(self) -> None:
        """Another one takes its place: its time is over now."""
        self.until = asyncio.get_running_loop().time()
        self._wait_until(self.until)

    def _wait_until(self, moment: float | None) -> None:
        if self.patience is not None and not self.patience.expired():
            self.patience.reschedule(moment)


class Unnamed:
    """
    The sockets of this process of which nobody knows yet whose they are.

    There is always room for one more: the oldest of its network gives way, or where everybody
    together has too many, the oldest of the network that has most.  So no few networks keep
    newcomers out, and an honest one, which says at once whose it is, is not the oldest for long.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, OrderedDict[_Ticket, None]] = {}

    def guard(self, scope: dict[str, Any], receive: Receive) -> tuple[dict[str, Any], Receive]:
        """What to hand on for a new socket."""
        network = network_of((scope.get("client") or [None])[0])
        if len(self._waiting.get(network, ())) >= UNNAMED_EACH:
            self._make_room(network)
        elif sum(map(len, self._waiting.values())) >= UNNAMED:
            self._make_room(max(self._waiting, key=lambda each: len(self._waiting[each])))
        ticket = _Ticket(self, network)
        self._waiting.setdefault(network, OrderedDict())[ticket] = None
        return scope | {TICKET: ticket}, _until_named(receive, ticket)

    def forget(self, ticket: _Ticket, network: str) -> None:
        """One less of them, unless it gave way before."""
        mine = self._waiting.get(network, OrderedDict())
        mine.pop(ticket, None)
        if not mine:
            self._waiting.pop(network, None)

    def _make_room(self, network: str) -> None:
        oldest = next(iter(self._waiting[network]))
        self.forget(oldest, network)
        oldest.give_way()


def _until_named(receive: Receive, ticket: _Ticket) -> Receive:
    async def receive_in_time() -> Any:
        if ticket.named:
            return await receive()
        try:
            async with asyncio.timeout_at(ticket.until) as ticket.patience:
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
