"""Whoever goes away in the middle of something leaves the database to the others."""

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from portal.core.db import Database, announce, transaction
from portal.core.events import listening
from portal.storing.models import Usage


@dataclass(frozen=True, slots=True)
class Written:
    """A row was."""

    account: UUID


async def _writes() -> None:
    async with transaction():
        row = await Usage.create(account=uuid4(), used=1)
        await Usage.all().update(used=2)
        announce(Written(row.account))


@pytest.mark.parametrize("steps", range(24))
async def test_a_visitor_who_leaves_at_any_moment_blocks_nobody(
    database: Database, steps: int
) -> None:
    for pause in (0.0, 0.0005):
        leaving = asyncio.create_task(_writes())
        for _ in range(steps):
            await asyncio.sleep(pause)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)

    async with asyncio.timeout(5):
        await _writes()
        assert {row.used for row in await Usage.all()} == {2}


@pytest.mark.parametrize("steps", range(40))
async def test_what_is_written_is_told_although_the_visitor_left_at_any_moment(
    database: Database, steps: int
) -> None:
    heard, told = set(), asyncio.Event()

    async def listener(written: Written) -> None:
        await asyncio.sleep(0)
        heard.add(written.account)
        told.set()

    with listening(Written, listener):
        for pause in (0.0, 0.0005):
            leaving = asyncio.create_task(_writes())
            for _ in range(steps):
                await asyncio.sleep(pause)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)

        written = {row.account for row in await Usage.all()}
        async with asyncio.timeout(5):
            while not written <= heard:
                told.clear()
                await told.wait()
