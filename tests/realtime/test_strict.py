"""Whoever keeps to no protocol, or reads nothing, has no socket any more: nothing is left of it."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import aiohttp
import pytest
from engineio import packet as engine

import realtime
from portal import keys
from portal.core.actor import AccountId
from portal.core.web import cookie_name
from realtime.connections import Connection, Connections
from realtime.server import AT_ONCE
from tests.people import Person, World

pytestmark = pytest.mark.one_engine

Raw = aiohttp.ClientWebSocketResponse

FIT = (AT_ONCE - 1, AT_ONCE)
"""Events that one moment has room for: sums of twentieths are not exact."""


@pytest.fixture
def live(world: World) -> realtime.Live:
    found: realtime.Live = world.app.extensions["hds"]["leave"][0].__self__
    return found


@asynccontextmanager
async def raw(server: str, world: World, who: Person | None) -> AsyncIterator[Raw]:
    """An engine socket; of somebody, it is admitted."""
    name = cookie_name(world.settings)
    sent = {"Origin": server}
    if who is not None:
        sent["Cookie"] = f"{name}={who.browser.cookie(name)}"
    async with (
        aiohttp.ClientSession(headers=sent) as http,
        http.ws_connect(f"{server}/socket.io/?EIO=4&transport=websocket") as line,
    ):
        assert (await line.receive_str()).startswith("0{")
        if who is not None:
            await line.send_str("40")
            assert (await line.receive_str()).startswith("40{")
        yield line


async def is_gone(live: realtime.Live) -> None:
    async with asyncio.timeout(5):
        while live.sio.eio.sockets or live.connections.all() or live.sio.environ:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("signed_in", [True, False], ids=["somebody", "a stranger"])
@pytest.mark.parametrize(
    "said",
    ["x", "", "4x", "4", '4{"a":1}', "4" + "[" * 60_000, '451-["present",{"_placeholder":true}]',
     "bAAAA", b"AAAA", '42["connect",{}]', '42["disconnect"]', '421["present",{},{}]',
     '42["*",{}]', '42[{"a":1}]', "42[]"],
    ids=["no packet", "empty", "no message", "empty message", "JSON", "deep", "attachments",
         "base64", "bytes", "connect", "disconnect", "too many words",
         "no event of ours", "no name", "no event"],
)  # fmt: skip
async def test_what_is_no_packet_of_ours_ends_the_socket_and_leaves_nothing(
    server: str,
    world: World,
    live: realtime.Live,
    caplog: pytest.LogCaptureFixture,
    said: str | bytes,
    signed_in: bool,
) -> None:
    alice = await world.physician("Alice Ahrens") if signed_in else None
    async with asyncio.timeout(10), raw(server, world, alice) as line:
        await (line.send_bytes(said) if isinstance(said, bytes) else line.send_str(said))
        async for _ in line:
            pass
        await is_gone(live)

    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
    assert not world.app.asgi_app._unnamed._waiting  # type: ignore[attr-defined]


async def test_nobody_has_more_sockets_by_leaving_and_staying(
    server: str, world: World, live: realtime.Live
) -> None:
    alice = await world.physician("Alice Ahrens")
    for _ in range(3):
        async with asyncio.timeout(5), raw(server, world, alice) as line:
            await line.send_str("41")
            await line.send_str("40")  # and no way back on the same line
            assert [each.data async for each in line] == ["1"]
            await is_gone(live)


async def test_nobody_comes_once_more_in_the_name_of_another_session(
    server: str, world: World, live: realtime.Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server tells itself of a hand-shake is not for clients to say."""
    monkeypatch.setattr("realtime.server.MOST_EACH", 2)
    alice, mallory = await world.physician("Alice Ahrens"), await world.physician("Max Muster")
    name = cookie_name(world.settings)
    hers = f"{name}={alice.browser.cookie(name)}"
    forged = {"HTTP_ORIGIN": server, "HTTP_COOKIE": hers, "asgi.scope": {}}
    for _ in range(3):
        async with asyncio.timeout(5), raw(server, world, mallory) as line:
            await line.send_str("42" + json.dumps(["connect", forged]))
            async for _each in line:
                pass
            await is_gone(live)

    assert live.connections.of([alice.actor.id]) == []
    async with asyncio.timeout(5), raw(server, world, alice):
        assert len(live.connections.of([alice.actor.id])) == 1


def test_of_one_socket_one_connection_is_known_however_often_it_came() -> None:
    one, other = AccountId(uuid4()), AccountId(uuid4())
    known = Connections()
    for each in (one, other, other):
        known.add(last := Connection("sid", each, uuid4().bytes))

    assert known.of([one, other]) == known.all() == [last]
    known.drop("sid")
    assert known.of([one, other]) == known.all() == []


async def test_answers_that_nobody_reads_do_not_pile_up(
    server: str, world: World, live: realtime.Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every packet comes a wish for an answer."""
    monkeypatch.setattr("realtime.strict.MOST_WAITING", 20)
    alice = await world.physician("Alice Ahrens")
    async with raw(server, world, alice) as line:
        (socket,) = live.sio.eio.sockets.values()
        socket.feed._say = None
        writing = asyncio.Event()

        async def never(*_given: object) -> None:
            await writing.wait()

        socket.poll = never
        for _ in range(400):
            await line.send_str("5")
        async with asyncio.timeout(5):
            while not socket.closed:
                await asyncio.sleep(0.01)
        assert socket.queue.qsize() <= 20 + 3
        writing.set()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """
    How many sessions the database was asked for, each time.

    Sweeps ask nothing meanwhile, and to the pace all happens at one moment.
    """
    monkeypatch.setattr("realtime.server.SWEEP_SECONDS", 60)
    monkeypatch.setattr("portal.edge.paces.monotonic", lambda: 0.0)
    asked, real = list[int](), keys.alive

    async def counted(sessions: Collection[bytes]) -> frozenset[bytes]:
        asked.append(len(sessions))
        return await real(sessions)

    monkeypatch.setattr(keys, "alive", counted)
    return asked


async def answered(line: Raw, many: int) -> list[str]:
    """What is answered to *many* events, all said before the first answer is read."""
    for number in range(many):
        await line.send_str(f'42{number}["present",{{"case":"x"}}]')
    return [await line.receive_str() for _ in range(many)]


async def test_events_beyond_the_pace_ask_nothing_of_the_database(
    server: str, world: World, looks: list[int]
) -> None:
    alice = await world.physician("Alice Ahrens")
    async with raw(server, world, alice) as line:
        answers = await answered(line, 150)

    assert len(looks) in FIT
    assert sum("busy" in each for each in answers) == 150 - len(looks)


async def test_an_account_has_one_pace_however_many_sockets_it_has(
    server: str, world: World, looks: list[int]
) -> None:
    """One member with the sockets of sixty made every page slow, each of them within its pace."""
    alice, bob = await world.physician("Alice Ahrens"), await world.physician("Bob Brandt")
    async with AsyncExitStack() as stack:
        hers = [await stack.enter_async_context(raw(server, world, alice)) for _ in range(8)]
        his = await stack.enter_async_context(raw(server, world, bob))
        said = await asyncio.gather(*(answered(each, 18) for each in hers))
        assert len(looks) in FIT
        assert sum("busy" in each for every in said for each in every) == 8 * 18 - len(looks)

        (heard,) = await answered(his, 1)
        assert "busy" not in heard, "somebody else's pace is their own"


async def test_whoever_does_not_ask_for_an_answer_keeps_the_socket_and_is_told_nothing(
    server: str, world: World, live: realtime.Live, looks: list[int]
) -> None:
    """As our pages do: of many windows of one person some may go unheard, all of them stay."""
    alice = await world.physician("Alice Ahrens")
    async with asyncio.timeout(10), raw(server, world, alice) as line:
        for _ in range(120):
            await line.send_str('42["present",{"case":"x"}]')
        (answer,) = await answered(line, 1)

        assert answer.startswith("430["), "nothing was said before"
        assert len(live.connections.of([alice.actor.id])) == 1


async def test_a_hint_goes_to_whoever_reads_without_waiting_for_a_task(
    server: str, world: World, live: realtime.Live
) -> None:
    """Through uvicorn's real web socket, and behind nothing that still waits."""
    alice = await world.physician("Alice Ahrens")
    async with asyncio.timeout(5), raw(server, world, alice) as line:
        (socket,) = live.sio.eio.sockets.values()
        while not socket.feed._idle:
            await asyncio.sleep(0.01)

        socket.feed.send(engine.Packet(engine.MESSAGE, "one"))
        assert socket.queue.empty(), "written at once"
        assert await line.receive_str() == "4one"
