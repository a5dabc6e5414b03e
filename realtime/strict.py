"""
python-socketio's server, strict with what comes and goes: who sends what is no packet, or does not
read what is answered, has no socket any more.

engineio by itself keeps a socket whose packet it could not read, with its tasks, and everything
that it answers to somebody who does not read.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import socketio
from engineio import packet as engine
from engineio.async_socket import AsyncSocket

from portal import edge
from realtime.fanout import MOST_WAITING, Feed

log = logging.getLogger(__name__)

ENGINE: Final = "hds.engine"
"""Where the id of the engine socket lies in the ASGI scope."""
BINARY: Final = ("5", "6")
"""Packets whose attachments come by themselves, as many as they say: none of ours has any."""


class StrictServer(socketio.AsyncServer):  # type: ignore[misc]
    """Ends the sockets of whoever keeps to no protocol."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._asgi = socketio.ASGIApp(self)
        self.heard: set[str] = set()
        """The events that clients may send."""

    def hear(self, event: str, answer: Callable[[str, object], Awaitable[object]]) -> None:
        """Have *answer* asked with a socket's id and what it sends as *event*."""
        self.on(event, answer)
        self.heard.add(event)

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """One web socket, from the hand-shake until nothing of it is left."""
        try:
            await self._asgi(scope, receive, send)
        except Exception as error:  # noqa: BLE001 -- an edge: no packet, or one that breaks its reader
            log.warning("a socket was ended: %s", type(error).__name__)
        finally:
            await self.end(scope.get(ENGINE))

    async def end(self, engine_sid: str | None) -> None:
        """That engine socket is over, and its writer ends when it has caught up."""
        socket = self.eio.sockets.get(engine_sid)
        if socket is not None:
            await socket.close(wait=False, abort=True)
            socket.queue.put_nowait(None)
            self.eio.sockets.pop(engine_sid, None)

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        scope, socket = environ["asgi.scope"], self.eio.sockets[eio_sid]
        scope[ENGINE] = eio_sid
        socket.feed = Feed(socket.queue, scope.get(edge.SAY))
        socket.poll = socket.feed.waiting
        socket.send = _Bounded(socket)
        await super()._handle_eio_connect(eio_sid, environ)

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        try:
            if not isinstance(data, str) or data.startswith(BINARY):
                raise ValueError  # noqa: TRY301 -- told like every other packet that is none
            await super()._handle_eio_message(eio_sid, data)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 -- an edge: ended, whatever was wrong with it
            log.warning("a socket was ended: %s", type(error).__name__)
            await self.end(eio_sid)

    async def _handle_event(
        self,
        eio_sid: str,
        namespace: str | None,
        id: int | None,  # noqa: A002 -- the signature is python-socketio's
        data: object,
    ) -> None:
        """
        An event of a client's, with one thing to say at most.

        python-socketio would look for any name among all handlers, `connect` as well: it would
        take what a client says of itself for what the server has seen of the hand-shake.
        """
        if not isinstance(data, list) or len(data) > 2 or data[0] not in self.heard:  # noqa: PLR2004
            raise ValueError  # as every packet that is none
        await super()._handle_event(eio_sid, namespace, id, data)


class _Bounded:
    """Answers of one socket, up to as many as wait for a reader."""

    def __init__(self, socket: AsyncSocket) -> None:
        self._socket, self._send = socket, socket.send

    async def __call__(self, packet: engine.Packet) -> None:
        if self._socket.closing or self._socket.queue.qsize() < MOST_WAITING:
            await self._send(packet)
        else:
            await self._socket.close(wait=False)
