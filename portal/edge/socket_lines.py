"""
One connection that became a web socket (RFC 6455), with the bounds that uvicorn leaves open.

uvicorn takes as many frames as come, however small, each at a price; it keeps every piece of a
message; a hand-shake that websockets refuses without an answer stays open for ever; and a
connection that it has closed stays for as long as its reader leaves the last bytes where they are.
Each such connection ends here by itself.
"""

import logging
from asyncio import Transport
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame
from websockets.http11 import Request, Response

from portal.edge.bare import PROTECTING
from portal.edge.clocks import Clocks

log = logging.getLogger(__name__)

FRAMES: Final = 200
"""That may come at once, pings and pongs as well: each costs some 30 µs, however small it is."""
FRAMES_A_SECOND: Final = 50.0
BITE: Final = 1024
"""Bytes that are parsed at a time: 170 frames at most, before they are counted."""
PIECES: Final = 64
"""Of one message; no browser sends more than one."""
LEAVING_SECONDS: Final = 5.0
"""From our end of the conversation to that of the connection, whatever the other side does."""
SAY: Final = "hds.say"
"""Where a socket's `say` lies in the ASGI scope."""

Say = Callable[[str], bool]


class SocketLine(WebSocketsSansIOProtocol):
    """uvicorn's web socket, ended when it takes too much or too long."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._clocks = Clocks(self.loop)
        self._frames = float(FRAMES)
        """That may still come."""
        self._counted_at = self.loop.time()
        self._protect_refusals()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._clocks.stop_all()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came; at first the whole head of the hand-shake, which `Line` has read."""
        for start in range(0, len(data), BITE):
            super().data_received(data[start : start + BITE])
            if self.transport.is_closing():
                break
        if not self.handshake_initiated:
            self._refuse()
        if self.close_sent or self.transport.is_closing():
            self._leave()

    def handle_events(self) -> None:
        """What the bytes said, unless they said too much."""
        now = self.loop.time()
        earned = (now - self._counted_at) * FRAMES_A_SECOND
        self._frames = min(FRAMES, self._frames + earned) - len(self.conn.events)
        self._counted_at = now
        if self._frames >= 0:
            super().handle_events()
        elif not self.transport.is_closing():
            log.warning("a web socket was ended: too many frames at once")
            self.transport.abort()

    def eof_received(self) -> None:
        """Nothing more will come, so asyncio closes the connection once all is written."""
        self._leave()

    def handle_connect(self, event: Request) -> None:
        """The hand-shake is there; the application finds `say` in its scope."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope[SAY] = self.say  # type: ignore[typeddict-unknown-key]

    def handle_cont(self, event: Frame) -> None:
        """Another piece of a message."""
        if len(self.frames) < PIECES:
            super().handle_cont(event)
        elif not self.transport.is_closing():
            log.warning("a web socket was ended: a message of too many pieces")
            self.transport.abort()

    def keepalive_timeout(self) -> None:
        """Nobody has answered our own ping."""
        super().keepalive_timeout()
        self._leave()

    def shutdown(self) -> None:
        """The server stops."""
        super().shutdown()
        self._leave()

    def pause_writing(self) -> None:
        """Whoever reads is slower than we write."""
        super().pause_writing()
        self._clocks.watch(self.transport)

    def resume_writing(self) -> None:
        """They have caught up."""
        self._clocks.stop("stall")
        super().resume_writing()

    async def run_asgi(self) -> None:
        """The application, from the hand-shake to the end."""
        await super().run_asgi()
        self._leave()

    async def send(self, message: Any) -> None:
        """What the application says; waits while nobody reads."""
        await super().send(message)
        if self.close_sent:
            self._leave()

    def say(self, text: str) -> bool:
        """Write *text* at once.  False when it must wait for a reader, or nobody is left to."""
        if not self.writable.is_set() or self.close_sent or self.transport.is_closing():
            return False
        try:
            self.conn.send_text(text.encode())
        except InvalidState:  # not open yet, or about to close
            return False
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True

    def _protect_refusals(self) -> None:
        """What is answered to a hand-shake that is none has the headers of every answer."""
        answer = self.conn.send_response

        def protected(response: Response) -> None:
            if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
                for name in PROTECTING.keys() - response.headers.keys():
                    response.headers[name] = PROTECTING[name]
            answer(response)

        setattr(self.conn, "send_response", protected)  # noqa: B010 -- mypy refuses methods

    def _refuse(self) -> None:
        """Websockets has found no request in the head, and tells uvicorn nothing of it."""
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    def _leave(self) -> None:
        if not self._clocks.runs("leaving") and not self.disconnected:
            transport: Transport = self.transport
            self._clocks.start("leaving", LEAVING_SECONDS, transport.abort)
