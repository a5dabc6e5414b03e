"""Slow work runs beside the event loop, a few at once, and a flood is told to wait."""

import asyncio
import threading
from uuid import uuid4

import pytest

from portal import keys
from portal.core.errors import Busy
from portal.keys.slowness import Slots


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


async def test_few_derivings_of_one_account_go_on_at_once_and_the_others_wait_for_a_place() -> None:
    slots, gate, erika = Slots(), threading.Event(), uuid4()
    try:
        asked = [asyncio.ensure_future(slots.run_for(erika, gate.wait, 10)) for _ in range(9)]
        await asyncio.sleep(0.1)
        refused = [each for each in asked if each.done()]
        inside = slots._known._inside[erika]
    finally:
        gate.set()

    assert inside == 4, "two of six wait for those before them"
    assert len(refused) == 3
    assert all(isinstance(each.exception(), Busy) for each in refused)
    assert [await each for each in asked if each not in refused] == [True] * 6
    await all_have_left(slots)


async def all_have_left(slots: Slots) -> None:
    async with asyncio.timeout(5):
        while slots._known._inside:
            await asyncio.sleep(0.01)


async def test_however_many_accounts_ask_strangers_keep_their_places_and_the_other_way_round() -> (
    None
):
    slots, gate = Slots(), threading.Event()
    try:
        known = [asyncio.ensure_future(slots.run_for(uuid4(), gate.wait, 10)) for _ in range(40)]
        await asyncio.sleep(0)
        strangers = [asyncio.ensure_future(slots.run(gate.wait, 10)) for _ in range(36)]
        await asyncio.sleep(0.1)
        one_more = asyncio.ensure_future(slots.run_for(uuid4(), gate.wait, 10))
        await asyncio.sleep(0)
        assert not any(each.done() for each in [*known, *strangers, one_more])
    finally:
        gate.set()
    assert await asyncio.gather(*known, *strangers, one_more) == [True] * 77


async def test_whoever_leaves_while_a_key_is_derived_for_them_keeps_the_place_until_it_is() -> None:
    slots, gate, erika = Slots(), threading.Event(), uuid4()
    try:
        asked = [asyncio.ensure_future(slots.run_for(erika, gate.wait, 10)) for _ in range(4)]
        await asyncio.sleep(0.1)
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        await asyncio.sleep(0.05)
        assert slots._known._inside[erika] == 4
    finally:
        gate.set()
    await all_have_left(slots)


async def test_the_loop_goes_on_meanwhile() -> None:
    gate = threading.Event()
    working = asyncio.ensure_future(keys.slow(gate.wait, 10))

    await asyncio.sleep(0)
    gate.set()

    assert await working is True
