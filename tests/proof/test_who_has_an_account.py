"""
T22: nobody learns from an answer whether somebody has an account.

For the timings Argon2id is made cheap, so that the rest of an answer counts for more, and how
often it runs is compared exactly.
"""

import gc
import random
import re
from collections.abc import Awaitable, Callable
from time import perf_counter

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from quart import Response

from portal import vault
from portal.accounts.models import Account, Throttle
from portal.core.actor import Secret
from tests.accounts.stories import ERIKA, erika_is_active, text_of
from tests.people import Browser, World
from tests.proof.ranks import probability
from tests.proof.strangers import KNOWN, UNKNOWN, signs_in

Asked = Callable[[Browser, str], Awaitable[Response]]


async def registers_with(browser: Browser, mail: str) -> Response:
    return await browser.post("/register", form=ERIKA | {"mail": mail})


async def enters_with(browser: Browser, mail: str) -> Response:
    form = {"mail": mail, "password": "a new walrus " + mail[4:6] + " each time", "kind": "patient"}
    return await browser.post("/register/short", form=form)


@pytest.mark.one_engine
@pytest.mark.parametrize("ask", [signs_in, registers_with, enters_with])
async def test_the_time_does_not_tell_whether_somebody_has_an_account(
    world: World, ask: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    await erika_is_active(world)
    derived = _cheaply(monkeypatch)

    times = await _timings(world, ask, 200, derived)
    p = probability(times[KNOWN], times[UNKNOWN])
    if p <= 0.01:
        # One run in a hundred looks like this by chance.  Four times as many, these included,
        # make a real difference plainer and a chance one vanish.
        more = await _timings(world, ask, 600, derived)
        p = probability(times[KNOWN] + more[KNOWN], times[UNKNOWN] + more[UNKNOWN])

    assert p > 0.01
    assert derived[KNOWN] == derived[UNKNOWN] > 0


async def _timings(
    world: World, ask: Asked, number: int, derived: dict[str, int]
) -> dict[str, list[float]]:
    """So many answers about each, in an order that chance decides."""
    times: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    order = [KNOWN, UNKNOWN] * number
    random.Random(5).shuffle(order)
    gc.disable()
    try:
        for mail in order:
            await Throttle.all().delete()
            await Account.filter(mail_mark=None).delete()
            browser = world.browser()
            before = derived["all"]
            start = perf_counter()
            await ask(browser, mail)
            times[mail].append(perf_counter() - start)
            derived[mail] += derived["all"] - before
    finally:
        gc.enable()
    return times


def _cheaply(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Argon2id with the least memory there is; counts how often it runs."""
    derived = {KNOWN: 0, UNKNOWN: 0, "all": 0}

    def derive(typed: str, salt: bytes, _cost: vault.Cost) -> Secret:
        derived["all"] += 1
        slow = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=4096)
        return Secret(slow.derive(typed.encode()))

    monkeypatch.setattr(vault, "derive", derive)
    return derived


def test_timings_that_differ_are_told_apart() -> None:
    chance = random.Random(3)
    same = [[chance.gauss(10, 1) for _ in range(200)] for _ in range(2)]
    slower = [each + 0.5 for each in same[1]]

    assert probability(*same) > 0.01
    assert probability(same[0], slower) < 0.001
    assert probability([1.0] * 50, [1.0] * 50) == 1.0


@pytest.mark.parametrize("ask", [signs_in, registers_with, enters_with])
async def test_status_and_words_do_not_tell_whether_somebody_has_an_account(
    world: World, ask: Asked
) -> None:
    await erika_is_active(world)

    known, unknown = await ask(world.browser(), KNOWN), await ask(world.browser(), UNKNOWN)

    assert known.status_code == unknown.status_code
    assert known.headers.get("Location") == unknown.headers.get("Location")
    words = [_words(await text_of(each)) for each in (known, unknown)]
    assert words[0] == words[1]


def _words(page: str) -> str:
    """The page without the address and what is new each time."""
    page = page.replace(KNOWN, "MAIL").replace(UNKNOWN, "MAIL")
    page = re.sub(r'name="ticket" value="[^"]*"|/mail/[0-9a-f-]{36}|(\d{5} ){5}\d{5}', "", page)
    return re.sub(r"\b([0-9A-Z*~$=]{5}-){4}[0-9A-Z*~$=]{5}", "", page)
