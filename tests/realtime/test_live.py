"""Real sockets to a real server: who hears what, and who hears it no longer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import socketio
from socketio.exceptions import ConnectionError as NoConnection

from cases import communities
from cases.ids import CaseId, CommunityId
from portal import keys
from portal.app import create_app
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.keys.models import Session
from realtime.server import SWEEP_SECONDS
from tests.people import Person, World
from tests.serving import another_process, started

Dial = Callable[..., Awaitable["Ear"]]


class Ear:
    """A connected socket that remembers everything it hears."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.heard: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.client.on("*", self._hear)
        self.client.on("disconnect", self._end)

    async def _hear(self, name: str, data: dict[str, Any]) -> None:
        await self.heard.put((name, data))

    async def _end(self, *_reason: object) -> None:
        self.ended.set()

    async def next(self, name: str) -> dict[str, Any]:
        """The next message called *name*; others on the way are passed over."""
        while True:
            found, data = await asyncio.wait_for(self.heard.get(), 3)
            if found == name:
                return data

    async def hears_nothing(self, seconds: float = 0.3) -> bool:
        await asyncio.sleep(seconds)
        return self.heard.empty()


@pytest.fixture
async def dial(server: str, world: World) -> AsyncIterator[Dial]:
    ears: list[Ear] = []

    async def connect(person: Person, *, at: str = server, **headers: str) -> Ear:
        name = cookie_name(world.settings)
        sent = {"Cookie": f"{name}={person.browser.cookie(name)}", "Origin": server} | headers
        ear = Ear()
        ears.append(ear)
        await ear.client.connect(at, headers=sent, transports=["websocket"])
        return ear

    yield connect
    for ear in ears:
        await ear.client.disconnect()
        if ear.client.eio.http is not None:
            # The client library leaves it open where the connection was refused.
            await ear.client.eio.http.close()


@pytest.fixture
async def chest(world: World) -> tuple[Person, Person, Person, CommunityId, CaseId]:
    """Alice owns a community with Bob in it; Carol owns another one."""
    alice = await world.physician("Alice Ahrens")
    bob = await world.physician("Bob Brandt")
    carol = await world.physician("Carol Cordes")
    chest = await alice.founds("Chest")
    await alice.invites(bob, chest)
    await carol.founds("Heart")
    return alice, bob, carol, chest, await alice.opens("Nodule", in_=chest)


Chest = tuple[Person, Person, Person, CommunityId, CaseId]


async def test_members_hear_ids_and_an_outsider_hears_nothing(chest: Chest, dial: Dial) -> None:
    alice, bob, carol, community, nodule = chest
    his, hers = await dial(bob), await dial(carol)

    posted = await alice.posts("Confidential words", on=nodule)

    hint = await his.next("change")
    assert hint == {"community": str(community), "case": str(nodule), "seq": posted.seq}
    assert await hers.hears_nothing()


async def test_only_the_reader_hears_that_a_thread_was_read(chest: Chest, dial: Dial) -> None:
    alice, bob, carol, community, nodule = chest
    posted = await alice.posts("Look", on=nodule)
    mine, hers, foreign = await dial(bob), await dial(alice), await dial(carol)

    await bob.browser.post(f"/threads/{posted.thread}/read", json={"seq": posted.seq})

    assert await mine.next("read") == {
        "community": str(community),
        "case": str(nodule),
        "thread": str(posted.thread),
        "seq": posted.seq,
    }
    assert await hers.hears_nothing()
    assert await foreign.hears_nothing()


async def test_a_removed_member_hears_the_end_and_nothing_after(chest: Chest, dial: Dial) -> None:
    alice, bob, _, community, nodule = chest
    his = await dial(bob)

    await communities.remove(alice.actor, community, bob.actor.id)

    assert await his.next("left") == {"community": str(community)}
    await asyncio.wait_for(his.ended.wait(), 1)
    again = await dial(bob)
    await alice.posts("Bob has left", on=nodule)
    assert await again.hears_nothing()


async def test_a_removed_members_socket_ends_though_nobody_said_so(
    chest: Chest, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis is away, or the process that removed the member died right after the commit."""
    alice, bob, _, community, nodule = chest
    his, hers = await dial(bob), await dial(alice)
    monkeypatch.setattr("cases.membership.announce", lambda _event: None)

    await communities.remove(alice.actor, community, bob.actor.id)

    assert await his.next("left") == {"community": str(community)}
    await asyncio.wait_for(his.ended.wait(), 1)
    again = await dial(bob)
    await alice.posts("Bob has left", on=nodule)
    assert await again.hears_nothing(2 * SWEEP_SECONDS)
    assert not any(each.ended.is_set() for each in (again, hers)), "the new socket is let be"


async def test_a_session_that_ends_takes_its_sockets_along(chest: Chest, dial: Dial) -> None:
    alice, bob, _, _, nodule = chest
    his, hers = await dial(bob), await dial(alice)

    await keys.end_sessions(bob.actor.id)

    await asyncio.wait_for(his.ended.wait(), 1)
    assert not hers.ended.is_set()
    with pytest.raises(NoConnection):
        await dial(bob)
    await alice.posts("Only Alice hears this", on=nodule)
    assert await hers.next("change")


async def test_a_session_ended_elsewhere_ends_its_socket_within_a_second_of_a_hint(
    chest: Chest, dial: Dial
) -> None:
    alice, bob, _, _, nodule = chest
    his = await dial(bob)
    await alice.posts("Look", on=nodule)
    await his.next("change")

    await Session.filter(principal=bob.actor.id).delete()

    await asyncio.wait_for(his.ended.wait(), 1)


async def test_typing_reaches_the_others_in_the_case_and_nobody_else(
    chest: Chest, dial: Dial
) -> None:
    alice, bob, carol, _, nodule = chest
    thread = await alice.first_thread(nodule)
    hers, his, outside = await dial(alice), await dial(bob), await dial(carol)
    about = {"case": str(nodule), "thread": str(thread)}

    assert await hers.client.call("typing", about) == {"ok": True}
    refused = await outside.client.call("typing", about)
    unknown = await outside.client.call("typing", about | {"case": str(uuid4())})

    assert await his.next("typing") == about | {"account": str(alice.actor.id)}
    assert refused == unknown == {"ok": False, "error": "not_found"}
    assert await hers.hears_nothing(0.1)
    assert await outside.hears_nothing(0.1)


@pytest.mark.parametrize("garbage", [None, "text", {}, {"case": 7}, {"case": "x" * 500}, [1]])
async def test_garbage_gets_an_answer_and_not_silence(
    chest: Chest, dial: Dial, garbage: Any
) -> None:
    ear = await dial(chest[0])

    assert await ear.client.call("present", garbage) == {"ok": False, "error": "invalid"}


async def test_whoever_comes_asks_who_is_here(chest: Chest, dial: Dial) -> None:
    alice, bob, *_ = chest
    hers, his = await dial(alice), await dial(bob)
    about = {"case": str(chest[4])}

    for sent in ({"asks": True}, {}, {"asks": "yes"}):
        assert await hers.client.call("present", about | sent) == {"ok": True}
    heard = [await his.next("present") for _ in range(3)]

    assert [each["asks"] for each in heard] == [True, False, False]
    assert heard[0] == about | {"account": str(alice.actor.id), "asks": True}


@pytest.mark.parametrize("origin", ["https://evil.test", "null", ""])
async def test_another_site_cannot_open_a_socket(chest: Chest, dial: Dial, origin: str) -> None:
    with pytest.raises(NoConnection):
        await dial(chest[0], Origin=origin)


async def test_nobody_connects_without_a_session(chest: Chest, dial: Dial) -> None:
    with pytest.raises(NoConnection):
        await dial(chest[0], Cookie="hds=" + "A" * 64)
    with pytest.raises(NoConnection):
        await dial(chest[0], Cookie="")


async def test_one_account_has_a_bounded_number_of_sockets(
    chest: Chest, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.server.MOST_EACH", 2)
    first, _ = await dial(chest[0]), await dial(chest[0])
    with pytest.raises(NoConnection):
        await dial(chest[0])
    await dial(chest[1])

    await first.client.disconnect()
    await first.ended.wait()
    await dial(chest[0])


@pytest.mark.parametrize("how", ["leaves", "session ends"])
async def test_whoever_is_not_counted_any_more_keeps_no_line(
    server: str, world: World, how: str
) -> None:
    alice = await world.physician("Alice Ahrens")
    name = cookie_name(world.settings)
    sent = {"Cookie": f"{name}={alice.browser.cookie(name)}", "Origin": server}
    async with (
        asyncio.timeout(5),
        aiohttp.ClientSession(headers=sent) as http,
        http.ws_connect(f"{server}/socket.io/?EIO=4&transport=websocket") as line,
    ):
        assert (await line.receive_str()).startswith("0{")
        await line.send_str("40")
        assert (await line.receive_str()).startswith("40{")

        if how == "leaves":
            await line.send_str("41")
        else:
            await keys.end_sessions(alice.actor.id)

        heard = [each.data async for each in line]

    assert heard == (["1"] if how == "leaves" else ['42["ended",{}]', "41", "1"])


@pytest.mark.one_engine
async def test_two_processes_tell_each_other_through_redis(
    chest: Chest, settings: Settings, dial: Dial, redis_url: str
) -> None:
    """A second portal process on the same database; only Redis lies between it and the first."""
    alice, bob, _, community, nodule = chest
    here = create_app(replace(settings, redis_url=redis_url))
    async with started(here), another_process(settings, redis_url=redis_url) as address:
        ear, witness = await dial(bob, at=address), await dial(alice, at=address)

        posted = await alice.posts("Across processes", on=nodule)

        hint = await ear.next("change")
        assert hint == {"community": str(community), "case": str(nodule), "seq": posted.seq}
        await communities.remove(alice.actor, community, bob.actor.id)
        later = await alice.posts("Bob has left", on=nodule)
        while (await witness.next("change"))["seq"] != later.seq:
            pass
        # The process that told the witness had ended Bob's socket before: only reading it is left.
        await asyncio.wait_for(ear.ended.wait(), 1)
        assert await ear.next("left") == {"community": str(community)}
        assert ear.heard.empty()
