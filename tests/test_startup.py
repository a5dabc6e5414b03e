"""The whole portal, composed as in production, in a context that knows nothing of the tests."""

import asyncio
import socket

import aiohttp

from portal.app import create_app
from portal.core.settings import Settings
from tests.serving import serving


async def test_the_portal_starts_answers_and_stops_although_somebody_stays(
    settings: Settings, listener: socket.socket
) -> None:
    app = create_app(settings)
    async with aiohttp.ClientSession() as browser:
        async with serving(app, settings, listener) as url:
            answer = await browser.get(f"{url}/no-such-page")
            idle = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
        idle[1].close()

    assert answer.status == 404
    assert "Server" not in answer.headers
