"""The whole portal, composed as in production, in a context that knows nothing of the tests."""

import asyncio
import socket
import time

import aiohttp

from portal.app import create_app
from portal.core.settings import Settings
from tests.serving import serving


async def test_the_portal_starts_answers_and_stops_within_a_second(
    settings: Settings, listener: socket.socket
) -> None:
    app = create_app(settings)
    async with aiohttp.ClientSession() as browser:
        async with serving(app, settings, listener) as url:
            answer = await browser.get(f"{url}/no-such-page")
            idle = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
            asked_to_stop = time.monotonic()
        took = time.monotonic() - asked_to_stop
        idle[1].close()

    assert answer.status == 404
    assert "Server" not in answer.headers
    assert took < 1
