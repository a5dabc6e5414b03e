"""Whoever goes away in the middle of something leaves the database to the others."""

import asyncio
from uuid import uuid4

import pytest

from portal.core.db import Database, transaction
from portal.storing.models import Usage


async def _writes() -> None:
    async with transaction():
        await Usage.create(account=uuid4(), used=1)
        await Usage.all().update(used=2)


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
