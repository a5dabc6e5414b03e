"""
One connection, with the bounds that uvicorn leaves open.

httptools keeps every byte of a head that never ends, uvicorn waits for ever for one that does not
come, and for a reader that does not read.  Each such connection ends here by itself.
"""

import logging
from asyncio import Transport
from collections import Counter
from collections.abc import Collection
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from portal.edge.bare import refusal
from portal.edge.clocks import Clocks
from portal.edge.networks import network_of

log = logging.getLogger(__name__)

HEAD_BYTES: Final = 32 * 1024
ADDRESS_BYTES: Final = 8 * 1024
HEADERS: Final = 100
"""Of one request."""
HEAD_SECONDS: Final = 15.0
"""From the first byte of a head, or from the beginning of the connection, to its end."""
REST_SECONDS: Final = 60.0
"""For what is still coming of a body that was answered already."""
WAITING: Final = 8
"""Heads that may wait on one line while a request before them is answered."""
EACH: Final = 1000
"""Connections of one network at once, unless it is a proxy of ours."""


class Crowd:
    """
    How many connections each network has (`network_of`); those of *proxies* are not counted.

    Not each address: of IPv6 a single machine has 2^64.  Those without an address count together.
    """

    def __init__(self, proxies: Collection[str] = (), each: int = EACH) -> None:
        self._proxies = [ip_network(network) for network in proxies]
        self._each = each
        self._open: Counter[str] = Counter()

    def enter(self, peer: str) -> bool:
        """Whether one more from *peer* fits; it counts until it leaves."""
        if self._is_proxy(peer):
            return True
        network = network_of(peer)
        if self._open[network] >= self._each:
            return False
        self._open[network] += 1
        return True

    def leave(self, peer: str) -> None:
        """One connection of *peer* has ended."""
        if self._is_proxy(peer):
            return
        network = network_of(peer)
        if self._open[network] > 1:
            self._open[network] -= 1
        else:
            del self._open[network]

    def _is_proxy(self, peer: str) -> bool:
        if not self._proxies:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


class Line(HttpToolsProtocol):
    """uvicorn's connection, ended when it takes too much or too long."""

    crowd: ClassVar[Crowd]

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._unused = 0
        """Bytes since the parser last made something of them."""
        self._body_over = True
        self._is_socket = False
        self._counted: str | None = None
        """The peer; empty for one without an address, which counts too."""
        self._clocks = Clocks(self.loop)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A connection begins."""
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        if not self.crowd.enter(peer):
            transport.abort()
            return
        self._counted = peer
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._let_go()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """Nothing more will come, so asyncio closes the connection once all is written."""
        super().eof_received()
        self._clocks.watch(self.transport)

    def handle_websocket_upgrade(self) -> None:
        """
        It is a socket from now on, and others look after it (`SocketLine`).

        Not while an answer is written, which nobody would hold back any more for a slow reader.
        """
        if not self._all_is_answered() or self.transport.get_write_buffer_size():
            self.transport.abort()
            return
        self._let_go()
        self._is_socket = True
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._unused += len(data)
        super().data_received(data)
        if self._is_socket:
            return
        if self._unused > HEAD_BYTES and not self.transport.is_closing():
            log.warning("a connection was ended: no end of a head or trailer")
            self.transport.abort()
        if self._rests():
            self._arm_keep_alive()

    def on_message_begin(self) -> None:
        """The head of a request begins."""
        super().on_message_begin()
        if not self._clocks.runs("head"):
            self._await_head()

    def on_headers_complete(self) -> None:
        """A head is whole.  What is raised here becomes 400."""
        self._clocks.stop("head")
        self._unused, self._body_over = 0, False
        size = sum(len(name) + len(value) for name, value in self.headers)
        if len(self.headers) > HEADERS or size > HEAD_BYTES or len(self.url) > ADDRESS_BYTES:
            raise ValueError
        if len(self.pipeline) >= WAITING:  # uvicorn reads on with every answer, whatever waits
            raise ValueError
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._unused = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Head and body are whole."""
        self._unused, self._body_over = 0, True
        self._clocks.stop("rest")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent; what still comes of the body is thrown away, but not for ever."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._clocks.watch(self.transport)
        elif not self._body_over:
            self._clocks.start("rest", REST_SECONDS, self.transport.abort)

    def pause_writing(self) -> None:
        """Whoever reads is slower than we write."""
        super().pause_writing()
        self._clocks.watch(self.transport)

    def resume_writing(self) -> None:
        """They have caught up; what closes is watched to its end."""
        if not self.transport.is_closing():
            self._clocks.stop("stall")
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Nobody understands what came."""
        self.transport.write(refusal(msg))
        self.transport.close()
        self._clocks.watch(self.transport)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came for long."""
        super().timeout_keep_alive_handler()
        self._clocks.watch(self.transport)

    def _await_head(self) -> None:
        self._clocks.start("head", HEAD_SECONDS, self.transport.abort)

    def _rests(self) -> bool:
        """Whether nothing is under way, and nothing else will end the connection."""
        idle = not self._clocks.runs("head") and self._body_over and not self.transport.is_closing()
        return idle and self._all_is_answered() and self.timeout_keep_alive_task is None

    def _all_is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _arm_keep_alive(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _let_go(self) -> None:
        self._clocks.stop_all()
        if self._counted is not None:
            self.crowd.leave(self._counted)
        self._counted = None


def line_type(crowd: Crowd) -> type[Line]:
    """The connections of one server, which count together."""
    return cast("type[Line]", type("Line", (Line,), {"crowd": crowd}))
