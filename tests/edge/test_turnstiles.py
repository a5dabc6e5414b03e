"""A few places, served fairly: nobody waits for those who ask for most."""

import asyncio

import pytest

from portal.core.errors import Busy
from portal.edge import Turnstile


async def test_free_places_go_round_the_people_who_wait() -> None:
    turnstile, served = Turnstile[str](each=10, all_=1, waiting=100), list[str]()

    async def works(whose: str) -> None:
        with await turnstile.through(whose):
            served.append(whose)
            await asyncio.sleep(0)

    await asyncio.gather(*(works(whose) for whose in "aaaaabbc"))

    assert "".join(served) == "abcabaaa"


async def test_of_two_places_one_person_has_one_and_a_short_queue() -> None:
    turnstile, inside, most = Turnstile[str](each=3, all_=2, waiting=100), 0, 0

    async def works() -> None:
        nonlocal inside, most
        with await turnstile.through("a"):
            inside, most = inside + 1, max(most, inside + 1)
            await asyncio.sleep(0.01)
            inside -= 1

    done = await asyncio.gather(*(works() for _ in range(6)), return_exceptions=True)

    assert most == 1
    assert sum(isinstance(each, Busy) for each in done) == 3
    await works()


async def test_whoever_leaves_the_queue_leaves_no_place_taken() -> None:
    turnstile = Turnstile[str](each=5, all_=1, waiting=5)

    async def works(seconds: float) -> None:
        with await turnstile.through("a" if seconds else "b"):
            await asyncio.sleep(seconds)

    for moment in (0, 0.01):
        tasks = [asyncio.create_task(works(10)) for _ in range(4)]
        await asyncio.sleep(moment)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    await asyncio.wait_for(works(0), 1)


async def test_a_place_that_comes_as_its_owner_gives_up_goes_to_the_next() -> None:
    turnstile = Turnstile[str](each=1, all_=1, waiting=5)
    with await turnstile.through("a"):
        gone = asyncio.create_task(turnstile.through("b"))
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    with await asyncio.wait_for(turnstile.through("c"), 1), pytest.raises(Busy):
        await turnstile.through("c")
