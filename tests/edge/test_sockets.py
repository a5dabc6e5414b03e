"""Web sockets say soon whose they are, and nobody has very many."""

import asyncio
from typing import Any

import pytest
from quart import Quart

from portal import edge
from portal.edge import sockets

pytestmark = pytest.mark.one_engine


class Socket:
    """A web socket over ASGI that opens and then says nothing."""

    def __init__(self, address: str = "203.0.113.7") -> None:
        self.scope = {"type": "websocket", "path": "/socket.io/", "client": (address, 1)}
        self.sent: list[dict[str, Any]] = []
        self._opens = True

    async def receive(self) -> dict[str, Any]:
        if self._opens:
            self._opens = False
            return {"type": "websocket.connect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


async def listens(scope: Any, receive: Any, send: Any) -> None:
    """What Socket.IO does: accept, then wait for what comes."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def settles(scope: Any, receive: Any, send: Any) -> None:
    """Whose it is turns out while the next message is waited for already, as with Socket.IO."""
    asyncio.get_running_loop().call_later(0.02, edge.settle, scope)
    await listens(scope, receive, send)


async def test_a_socket_of_nobody_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "NAMING", 0.05)
    door, socket = edge.Edge(Quart("nothing"), listens, (), 1), Socket()

    async with asyncio.timeout(5):
        await door(socket.scope, socket.receive, socket.send)

    assert [each["type"] for each in socket.sent] == ["websocket.accept"]
    assert not door._unnamed._waiting


async def test_a_socket_of_somebody_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "NAMING", 0.05)
    door, socket = edge.Edge(Quart("nothing"), settles, (), 1), Socket()

    open_ = asyncio.create_task(door(socket.scope, socket.receive, socket.send))
    await asyncio.sleep(0.2)

    assert not open_.done()
    assert not door._unnamed._waiting
    open_.cancel()
    await asyncio.gather(open_, return_exceptions=True)


async def test_sockets_of_nobody_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "UNNAMED_EACH", 2)
    door = edge.Edge(Quart("nothing"), listens, (), 1)
    opened = [Socket() for _ in range(2)]
    work = [asyncio.create_task(door(each.scope, each.receive, each.send)) for each in opened]
    await asyncio.sleep(0.01)

    refused, other = Socket(), Socket("198.51.100.1")
    await door(refused.scope, refused.receive, refused.send)
    work.append(asyncio.create_task(door(other.scope, other.receive, other.send)))
    await asyncio.sleep(0.01)

    assert refused.sent == [{"type": "websocket.close", "code": 1013}]
    assert other.sent == [{"type": "websocket.accept"}]
    for each in work:
        each.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    assert not door._unnamed._waiting
