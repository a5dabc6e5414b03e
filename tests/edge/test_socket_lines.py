"""A web socket takes no more of the process than its peer reads, and ends when it is told to."""

import asyncio
from typing import Any

import pytest

from portal.edge import SAY, socket_lines
from tests.edge.calling import GET, UPGRADE, Caller, Served, serving

pytestmark = pytest.mark.one_engine

MASK = bytes(4)
PING = bytes([0x89, 0x80 | 125]) + MASK + bytes(125)
BEGINS = bytes([0x01, 0x80]) + MASK
GOES_ON = bytes([0x00, 0x80]) + MASK
ENDS = bytes([0x80, 0x80]) + MASK


async def listens(_scope: Any, receive: Any, send: Any) -> None:
    """Takes what comes, and goes when the other side has gone."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def all_gone(served: Served) -> None:
    async with asyncio.timeout(10):
        while served.connections:
            await asyncio.sleep(0.01)


async def floods(line: Caller, what: bytes, times: int) -> None:
    """Says it so many times, for as long as anybody listens."""
    for _ in range(times):
        try:
            await line.says(what)
        except ConnectionError:
            return


async def test_pings_are_answered() -> None:
    async with serving(listens) as served:
        line = await served.socket()
        for _ in range(100):
            await line.says(PING)
            assert await line.reader.readexactly(127) == bytes([0x8A, 125]) + bytes(125)


@pytest.mark.parametrize(
    "frame",
    [PING, bytes([0x8A, 0x80]) + MASK, bytes([0x81, 0x80]) + MASK],
    ids=["ping", "pong", "text"],
)
async def test_whoever_says_very_much_in_tiny_frames_is_not_listened_to(frame: bytes) -> None:
    async with serving(listens) as served:
        line = await served.socket()
        (ours,) = served.connections

        flood = asyncio.create_task(floods(line, frame * 500, 100))
        heard = 0
        async with asyncio.timeout(10):
            while served.connections:
                heard = max(heard, ours.queue.qsize())
                await asyncio.sleep(0)
        await flood

        assert heard <= socket_lines.FRAMES


async def test_frames_may_come_for_as_long_as_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_lines, "FRAMES", 10)
    monkeypatch.setattr(socket_lines, "FRAMES_A_SECOND", 1_000_000.0)
    async with serving(listens) as served:
        line = await served.socket()
        for _ in range(50):
            await line.says(PING)
            assert await line.reader.readexactly(127) == bytes([0x8A, 125]) + bytes(125)


@pytest.mark.parametrize(
    "more",
    [
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 5\r\n\r\nhello",
        b"X-Long: " + b"a" * 9000 + b"\r\n\r\n",
    ],
    ids=["chunked", "length", "long"],
)
async def test_a_hand_shake_that_is_none_leaves_no_line(more: bytes) -> None:
    async with serving(listens) as served:
        lines = [await served() for _ in range(5)]
        for line in lines:
            await line.says(UPGRADE.removesuffix(b"\r\n") + more)
        await all_gone(served)


async def test_a_socket_that_was_closed_is_gone_soon_whether_the_peer_reads_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket_lines, "LEAVING_SECONDS", 0.2)
    closed = asyncio.Event()

    async def says_much_and_goes(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "a" * 60_000})
        await send({"type": "websocket.close"})
        closed.set()
        await asyncio.Event().wait()  # as an application that clears up for long

    async with serving(says_much_and_goes) as served:
        line = await served.socket()
        line.stops_reading()
        await closed.wait()
        await all_gone(served)


@pytest.mark.parametrize("how", ["bad frame", "half closed", "the application ends"])
async def test_however_it_ends_unread_bytes_hold_no_socket(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_lines, "LEAVING_SECONDS", 0.2)

    async def says_much(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "a" * 60_000})
        if how != "the application ends":
            await listens(scope, receive, send)

    async with serving(says_much) as served:
        line = await served.socket()
        line.stops_reading()
        if how == "bad frame":
            await line.says(b"\xff" * 20)
        elif how == "half closed":
            line.writer.write_eof()
        await all_gone(served)


async def test_a_message_has_a_number_of_pieces() -> None:
    got: list[str] = []

    async def keeps(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (said := await receive())["type"] == "websocket.receive":
            got.append(said["text"])
            await send({"type": "websocket.send", "text": "thanks"})

    async with serving(keeps) as served:
        honest, greedy = await served.socket(), await served.socket()
        await honest.says(BEGINS + GOES_ON * 62 + ENDS)
        assert b"thanks" in await honest.reader.readexactly(8)
        await floods(greedy, BEGINS + GOES_ON * 66, 1)
        assert await greedy.hears() == b""
        assert got == [""]


async def test_no_socket_begins_while_an_answer_is_written() -> None:
    """Its reader would not be waited for any more, and the rest of the answer lie in memory."""

    async def answers_long(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await listens(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})

    async with serving(answers_long) as served:
        line = await served()
        await line.says(GET + b"\r\n")
        line.stops_reading()
        async with asyncio.timeout(5):
            while not (ours := next(iter(served.connections), None)) or ours.flow.write_paused < 1:
                await asyncio.sleep(0.01)
        await line.says(UPGRADE)
        held = 0
        async with asyncio.timeout(10):
            while served.connections:
                held = max(held, ours.transport.get_write_buffer_size())
                await asyncio.sleep(0)

        assert 0 < held < 3 * 65536


async def test_what_is_said_at_once_is_said_to_readers_only() -> None:
    said: list[bool] = []
    told = asyncio.Event()

    async def says(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        said.append(scope[SAY]("before anybody listens"))
        await send({"type": "websocket.accept"})
        said.extend(scope[SAY]("a" * 30_000) for _ in range(8))
        told.set()
        while (await receive())["type"] != "websocket.disconnect":
            pass
        said.append(scope[SAY]("after everybody left"))

    async with serving(says) as served:
        line = await served.socket()
        line.stops_reading()
        async with asyncio.timeout(5):
            await told.wait()
        assert said[0] is False
        assert said[1] is True
        assert said[8] is False, "whoever does not read is not written to"
        line.writer.transport.abort()
        await all_gone(served)
        async with asyncio.timeout(5):
            while len(said) < 10:
                await asyncio.sleep(0.01)
        assert said[9] is False
