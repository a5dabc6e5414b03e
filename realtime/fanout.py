"""Sending one packet to many sockets without a task for each."""

import asyncio
import logging
from functools import partial
from typing import Any, Final

import socketio
from engineio import packet as engine
from socketio import packet

log = logging.getLogger(__name__)

MOST_WAITING: Final = 256
"""Packets a slow client may leave unread before its socket is closed; it catches up by `since`."""


class FanOut(socketio.AsyncManager):  # type: ignore[misc]
    """
    The stock manager starts a task for every recipient and waits for all of them.  A hint needs no
    acknowledgement, so it is encoded once and put straight into each socket's queue.
    """

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """Admit a socket, and let its writer wait without a task and a timer for every packet."""
        socket = self.server.eio.sockets.get(eio_sid)
        if socket is None:
            return None  # gone again before its turn came
        socket.poll = partial(_waiting_packets, socket.queue)
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
        """Queue *event* for every socket in *room*; one with a callback goes the stock way."""
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
                self._queue(engine_sid, message)

    def _queue(self, engine_sid: str, message: engine.Packet) -> None:
        socket = self.server.eio.sockets.get(engine_sid)
        if socket is None or socket.closed:
            return
        if socket.queue.qsize() >= MOST_WAITING:
            _closing.add(task := asyncio.create_task(socket.close(wait=False)))
            task.add_done_callback(_closing.discard)
            return
        socket.queue.put_nowait(message)


async def _waiting_packets(queue: asyncio.Queue[engine.Packet | None]) -> list[engine.Packet]:
    """
    What is to be written next; an empty list when the socket is closing.

    engineio's own gives up after a while without packets.  That is not needed: its pings come
    through here as well, and whoever answers none is closed by them.
    """
    packets: list[engine.Packet] = []
    each = await queue.get()
    while each is not None:
        queue.task_done()
        packets.append(each)
        if queue.empty():
            return packets
        each = queue.get_nowait()
    queue.task_done()
    if packets:
        queue.put_nowait(None)  # first what was to be said before the end
    return packets


_closing: set[asyncio.Task[None]] = set()
"""Keeps closing sockets' tasks from being collected before they end."""
