"""What other processes are told, when the server in between does not do its part."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
