"""What a socket's writer is given, and that admitting a socket reports no fault."""

import asyncio
import logging
from typing import Any

import pytest
import websockets
from engineio import packet as engine

from portal.core.background import background
from portal.core.web import cookie_name
from realtime.fanout import Feed
from tests.people import World


class Client:
    """The server's end of a websocket whose client reads, or does not."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = False

    def say(self, text: str) -> bool:
        if self.gone or not self.reads.is_set():
            return False
        self.got.append(text)
        return True

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        if self.gone:
            raise ConnectionError
        self.got.append(message["text"])


async def written(feed: Feed, client: Client) -> None:
    """What engineio's writer does, until the feed ends."""
    while packets := await feed.waiting():
        for each in packets:
            await client.send({"type": "websocket.send", "text": each.encode()})


def message(text: str) -> engine.Packet:
    return engine.Packet(engine.MESSAGE, text)


async def test_everything_that_waits_is_given_at_once_and_in_order() -> None:
    feed = Feed(asyncio.Queue())
    sent = [message(text) for text in ("one", "two", "three")]
    for each in sent:
        feed.send(each)

    assert await feed.waiting() == sent


async def test_the_end_comes_after_what_was_to_be_said_before_it() -> None:
    queue: asyncio.Queue[engine.Packet | None] = asyncio.Queue()
    feed, last = Feed(queue), message("last")
    feed.send(last)
    queue.put_nowait(None)

    assert await feed.waiting() == [last]
    assert await feed.waiting() == []


async def test_a_client_that_keeps_up_gets_it_at_once() -> None:
    client = Client()
    feed = Feed(asyncio.Queue(), client.say)
    async with background(written(feed, client)):
        await asyncio.sleep(0)

        feed.send(message("one"))
        feed.send(message("two"))

        assert client.got == ["4one", "4two"]


async def test_a_client_that_reads_slowly_gets_everything_once_and_in_order() -> None:
    client = Client()
    feed = Feed(asyncio.Queue(), client.say)
    expected = [f"4{number}" for number in range(12)]
    async with background(written(feed, client)):
        await asyncio.sleep(0)
        for number in range(12):
            if number in {2, 5, 9}:
                client.reads.clear()
            if number in {4, 8}:
                client.reads.set()  # the writer has not run yet: nobody may overtake it
            if number in {3, 7}:
                await asyncio.sleep(0.01)
            feed.send(message(str(number)))
        assert len(client.got) < 12

        client.reads.set()
        await asyncio.sleep(0.01)
        assert client.got == expected
        feed.send(message("last"))

    assert client.got == [*expected, "4last"]


async def test_a_client_that_is_gone_is_left_to_the_writer() -> None:
    client, queue = Client(), asyncio.Queue[engine.Packet | None]()
    feed = Feed(queue, client.say)
    waiting = asyncio.create_task(feed.waiting())
    await asyncio.sleep(0)
    client.gone = True

    feed.send(message("never"))

    assert [each.data for each in await waiting] == ["never"]


@pytest.mark.one_engine
async def test_a_raw_socket_is_admitted_and_nothing_is_logged_as_an_error(
    server: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await world.physician("Alice Ahrens")
    name = cookie_name(world.settings)
    sent = {"Cookie": f"{name}={alice.browser.cookie(name)}", "Origin": server}
    address = f"{server.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"

    async with websockets.connect(address, additional_headers=sent, proxy=None) as raw:
        assert str(await raw.recv()).startswith("0")
        await raw.send("40")
        assert str(await raw.recv()).startswith("40")
        await asyncio.sleep(0.1)

    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
