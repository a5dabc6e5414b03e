"""Taking turns at looking through the store: a part at a time, one process at a time."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from portal import storing
from portal.core.actor import AccountId
from portal.core.db import Database, now
from portal.storing import Room
from portal.storing.models import SweepTurn
from portal.storing.store import PARTS
from portal.storing.sweeping import ORPHAN_AGE, take_turn

Looks = list[int]


class Watched(storing.FolderStore):
    """A store that remembers which parts were looked through."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, room=lambda _: Room(2**40, 2**40))
        self.looks: Looks = []
        self.folder = folder

    async def older_than(self, seconds: float, now: float, part: int) -> list[UUID]:
        self.looks.append(part)
        return await super().older_than(seconds, now, part)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Watched:
    return Watched(tmp_path / "objects")


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


@pytest.mark.parametrize("wrong", [timedelta(hours=-3), timedelta(hours=3), timedelta(days=900)])
async def test_a_node_whose_clock_is_wrong_takes_nothing_that_another_one_needs(
    store: Watched, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    """F29: what is being read, what is about to be kept and what is being written all stay."""
    account, holding = AccountId(uuid4()), uuid4()
    read, coming, left = [UUID(bytes=bytes(1) + uuid4().bytes[1:]) for _ in range(3)]
    for each in (read, coming):
        await storing.write(store, storing.Payer(account, None), holding, each, b"needed")
    await storing.keep(account, holding, {read: 6}, None)
    await storing.let_go([read])
    await store.put(left, b"as young as the others, and nobody knows it")
    writing = store.folder / "00" / "00" / f"{uuid4().hex}#1"
    writing.parent.mkdir(parents=True, exist_ok=True)
    writing.write_bytes(b"half of somet")

    monkeypatch.setattr("portal.core.db.now", lambda: datetime.now(UTC) + wrong)
    monkeypatch.setattr(time, "time", lambda real=time.time: real() + wrong.total_seconds())
    for _ in range(2):
        await take_turn(store)
        await _time_passes()

    assert [await store.get(each) for each in (read, coming)] == [b"needed", b"needed"]
    assert await store.get(left)
    assert writing.exists()
    await storing.keep(account, holding, {coming: 6}, None)
    monkeypatch.undo()
    assert await storing.sweep(store, at=now() + timedelta(minutes=11)) == 1
    with pytest.raises(FileNotFoundError):
        await store.get(read)


async def test_a_turn_takes_a_bounded_number(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding, account = uuid4(), AccountId(uuid4())
    for _ in range(7):
        await storing.write(store, storing.Payer(account, None), holding, uuid4(), b"deleted")
    await storing.let_go_of(holding)
    module = sys.modules[take_turn.__module__]
    monkeypatch.setattr(module, "BATCH", 2)
    monkeypatch.setattr(module, "BATCHES", 2)

    counts = [await storing.sweep(store, parts=[]) for _ in range(3)]

    assert counts == [4, 3, 0]


async def test_what_rows_rely_on_and_is_not_there_is_reported(
    store: Watched, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[take_turn.__module__], "BATCH", 2)
    holding, account = uuid4(), AccountId(uuid4())
    ids = sorted(UUID(bytes=bytes(1) + uuid4().bytes[1:]) for _ in range(5))
    elsewhere = UUID(bytes=b"\1" + uuid4().bytes[1:])
    for each in (*ids, elsewhere):
        await storing.write(store, storing.Payer(account, None), holding, each, b"kept")
    await storing.keep(account, holding, dict.fromkeys((*ids[1:], elsewhere), 4), None)
    for each in (ids[0], ids[1], ids[4], elsewhere):
        await store.delete(each)

    await take_turn(store)

    lost = [f"stored object missing: {each} of {holding}" for each in (ids[1], ids[4])]
    assert [each.getMessage() for each in caplog.records if each.levelname == "CRITICAL"] == lost
    assert await storing.missing(store, 1) == [(elsewhere, holding)]


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
