"""A server with our connections, and callers who say to it what they like."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from portal import edge

App = Callable[[Any, Any, Any], Awaitable[None]]
GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
UPGRADE = GET + (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SMALL = 8192
"""Bytes that each end's kernel keeps for a reader who is late."""


async def answers(_scope: Any, _receive: Any, send: Any) -> None:
    """Answers at once, whatever may still come."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


class Caller:
    """One connection to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def stops_reading(self) -> None:
        transport = self.writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()

    async def hears(self) -> bytes:
        """Everything until the server ends the connection."""
        said = b""
        async with asyncio.timeout(10):
            try:
                while piece := await self.reader.read(65536):
                    said += piece
            except ConnectionError:
                pass
        return said


class Served:
    """A server that somebody may call."""

    def __init__(self, address: tuple[str, int], connections: set[Any]) -> None:
        self.address = address
        self.connections = connections
        """The server's ends of the lines."""
        self.opened: list[Caller] = []

    async def __call__(self) -> Caller:
        """One more line."""
        taking = socket.socket()
        taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        taking.setblocking(False)
        await asyncio.get_running_loop().sock_connect(taking, self.address)
        line = Caller(*await asyncio.open_connection(sock=taking))
        self.opened.append(line)
        return line

    async def socket(self) -> Caller:
        """One more web socket."""
        line = await self()
        await line.says(UPGRADE)
        assert b" 101 " in await line.reader.readuntil(b"\r\n\r\n")
        return line


@asynccontextmanager
async def serving(
    app: App = answers, crowd: edge.Crowd | None = None, keep_alive: float = 30
) -> AsyncIterator[Served]:
    """A server with our connections in front of *app*, and little room on the way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        config = uvicorn.Config(
            app,
            http=edge.line_type(crowd or edge.Crowd()),
            ws=edge.SocketLine,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="critical",
            timeout_keep_alive=keep_alive,  # type: ignore[arg-type]
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        served = Served(listener.getsockname(), server.server_state.connections)
        yield served
        for each in served.opened:
            each.writer.close()
        server.should_exit = True
        await task
