"""T40, for answers that no application makes: what is no request is refused with the headers."""

import asyncio
from typing import Final

import pytest

from portal.edge.bare import PROTECTING
from tests.architecture.test_routes import HEADERS

pytestmark = pytest.mark.one_engine

SOCKET: Final = b"Host: portal.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
KEY: Final = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
SENT: Final = {
    "no request": b"GARBAGE\r\n\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    "a verb that is none": b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a proxy's verb": b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "too many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "a hand-shake that is none": b"GET /socket.io/ HTTP/1.1\r\n" + SOCKET + b"\r\n",
    "a socket elsewhere": b"GET /elsewhere HTTP/1.1\r\n" + SOCKET + KEY + b"\r\n",
}


async def _head(server: str, sent: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, by small names."""
    host, _, port = server.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    try:
        async with asyncio.timeout(30):
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    finally:
        writer.close()
    named = [line.partition(": ") for line in lines]
    return int(first.split()[1]), {name.lower(): value for name, _, value in named}


@pytest.mark.parametrize("what", SENT)
async def test_what_is_no_request_is_refused_with_the_headers(server: str, what: str) -> None:
    status, told = await _head(server, SENT[what])

    assert status >= 400
    assert {name: told.get(name.lower()) for name in HEADERS} == HEADERS
    assert {name: told.get(name) for name in PROTECTING} == PROTECTING
    assert "server" not in told
