"""What other processes are told, when the server in between does not do its part."""

import asyncio

import pytest
import redis.asyncio

from realtime import relay


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes what is said and answers nothing, until the other side hangs up."""
    while await reader.read(1024):
        pass
    writer.close()


async def test_a_redis_that_never_answers_holds_up_no_post(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay, "PUBLISH_SECONDS", 0.1)
    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = redis.asyncio.from_url(f"redis://127.0.0.1:{port}")
    try:
        async with asyncio.timeout(3):
            await relay.ByRedis(client).publish({"name": "change"})
    finally:
        await client.aclose()
        server.close()
        await server.wait_closed()

    assert "hint not relayed: TimeoutError" in caplog.text
