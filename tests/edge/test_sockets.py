"""Web sockets say soon whose they are, and nobody has very many."""

import asyncio
from typing import Any

import pytest
from quart import Quart

from portal import edge
from portal.edge import sockets
from portal.edge.asgi import Asgi

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
    portal, socket = edge.Edge(Quart("nothing"), listens, (), 1), Socket()

    async with asyncio.timeout(5):
        await portal(socket.scope, socket.receive, socket.send)

    assert [each["type"] for each in socket.sent] == ["websocket.accept"]
    assert not portal._unnamed._waiting


async def test_a_socket_of_somebody_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "NAMING", 0.05)
    portal, socket = edge.Edge(Quart("nothing"), settles, (), 1), Socket()

    open_ = asyncio.create_task(portal(socket.scope, socket.receive, socket.send))
    await asyncio.sleep(0.2)

    assert not open_.done()
    assert not portal._unnamed._waiting
    open_.cancel()
    await asyncio.gather(open_, return_exceptions=True)


class Crowd:
    """Sockets that open one after another."""

    def __init__(self, inner: Asgi = listens) -> None:
        self.edge = edge.Edge(Quart("nothing"), inner, (), 1)
        self.work: list[asyncio.Task[None]] = []

    async def opens(self, address: str = "203.0.113.7") -> asyncio.Task[None]:
        socket = Socket(address)
        work = asyncio.create_task(self.edge(socket.scope, socket.receive, socket.send))
        self.work.append(work)
        await asyncio.sleep(0.001)
        assert socket.sent == [{"type": "websocket.accept"}], "nobody is sent away"
        return work

    async def leaves(self) -> None:
        for each in self.work:
            each.cancel()
        await asyncio.gather(*self.work, return_exceptions=True)
        assert not self.edge._unnamed._waiting


async def test_the_oldest_socket_of_nobody_gives_way_to_another_of_its_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "UNNAMED_EACH", 2)
    crowd = Crowd()
    elsewhere, *mine = [await crowd.opens(each) for each in ("198.51.100.1", *["203.0.113.7"] * 3)]
    await asyncio.sleep(0.01)

    assert [each.done() for each in mine] == [True, False, False]
    assert not elsewhere.done()
    await crowd.leaves()


async def test_a_few_networks_keep_no_newcomer_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest of whichever has most gives way, however many networks have all they may."""
    monkeypatch.setattr(sockets, "UNNAMED", 10)
    monkeypatch.setattr(sockets, "UNNAMED_EACH", 4)
    crowd = Crowd()
    greedy = [await crowd.opens(f"203.0.{net}.7") for net in (1, 2, 3) for _ in range(4)]
    honest = [await crowd.opens(f"198.51.{net}.1") for net in range(6)]
    await asyncio.sleep(0.01)

    assert not any(each.done() for each in honest)
    assert sum(each.done() for each in greedy) == 12 + 6 - 10
    assert sum(map(len, crowd.edge._unnamed._waiting.values())) == 10
    await crowd.leaves()


async def test_whoever_says_in_time_whose_it_is_gives_way_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "UNNAMED_EACH", 1)
    crowd = Crowd(settles)
    first = await crowd.opens()
    await asyncio.sleep(0.05)
    await crowd.opens()
    await asyncio.sleep(0.05)

    assert not first.done()
    await crowd.leaves()
