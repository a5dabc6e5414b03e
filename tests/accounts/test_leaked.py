"""The list of leaked passwords: what is on it is refused, however it is dressed up."""

import random
import tracemalloc

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from portal.accounts import passwords
from portal.accounts.errors import WeakPassword
from portal.accounts.leaked import HEAD, LIST, ONE_IN, is_leaked, made_of


def test_everything_on_the_list_is_found() -> None:
    assert all(is_leaked(each) for each in FREQUENCY_LISTS["passwords"])


def test_the_shipped_file_is_the_one_the_script_makes() -> None:
    assert LIST.read_bytes() == made_of(FREQUENCY_LISTS["passwords"])


@pytest.mark.parametrize(
    "dressed_up",
    ["SonyEricsson", "sonyericsson2026!", "!!sonyericsson", "s0ny3ricss0n", "123456qwerty"],
)
async def test_the_usual_decoration_does_not_help(dressed_up: str) -> None:
    assert is_leaked(dressed_up)
    with pytest.raises(WeakPassword):
        await passwords.check(dressed_up, "patient")


def test_good_passwords_are_mistaken_as_rarely_as_promised() -> None:
    chance = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz"
    tried = 40_000
    wrong = sum(is_leaked("".join(chance.choices(letters, k=16))) for _ in range(tried))

    # Four spellings each, of which most are the same: two expected mistakes at the very most.
    assert wrong <= 4 * tried / ONE_IN + 3


def test_the_list_costs_no_more_memory_than_its_file() -> None:
    tracemalloc.start()
    is_leaked("walrus")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert LIST.stat().st_size < 100_000 + HEAD.size
    assert peak < 50_000


async def test_eight_characters_are_enough_beside_a_second_factor() -> None:
    for kind in ("patient", "professional"):
        await passwords.check("kuh7Mond", kind, second_factor=True)
        with pytest.raises(WeakPassword):
            await passwords.check("kuh7Mon", kind, second_factor=True)
        with pytest.raises(WeakPassword):
            await passwords.check("kuh7Mond", kind)
        with pytest.raises(WeakPassword):
            await passwords.check("password", kind, second_factor=True)


async def test_two_hundred_characters_are_fine_and_one_more_is_not() -> None:
    sentence = "a walrus paints quiet bridges over grey northern water " * 4
    await passwords.check(sentence[:200], "professional")
    with pytest.raises(WeakPassword):
        await passwords.check(sentence[:201], "professional")
