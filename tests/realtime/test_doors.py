"""Web sockets have one address; at every other one a stranger is sent away without a word."""

import logging

import aiohttp
import pytest

pytestmark = pytest.mark.one_engine


@pytest.mark.parametrize("path", ["/", "/sign-in", "/cases/x", "/socket.io", "/socket.iox/"])
async def test_no_socket_opens_anywhere_else_and_nothing_is_written_about_it(
    server: str, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.WARNING)
    async with aiohttp.ClientSession(headers={"Origin": server}) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{server}{path}?EIO=4&transport=websocket")

    assert refused.value.status == 403
    assert caplog.records == []
