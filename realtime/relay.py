"""
Carrying hints to the other processes of this installation.

Without Redis this is the only process.  With it, every process publishes what it tells its own
sockets, and passes on what the others publish: ids only, nothing that anybody could read.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, Protocol
from uuid import uuid4

import redis.asyncio
from redis.exceptions import RedisError

from portal.core.background import background

log = logging.getLogger(__name__)

CHANNEL: Final = "hds:hints"
RETRY_SECONDS: Final = 1.0
PUBLISH_SECONDS: Final = 2.0
"""A post waits no longer than this for a Redis that takes the connection and does not answer."""

Hint = dict[str, Any]
Hear = Callable[[Hint], Awaitable[None]]


class Relay(Protocol):
    """Something that tells the other processes."""

    async def publish(self, hint: Hint) -> None:
        """
        Tell every other process; losing a hint is no harm.

        Pages catch up by `since`, and sockets that must end are found by each process's sweep.
        """


class Alone:
    """There are no other processes."""

    async def publish(self, hint: Hint) -> None:
        """Nobody else to tell."""


class ByRedis:
    """Publishes on one channel and hears everybody but itself."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._me = uuid4().hex

    async def publish(self, hint: Hint) -> None:
        """Tell the others; while Redis is away, pages find out by asking within a minute."""
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._client.publish(CHANNEL, json.dumps({**hint, "process": self._me}))
        except (RedisError, OSError) as error:  # a TimeoutError is an OSError
            log.warning("hint not relayed: %s", type(error).__name__)

    async def listen(self, hear: Hear) -> None:
        """Pass on what the others publish, for ever; a lost connection is made anew."""
        while True:
            try:
                async with self._client.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        await self._pass_on(message["data"], hear)
            except (RedisError, OSError) as error:
                log.warning("relay lost: %s", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _pass_on(self, data: str | bytes, hear: Hear) -> None:
        """One message; whatever is wrong with it, or with the database just now, ends with it."""
        try:
            hint = json.loads(data)
            if hint.pop("process") != self._me:
                await hear(hint)
        except Exception as error:  # noqa: BLE001 -- an edge: pages catch up, the next hint counts
            log.error("hint not heard: %s", type(error).__name__)  # noqa: TRY400


@asynccontextmanager
async def relaying(redis_url: str, hear: Hear) -> AsyncIterator[Relay]:
    """A relay for as long as the block lasts; *hear* gets what other processes say."""
    if not redis_url:
        yield Alone()
        return
    client = redis.asyncio.from_url(redis_url)
    relay = ByRedis(client)
    async with aclosing(client), background(relay.listen(hear)):
        yield relay
