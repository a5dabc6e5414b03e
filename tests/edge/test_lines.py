"""Connections that take too much or too long end by themselves, and honest ones do not notice."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn
from uvicorn.server import ServerState

from portal import edge
from portal.edge import clocks, lines
from tests.edge.calling import GET, Caller, answers, serving

pytestmark = pytest.mark.one_engine

PUT = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"


async def test_an_honest_request_is_answered_and_the_line_is_used_again() -> None:
    async with serving() as opens:
        line = await opens()
        for _ in range(3):
            await line.says(GET + b"\r\n")
            assert (await line.reader.readuntil(b"fine")).startswith(b"HTTP/1.1 200")
            await line.reader.read(7)


@pytest.mark.parametrize(
    "begins", [b"", b"GET / HT", GET, GET + b"\r\n" + GET], ids=["silent", "line", "head", "second"]
)
async def test_a_head_that_does_not_come_ends_the_line(
    begins: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "HEAD_SECONDS", 0.2)
    async with serving() as opens:
        line = await opens()
        await line.says(begins)
        await line.hears()


async def test_empty_lines_do_not_keep_a_connection() -> None:
    async with serving(keep_alive=0.3) as opens:
        line = await opens()
        await line.says(GET + b"\r\n")
        await line.reader.readuntil(b"fine")
        await line.says(b"\r\n")
        await line.hears()


@pytest.mark.parametrize(
    "head",
    [
        GET + b"A: " + b"a" * 400_000,
        GET + b"".join(b"A%d: a\r\n" % number for number in range(101)) + b"\r\n",
        GET + b"A: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 400_000,
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["endless", "many", "long", "endless address", "long address"],
)
async def test_a_head_has_its_size(head: bytes) -> None:
    async with serving() as opens:
        said = await said_to(await opens(), head)
        assert said == b"" or b" 400 " in said.partition(b"\r\n")[0]


async def test_a_trailer_has_its_size() -> None:
    """The answer is there before it; what counts is that the line ends."""
    put = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    async with serving() as opens:
        assert (await said_to(await opens(), put + b"A: " + b"a" * 400_000)).count(b"fine") <= 1


async def said_to(line: Caller, head: bytes) -> bytes:
    """All that the server says to somebody who sends *head* piece by piece, until it hangs up."""
    for start in range(0, len(head), 20_000):
        try:
            await line.says(head[start : start + 20_000])
        except ConnectionError:
            break
    return await line.hears()


async def test_requests_that_wait_behind_one_another_have_a_number() -> None:
    began = 0
    go = asyncio.Event()

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        nonlocal began
        began += 1
        await go.wait()
        await answers(scope, receive, send)

    async with serving(waits) as opens:
        honest, greedy = await opens(), await opens()
        await honest.says((GET + b"\r\n") * (1 + lines.WAITING))
        await greedy.says((GET + b"\r\n") * (2 + lines.WAITING))
        assert b" 400 " in await greedy.hears()
        go.set()
        for _ in range(1 + lines.WAITING):
            await honest.reader.readuntil(b"fine")
        assert began == 2 + lines.WAITING


async def test_what_comes_after_the_answer_is_thrown_away_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused early, the honest still finish what they send and read the answer."""
    async with serving() as opens:
        line = await opens()
        await line.says(PUT + bytes(60_000))
        await line.reader.readuntil(b"fine")
        await line.says(bytes(40_000) + GET + b"\r\n")
        assert b"200 OK" in await line.reader.readuntil(b"fine")

    monkeypatch.setattr(lines, "REST_SECONDS", 0.3)
    async with serving() as opens:
        line = await opens()
        await line.says(PUT)

        async def drips() -> None:
            while True:
                await line.says(b"a")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drips())
        assert b"fine" in await line.hears()
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


async def test_one_address_has_a_bounded_number_of_lines_unless_it_is_our_proxy() -> None:
    async with serving(crowd=edge.Crowd(each=2)) as opens:
        first, second, third = [await opens() for _ in range(3)]
        assert await third.hears() == b""
        for line in (first, second):
            await line.says(GET + b"\r\n")
            await line.reader.readuntil(b"fine")
        first.writer.close()
        await first.writer.wait_closed()
        await asyncio.sleep(0.1)
        fourth = await opens()
        await fourth.says(GET + b"\r\n")
        await fourth.reader.readuntil(b"fine")

    proxied = edge.Crowd(["127.0.0.0/8"], each=0)
    assert proxied.enter("127.0.0.1")
    assert not proxied.enter("192.0.2.1")


def test_a_machine_with_many_addresses_counts_as_one() -> None:
    crowd = edge.Crowd(["2001:db8::1/128"], each=2)

    assert crowd.enter("2001:db8::1"), "a proxy of ours"
    assert crowd.enter("2001:db8::2")
    assert crowd.enter("2001:db8::3")
    crowd.leave("2001:db8::1")
    assert not crowd.enter("2001:db8::4"), "the proxy's going frees no place of its neighbours"
    assert crowd.enter("2001:db8:1::4")
    crowd.leave("2001:db8::3")
    assert crowd.enter("2001:db8::4")


async def test_a_peer_without_an_address_is_let_go_too(tmp_path: Path) -> None:
    """As of a socket in the file system."""
    crowd = edge.Crowd(each=1)
    loop, path = asyncio.get_running_loop(), tmp_path / "socket"
    config = uvicorn.Config(answers, http=edge.line_type(crowd), log_config=None)
    config.load()
    state = ServerState()
    server = await loop.create_unix_server(
        lambda: config.http_protocol_class(config, state, {}),  # type: ignore[call-arg]
        path,
    )
    for _ in range(2):
        line = Caller(*await asyncio.open_unix_connection(path))
        await line.says(GET + b"\r\n")
        async with asyncio.timeout(10):
            await line.reader.readuntil(b"fine")
        line.writer.close()
        await line.writer.wait_closed()
        async with asyncio.timeout(10):
            while state.connections:
                await asyncio.sleep(0.01)
    server.close()
    assert not crowd._open


async def test_a_reader_who_does_not_read_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "STALL_SECONDS", 0.2)
    left = asyncio.Event()

    async def sends_much(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
        if (await receive())["type"] == "http.disconnect":
            left.set()
        await send({"type": "http.response.body", "body": b""})

    async with serving(sends_much) as opens:
        line = await opens()
        await line.says(GET + b"\r\n")
        async with asyncio.timeout(10):
            await left.wait()


@pytest.mark.parametrize("how", ["nothing more comes", "half closed", "no HTTP"])
async def test_however_a_line_ends_unread_bytes_do_not_hold_it(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "STALL_SECONDS", 0.2)
    answered = asyncio.Event()

    async def says_much(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(60_000)})
        answered.set()

    async with serving(says_much, keep_alive=0.1 if how == "nothing more comes" else 30) as served:
        line = await served()
        await line.says(GET + b"\r\n")
        line.stops_reading()
        await answered.wait()
        if how == "half closed":
            line.writer.write_eof()
        elif how == "no HTTP":
            await line.says(b"\0\r\n\r\n")
        async with asyncio.timeout(5):
            while served.connections:
                await asyncio.sleep(0.01)


async def test_a_web_socket_outlives_the_clocks_of_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "HEAD_SECONDS", 0.1)

    async def echoes(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (said := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": said["text"]})

    async with serving(echoes, edge.Crowd(each=1), keep_alive=0.1) as opens:
        port = (await opens()).writer.get_extra_info("peername")[1]
        await asyncio.sleep(0.2)  # that line is over, as it said nothing
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"http://127.0.0.1:{port}/") as first,
            http.ws_connect(f"http://127.0.0.1:{port}/") as second,
        ):
            await asyncio.sleep(0.5)
            for socket_ in (first, second):
                await socket_.send_str("still here")
                assert await socket_.receive_str() == "still here"
