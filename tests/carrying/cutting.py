"""A line to a server that is cut again and again, in the middle of a request or of its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random

Writer = asyncio.StreamWriter


class Cutter:
    """Passes bytes on to *port* and cuts the connection *cuts* times."""

    def __init__(self, port: int, cuts: int, most: int) -> None:
        """Between two cuts lie up to *most* bytes of requests."""
        self._port, self._left, self._most = port, cuts, most
        self._chance = Random(28)
        self._tasks = set[asyncio.Task[None]]()
        self.sent = 0
        """Bytes that left for the server, those that got lost included."""
        self.made = 0
        """Cuts so far."""
        self._plan()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """The port to send to."""
        async with await asyncio.start_server(self._taken, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _plan(self) -> None:
        self._due = self._chance.randrange(1, self._most)
        self._in_answer = self._chance.random() < 0.3

    async def _taken(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        both = (writer, to_server)
        with suppress(OSError):
            await asyncio.gather(
                self._passed(reader, to_server, both, up=True),
                self._passed(there, writer, both, up=False),
            )
        for each in both:
            each.close()

    async def _passed(
        self, reader: asyncio.StreamReader, writer: Writer, both: tuple[Writer, Writer], *, up: bool
    ) -> None:
        while data := await reader.read(8192):
            if up:
                self.sent += len(data)
                self._due -= len(data)
            if self._left and self._due <= 0 and up != self._in_answer:
                self._left -= 1
                self.made += 1
                self._plan()
                for each in both:
                    each.transport.abort()
                return
            writer.write(data)
            await writer.drain()
        writer.close()
