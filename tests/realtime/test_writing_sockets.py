"""What a socket's writer is given, and that admitting a socket reports no fault."""

import asyncio
import logging

import pytest
import websockets
from engineio import packet as engine

from portal.core.web import cookie_name
from realtime.fanout import _waiting_packets
from tests.people import World


async def test_everything_that_waits_is_given_at_once_and_in_order() -> None:
    queue: asyncio.Queue[engine.Packet | None] = asyncio.Queue()
    sent = [engine.Packet(engine.MESSAGE, text) for text in ("one", "two", "three")]
    for each in sent:
        queue.put_nowait(each)

    assert await _waiting_packets(queue) == sent


async def test_the_end_comes_after_what_was_to_be_said_before_it() -> None:
    queue: asyncio.Queue[engine.Packet | None] = asyncio.Queue()
    last = engine.Packet(engine.MESSAGE, "last")
    queue.put_nowait(last)
    queue.put_nowait(None)

    assert await _waiting_packets(queue) == [last]
    assert await _waiting_packets(queue) == []


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
