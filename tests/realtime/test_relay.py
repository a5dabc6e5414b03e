"""What other processes are told, when the server in between does not do its part."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self, cast
from uuid import uuid4

import pytest
import redis.asyncio

from cases.events import Invited
from cases.ids import CommunityId
from portal import accounts
from portal.app import create_app
from portal.core.actor import AccountId
from portal.core.db import announce, transaction
from portal.core.settings import Settings
from realtime import relay, server
from tests.serving import started


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


@pytest.mark.one_engine
async def test_what_a_room_commits_while_the_portal_stops_is_still_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[relay.Hint] = []
    last = Invited(AccountId(uuid4()), CommunityId(uuid4()))

    class Others:
        async def publish(self, hint: relay.Hint) -> None:
            told.append(hint)

    @asynccontextmanager
    async def relaying(_url: str, _hear: relay.Hear) -> AsyncIterator[Others]:
        yield Others()
        told.append({"name": "closed"})

    @asynccontextmanager
    async def keeping_house() -> AsyncIterator[None]:
        yield
        async with transaction():
            announce(last)

    monkeypatch.setattr(server, "relaying", relaying)
    monkeypatch.setattr(accounts, "keeping_house", keeping_house)

    async with started(create_app(settings)):
        pass

    assert [each["name"] for each in told] == ["invited", "closed"]
    assert told[0]["readers"] == [last.account.hex]


async def test_one_message_that_cannot_be_heard_ends_no_listening(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A database that is away for a moment, and what is no hint at all."""
    heard: list[relay.Hint] = []
    said = [
        b"no JSON",
        b"[]",
        b'{"name": "of nobody"}',
        b'{"process": "other", "name": "lost"}',
        b'{"process": "other", "name": "change"}',
    ]

    class Channel:
        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_fault: object) -> None:
            return None

        async def subscribe(self, _name: str) -> None:
            return None

        async def listen(self) -> AsyncIterator[dict[str, Any]]:
            for each in said:
                yield {"data": each}
            raise asyncio.CancelledError

    class Client:
        def pubsub(self, **_options: object) -> Channel:
            return Channel()

    async def hear(hint: relay.Hint) -> None:
        if hint["name"] == "lost":
            raise RuntimeError
        heard.append(hint)

    with pytest.raises(asyncio.CancelledError):
        await relay.ByRedis(cast("redis.asyncio.Redis", Client())).listen(hear)

    assert heard == [{"name": "change"}]
    assert "hint not heard: RuntimeError" in caplog.text
