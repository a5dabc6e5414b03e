"""A database that was closed stays closed: nothing of it outlives the loop it was opened in."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tortoise.exceptions import DBConnectionError

from portal.app import MODELS
from portal.core.db import Database
from portal.storing.models import Usage

Late = Callable[[asyncio.Event], Awaitable[object]]


async def _asks_after(gate: asyncio.Event) -> int:
    """A query that chose its connection while there was one, and asks when there is none."""
    query = Usage.all().count()
    await gate.wait()
    return await query


async def _asks_for_ever(_gate: asyncio.Event) -> None:
    while True:
        await Usage.all().count()


async def _story(url: str, late: Late) -> object:
    database, gate = Database(url, MODELS), asyncio.Event()
    await database.open()
    with database.current():
        asking = asyncio.ensure_future(late(gate))
        await asyncio.sleep(0.005)
    await database.close()
    gate.set()
    return (await asyncio.gather(asking, return_exceptions=True))[0]


def _workers() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if "_connection_worker_thread" in each.name}


def _left(before: set[threading.Thread]) -> set[threading.Thread]:
    """Those that came since and do not end by themselves."""
    new = _workers() - before
    for each in new:
        each.join(5)
    return {each for each in new if each.is_alive()}


@pytest.mark.one_engine
async def test_a_query_that_comes_too_late_is_refused(database_url: str) -> None:
    assert isinstance(await _story(database_url, _asks_after), DBConnectionError)


def _run(url: str, late: Late, steps: int) -> None:
    """The story in a loop of its own, which ends without waiting for whoever asks late."""

    async def cut_short() -> object:
        database, gate = Database(url, MODELS), asyncio.Event()
        await database.open()
        with database.current():
            asking = asyncio.ensure_future(late(gate))
            await asyncio.sleep(0.002)
        await database.close()
        gate.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        return asking

    asyncio.run(cut_short())


@pytest.mark.one_engine
@pytest.mark.parametrize("late", [_asks_after, _asks_for_ever])
async def test_queries_cut_short_by_the_end_of_their_loop_leave_no_thread(
    database_url: str, late: Late
) -> None:
    """
    aiosqlite's thread answers into the loop that asked; into a closed loop it dies with a fault.

    Before, Tortoise connected anew for whoever came late, and nobody ever closed that connection.
    """
    before, faults = _workers(), list[object]()
    threading.excepthook, hook = faults.append, threading.excepthook
    try:
        for steps in range(6):
            await asyncio.to_thread(_run, database_url, late, steps)
    finally:
        threading.excepthook = hook

    assert faults == []
    assert _left(before) == set()


@pytest.mark.one_engine
async def test_a_database_that_does_not_open_leaves_no_connection(tmp_path: Path) -> None:
    before = _workers()
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)

    with pytest.raises(Exception, match="not a database"):
        await Database(f"sqlite://{tmp_path / 'broken.db'}", MODELS).open()

    assert _left(before) == set()
