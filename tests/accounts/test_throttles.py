import asyncio
from datetime import timedelta

import pytest

from portal.accounts import throttles
from portal.accounts.errors import TooManyTries
from portal.accounts.models import Throttle
from portal.accounts.throttles import Limit
from tests.people import World

LIMIT = Limit("test")


def test_ten_tries_are_free_then_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [LIMIT.wait(tries).total_seconds() for tries in range(1, 25)]

    assert waits[:9] == [0] * 9
    assert waits[9:19] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900]
    assert set(waits[19:]) == {900}
    assert LIMIT.wait(10_000).total_seconds() == 900


async def test_parallel_tries_are_all_counted(world: World) -> None:
    async def attempt() -> bool:
        try:
            await throttles.count(LIMIT, "erika")
        except TooManyTries:
            return False
        return True

    allowed = await asyncio.gather(*(attempt() for _ in range(30)))

    assert sum(allowed) <= 10
    row = await Throttle.get(mark=LIMIT.mark("erika"))
    assert row.tries == sum(allowed)


async def test_one_thing_does_not_slow_another(world: World) -> None:
    for _ in range(10):
        await throttles.count(LIMIT, "erika")

    with pytest.raises(TooManyTries) as refused:
        await throttles.count(LIMIT, "erika")
    await throttles.count(LIMIT, "ada")
    await throttles.count(Limit("other"), "erika")

    assert 1 <= refused.value.details["retry_after"] <= 2


async def test_what_was_right_is_given_back_and_what_is_old_forgotten(world: World) -> None:
    for _ in range(9):
        await throttles.count(LIMIT, "erika")
    for _ in range(5):
        await throttles.count(LIMIT, "erika")
        await throttles.give_back(LIMIT, "erika")
    for _ in range(3):
        await throttles.give_back(LIMIT, "nobody ever tried")
    row = await Throttle.get()
    assert row.tries == 9

    row.last_at -= timedelta(hours=25)
    await row.save()
    for _ in range(10):
        await throttles.count(LIMIT, "erika")
    row = await Throttle.get()
    row.last_at -= timedelta(days=3)
    await row.save()
    await throttles.sweep()
    assert not await Throttle.exists()
