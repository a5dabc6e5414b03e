"""Sending one packet to many sockets without a task for each."""

import asyncio
import logging
from typing import Any, Final

import socketio
from engineio import packet as engine
from socketio import packet

from portal import edge

log = logging.getLogger(__name__)

MOST_WAITING: Final = 256
"""Packets a slow client may leave unread before its socket is closed; it catches up by `since`."""


class FanOut(socketio.AsyncManager):  # type: ignore[misc]
    """
    The stock manager starts a task for every recipient and waits for all of them.  A hint needs no
    acknowledgement, so it is encoded once and written straight to each socket that keeps up.
    """

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """Admit a socket, unless it has gone again before its turn came."""
        socket = self.server.eio.sockets.get(eio_sid)
        if socket is None or socket.closing or socket.closed:
            return None
        sid: str | None = await super().pre_connect(eio_sid, namespace)
        return sid

    async def emit(  # noqa: PLR0913, PLR0917 -- the signature is python-socketio's
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **_kwargs: Any,
    ) -> None:
        """Send *event* to every socket in *room*; one with a callback goes the stock way."""
        if callback is not None:
            await super().emit(event, data, namespace, room, skip_sid, callback, to)
            return
        if namespace not in self.rooms:
            return
        encoded = self.server.packet_class(
            packet.EVENT, namespace=namespace, data=[event, data]
        ).encode()
        message = engine.Packet(engine.MESSAGE, encoded)
        for sid, engine_sid in self.get_participants(namespace, to or room):
            if sid != skip_sid:
                self._send(engine_sid, message)

    def _send(self, engine_sid: str, message: engine.Packet) -> None:
        socket = self.server.eio.sockets.get(engine_sid)
        if socket is None or socket.closing or socket.closed:
            return
        if socket.queue.qsize() >= MOST_WAITING:
            _closing.add(task := asyncio.create_task(socket.close(wait=False)))
            task.add_done_callback(_closing.discard)
            return
        socket.feed.send(message)


class Feed:
    """
    What is written to one socket, in the order in which it was given.

    *say* writes at once to a client that reads (`edge.SAY`); without it the writer does all.
    """

    def __init__(
        self, queue: "asyncio.Queue[engine.Packet | None]", say: edge.Say | None = None
    ) -> None:
        self._queue = queue
        self._say = say
        self._idle = False
        """The writer has written all it was given, and waits for more."""

    def send(self, message: engine.Packet) -> None:
        """Write *message* now, or behind what still waits to be written."""
        if not (self._idle and self._queue.empty() and self._said(message)):
            self._queue.put_nowait(message)

    def _said(self, message: engine.Packet) -> bool:
        return self._say is not None and self._say(message.encode())

    async def waiting(self) -> list[engine.Packet]:
        """
        What is to be written next; an empty list when the socket is closing.

        engineio's own gives up after a while without packets.  That is not needed: its pings come
        through here as well, and whoever answers none is closed by them.
        """
        packets: list[engine.Packet] = []
        self._idle = True
        try:
            each = await self._queue.get()
        finally:
            self._idle = False
        while each is not None:
            self._queue.task_done()
            packets.append(each)
            if self._queue.empty():
                return packets
            each = self._queue.get_nowait()
        self._queue.task_done()
        if packets:
            self._queue.put_nowait(None)  # first what was to be said before the end
        return packets


_closing: set[asyncio.Task[None]] = set()
"""Keeps closing sockets' tasks from being collected before they end."""
