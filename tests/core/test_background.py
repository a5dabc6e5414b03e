"""Background work starts with its block and ends with it, whatever it is doing."""

import asyncio

from portal.core.background import background


async def test_work_runs_while_the_block_lasts_and_no_longer() -> None:
    ticks: list[int] = []

    async def tick() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)

    async with background(tick()):
        await asyncio.sleep(0.05)
    seen = len(ticks)
    await asyncio.sleep(0.05)

    assert seen > 1
    assert len(ticks) == seen


async def test_work_that_loses_a_cancellation_is_cancelled_again() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost > 2:
                    raise

    async with asyncio.timeout(5):
        async with background(stubborn()):
            await asyncio.sleep(0)

    assert lost == 3


async def test_work_that_has_ended_by_itself_holds_nothing_up() -> None:
    async with background(asyncio.sleep(0)):
        await asyncio.sleep(0.01)
