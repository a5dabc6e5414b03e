import asyncio
from datetime import timedelta

import pytest
from quart import Quart

from portal import edge
from portal.accounts import throttles
from portal.accounts.errors import TooManyTries
from portal.accounts.models import Throttle
from portal.accounts.throttles import Limit
from portal.core.language import gettext, speaking
from tests.accounts.stories import ERIKA, registers
from tests.people import PASSWORD, World

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


async def test_a_full_house_sends_away_whoever_would_make_work_before_anything_is_counted(
    app: Quart, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S29: a flood of registrations or codes is no other than one of passwords."""
    erika = await world.patient("Erika Beispiel")
    browser = world.browser()
    await registers(browser)
    link = await world.link_for(ERIKA["mail"])
    before = await Throttle.all().order_by("mark").values()
    monkeypatch.setattr(app.asgi_app, "admission", edge.Admission(most=0))

    answers = {
        path: await browser.post(path, form=form)
        for path, form in {
            "/sign-in": {"mail": erika.mail, "password": PASSWORD},
            "/register": ERIKA | {"mail": "otto@example.test"},
            "/register/short": {
                "mail": "otto@example.test", "password": PASSWORD, "kind": "patient",
                "language": "en",
            },
            link: {"code": erika.code, "password": PASSWORD},
            "/forgotten": {"mail": erika.mail, "code": erika.code, "password": PASSWORD},
        }.items()
    }  # fmt: skip

    assert {path: each.status_code for path, each in answers.items()} == dict.fromkeys(answers, 429)
    assert all(int(each.headers["Retry-After"]) >= 1 for each in answers.values())
    assert all("Content-Security-Policy" in each.headers for each in answers.values())
    assert await Throttle.all().order_by("mark").values() == before
    assert (await erika.browser.get("/profile")).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (1, "wait 1 second and", "warten Sie 1 Sekunde und"),
        (30, "wait 30 seconds and", "warten Sie 30 Sekunden und"),
        (121, "wait 3 minutes and", "warten Sie 3 Minuten und"),
        (900, "wait 15 minutes and", "warten Sie 15 Minuten und"),
        (21_600, "wait 6 hours and", "warten Sie 6 Stunden und"),
    ],
)
def test_how_long_to_wait_is_said_in_words_that_fit(
    seconds: int, english: str, german: str
) -> None:
    for language, words in (("en", english), ("de", german)):
        with speaking(language):
            error = TooManyTries(retry_after=seconds)
            assert words in gettext(error.message, **error.details)
