"""The children: limited, replaced when they fail, and never the end of their neighbours' work."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import numpy as np
import psutil
import pytest

from tests.viewer.dicom.making import image
from viewer.dicom import Canonical, Frame, Header, Pool, PoolFull, Reason, Refused, Undecodable

HOGGING = "tests.viewer.dicom.hogging"


@pytest.fixture
async def hostile(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pool]:
    monkeypatch.setenv("HDS_SECRET", "canary")
    async with Pool(child=HOGGING) as pool:
        yield pool


async def test_one_file_that_kills_the_child_does_not_take_its_neighbours_down(
    hostile: Pool,
) -> None:
    good = image()

    answers = await hostile.inspect([good, b"DIE now", good, b"LIE now", good])

    assert [type(answer) for answer in answers] == [Header, Refused, Header, Refused, Header]
    assert answers[1] == answers[3] == Refused(Reason.CRASHED)


async def test_a_file_that_computes_without_end_is_stopped_by_its_processor_limit(
    hostile: Pool,
) -> None:
    answers = await hostile.inspect([b"SPIN", image()])

    assert answers[0] == Refused(Reason.TIMEOUT)
    assert isinstance(answers[1], Header)


async def test_a_file_that_wants_too_much_memory_is_refused_and_the_next_one_is_read(
    hostile: Pool,
) -> None:
    answers = await hostile.inspect([b"EAT it all", image()])

    assert answers[0] == Refused(Reason.MEMORY)
    assert isinstance(answers[1], Header)


async def test_a_child_can_open_no_file_and_no_socket_and_knows_no_secret(hostile: Pool) -> None:
    answers = await hostile.inspect([b"TRY everything"])

    assert answers == [Refused(Reason.EMPTY, "")]


async def test_a_child_that_sleeps_is_replaced_after_the_wall_time() -> None:
    async with Pool(wall_seconds=5) as pool:
        assert isinstance((await pool.inspect([image()]))[0], Header)
        sleeper = _child()
        pool._wall = 0.5
        pool._idle[0][1]._wall = 0.5
        os.kill(sleeper.pid, signal.SIGSTOP)

        found = await pool.canonical(image())

        assert found == Undecodable(Reason.TIMEOUT)
        assert not sleeper.is_running()


async def test_a_child_killed_in_the_middle_of_a_task_is_an_answer_and_no_error() -> None:
    frames: list[Frame] = []

    async def keep(frame: Frame) -> None:
        frames.append(frame)
        if frame.index == 0:
            os.kill(_child().pid, signal.SIGKILL)

    async with Pool() as pool:
        many = image(np.random.default_rng(1).integers(0, 4096, (60, 256, 256), np.uint16))
        killed = await pool.canonical(many, keep)
        again = await pool.canonical(image())

    assert killed == Undecodable(Reason.CRASHED)
    assert len(frames) < 60
    assert isinstance(again, Canonical)


async def test_frames_are_handed_over_one_by_one_and_not_collected() -> None:
    kept: list[int] = []

    async def keep(frame: Frame) -> None:
        await asyncio.sleep(0)
        kept.append(frame.index)

    async with Pool() as pool:
        found = await pool.canonical(image(np.zeros((12, 16, 16), np.uint16)), keep)

    assert isinstance(found, Canonical)
    assert kept == list(range(12))
    assert found.frames == ()


async def test_a_caller_who_fails_while_keeping_gets_the_error_and_the_pool_lives_on() -> None:
    async def full_disk(_: Frame) -> None:
        raise OSError("disk full")

    async with Pool() as pool:
        with pytest.raises(OSError, match="disk full"):
            await pool.canonical(image(), full_disk)

        assert isinstance((await pool.inspect([image()]))[0], Header)


async def test_a_caller_who_goes_away_leaves_the_pool_usable() -> None:
    async with Pool() as pool:
        await pool.inspect([image()])
        task = asyncio.create_task(pool.canonical(image(np.zeros((200, 256, 256), np.uint16))))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert isinstance(await pool.canonical(image()), Canonical)


async def test_several_callers_share_the_children_and_too_many_are_turned_away() -> None:
    async with Pool(queue=2) as pool:
        calls = [asyncio.create_task(pool.inspect([image()])) for _ in range(4)]
        results = await asyncio.gather(*calls, return_exceptions=True)

    assert [isinstance(result, PoolFull) for result in results].count(True) == 1
    assert sum(isinstance(result, list) for result in results) == 3


async def test_no_child_is_left_when_the_pool_is_closed() -> None:
    async with Pool() as pool:
        await pool.inspect([image()])
        child = _child()

    assert not child.is_running()
    assert await pool.inspect([image()]) == [Refused(Reason.CRASHED)]


async def test_a_large_file_comes_in_pieces_and_in_batches() -> None:
    data = image(np.random.default_rng(1).integers(0, 4096, (30, 512, 512), np.uint16))
    pieces = [
        memoryview(data)[start : start + 4_000_000] for start in range(0, len(data), 4_000_000)
    ]

    async with Pool() as pool:
        answers = await pool.inspect([pieces, data, image()] * 2)
        found = await pool.canonical(pieces)

    assert all(isinstance(answer, Header) for answer in answers)
    assert isinstance(found, Canonical)
    assert found.size == len(data)


def _child() -> psutil.Process:
    children = psutil.Process().children()
    found = [child for child in children if "viewer.dicom.child" in child.cmdline()]
    return max(found, key=lambda child: child.create_time())
