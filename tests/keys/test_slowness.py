"""Slow work runs beside the event loop, a few at once, and a flood is told to wait."""

import asyncio
import threading

import pytest

from portal import keys
from portal.core.errors import Busy
from portal.keys.slowness import Door, Slots


async def test_the_result_and_the_failure_come_back() -> None:
    def fails() -> None:
        raise KeyError("reason")

    assert await keys.slow(divmod, 7, 3) == (2, 1)
    with pytest.raises(KeyError, match="reason"):
        await keys.slow(fails)


async def test_at_most_four_at_once_and_thirty_two_waiting_then_busy() -> None:
    slots, gate, lock = Slots(), threading.Event(), threading.Lock()
    running: list[int] = []
    most: list[int] = []

    def work() -> str:
        with lock:
            running.append(1)
            most.append(len(running))
        gate.wait(10)
        with lock:
            running.pop()
        return "done"

    try:
        waiting = [asyncio.ensure_future(slots.run(work)) for _ in range(36)]
        await asyncio.sleep(0)
        with pytest.raises(Busy) as refused:
            await slots.run(work)
    finally:
        gate.set()

    assert await asyncio.gather(*waiting) == ["done"] * 36
    assert max(most) == 4
    assert refused.value.details["retry_after"] > 0
    assert await slots.run(work) == "done"


async def test_whoever_gives_up_waiting_frees_the_place() -> None:
    slots, gate = Slots(at_once=1, queue=1), threading.Event()
    try:
        first = asyncio.ensure_future(slots.run(gate.wait, 10))
        second = asyncio.ensure_future(slots.run(gate.wait, 10))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await slots.run(gate.wait, 10)

        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        third = asyncio.ensure_future(slots.run(gate.wait, 10))
        await asyncio.sleep(0)
        assert not third.done()
    finally:
        gate.set()
    assert [await first, await third] == [True, True]


async def test_the_loop_goes_on_meanwhile() -> None:
    gate = threading.Event()
    working = asyncio.ensure_future(keys.slow(gate.wait, 10))

    await asyncio.sleep(0)
    gate.set()

    assert await working is True


def test_a_door_lets_so_many_in_and_sends_the_others_away_at_once() -> None:
    door = Door(most=2)

    with door.entered(), door.entered(), pytest.raises(Busy) as refused, door.entered():
        pass
    with door.entered():
        pass

    assert refused.value.details["retry_after"] >= 1
