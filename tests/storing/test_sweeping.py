"""Taking turns at looking through the store: a part at a time, one process at a time."""

import asyncio
import os
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from portal import storing
from portal.core.db import Database, now
from portal.core.settings import Settings
from portal.storing import Room
from portal.storing.models import SweepTurn
from portal.storing.store import PARTS
from portal.storing.sweeping import ORPHAN_AGE, take_turn

Looks = list[int]


class Watched(storing.Store):
    """A store that remembers which parts were looked through."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, room=lambda _: Room(2**40, 2**40))
        self.looks: Looks = []

    async def older_than(self, seconds: float, now: float, part: int) -> list[UUID]:
        self.looks.append(part)
        return await super().older_than(seconds, now, part)


@pytest.fixture
def store(settings: Settings, database: Database, tmp_path: Path) -> Watched:
    return Watched(replace(settings, object_folder=tmp_path / "objects"))


async def _time_passes() -> None:
    await SweepTurn.all().update(due_at=now() - timedelta(seconds=1))


async def test_many_processes_look_at_one_part_once(store: Watched) -> None:
    for turn in range(3):
        taken = await asyncio.gather(*(take_turn(store) for _ in range(8)))
        assert sum(taken) == 1
        assert store.looks == list(range(turn + 1))
        await _time_passes()


async def test_a_turn_comes_when_it_is_due_and_not_before(store: Watched) -> None:
    assert await take_turn(store)
    assert not await take_turn(store)
    await _time_passes()
    assert await take_turn(store)


async def test_a_process_that_dies_in_its_turn_leaves_the_part_to_the_next(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_args: object, **_more: object) -> int:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules[take_turn.__module__], "sweep", dies)
        with pytest.raises(asyncio.CancelledError):
            await take_turn(store)

    assert not await take_turn(store), "its lease lasts"
    await _time_passes()
    assert await take_turn(store)
    assert store.looks == [0]


async def test_a_round_of_turns_removes_every_leftover_and_holds_one_part_at_a_time(
    store: Watched, tmp_path: Path
) -> None:
    ids = [UUID(bytes=bytes([number % PARTS]) + uuid4().bytes[1:]) for number in range(2 * PARTS)]
    for each in ids:
        await store.put(each, b"left over")
        path = tmp_path / "objects" / each.hex[:2] / each.hex[2:4] / each.hex
        long_ago = time.time() - 2 * ORPHAN_AGE.total_seconds()
        os.utime(path, (long_ago, long_ago))
    assert len(await store.older_than(3600, time.time(), 7)) == 2

    for _ in range(PARTS):
        await take_turn(store)
        await _time_passes()

    assert sorted(store.looks[1:]) == list(range(PARTS))
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []
