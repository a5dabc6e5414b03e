"""T23: guesses have an end, wherever they are made."""

import asyncio
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from quart import Response

from portal import accounts, mailing, vault
from portal.accounts.factors.devices import remember
from portal.accounts.factors.entering import ASKED_FROM
from portal.accounts.factors.models import Challenge
from portal.accounts.models import Account, Throttle
from portal.accounts.throttles import MOST_IN_A_ROW
from portal.core.actor import Secret
from portal.core.db import now
from portal.core.errors import Busy
from portal.core.settings import Settings
from portal.keys import wraps
from portal.keys.slowness import slow
from tests.accounts.factors.stories import gives_password, sets_up_an_app, shows
from tests.accounts.losing import NEW, forgets
from tests.accounts.stories import ADA, PASSWORD, erika_is_active, registers, text_of
from tests.people import PASSWORD as PEOPLES
from tests.people import Person, World
from tests.proof.strangers import KNOWN, UNKNOWN, WRONG, signs_in

NODES: Final = 3
TRIES: Final = 999
FREE: Final = 10
ROOT: Final = Path(__file__).parents[2]

JSON: Final = {"Accept": "application/json"}


async def test_guesses_at_several_processes_are_counted_together(settings: Settings) -> None:
    """T23: three processes, a thousand tries at once; and one that starts afterwards."""
    taken = await asyncio.gather(*(_process(settings, TRIES // NODES) for _ in range(NODES)))
    later = await _process(settings, 20)

    assert 1 <= sum(taken) <= FREE + NODES
    assert later <= 1, "a restart forgets nothing"


async def _process(settings: Settings, tries: int) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.proof.guessers", settings.database_url),
        *(str(settings.key_folder), str(tries)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return int(said)


async def test_after_a_hundred_wrong_passwords_guessing_is_over(world: World) -> None:
    """The owner is told once; a device of theirs, and the Pass, still lead in."""
    await erika_is_active(world)
    await signs_in(world.browser(), KNOWN)
    await signs_in(world.browser(), UNKNOWN)
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW - 1)
    await _time_passes()

    last = [await signs_in(world.browser(), mail) for mail in (KNOWN, UNKNOWN)]
    await _time_passes()
    after = [await signs_in(world.browser(), mail) for mail in (KNOWN, UNKNOWN, KNOWN)]
    right = await world.browser().post("/sign-in", form={"mail": KNOWN, "password": PASSWORD})

    assert [each.status_code for each in [*last, *after, right]] == [403, 403, 429, 429, 429, 429]
    page = await text_of(right)
    assert "With the activation code from your Pass you can set a new password" in page
    assert "Retry-After" not in right.headers
    told = [each.subject for each in await world.mails_to(KNOWN)]
    assert told.count("Too many wrong passwords") == 1
    assert await world.mails_to(UNKNOWN) == []


async def test_the_way_back_after_a_hundred_wrong_passwords(world: World) -> None:
    await erika_is_active(world)
    typed = accounts.SigningIn.parse({"mail": KNOWN, "password": PASSWORD})
    await signs_in(world.browser(), KNOWN)
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW)
    await _time_passes(timedelta(days=300))

    with pytest.raises(accounts.Stopped):
        await accounts.sign_in(typed, accounts.Visit("here"), "offered")
    owner = await Account.get(mail_mark=mailing.read_address(KNOWN).mark)
    her_laptop = accounts.Visit("here", device=remember("", owner.id, 0))
    on_her_own = await accounts.sign_in(typed, her_laptop, "offered")
    await accounts.open_again(mailing.read_address(KNOWN).mark)
    anywhere = await accounts.sign_in(typed, accounts.Visit("here"), "offered")

    assert on_her_own.cookie
    assert anywhere.cookie


async def test_after_a_hundred_wrong_codes_a_link_is_closed(world: World) -> None:
    code = await registers(world.browser(), ADA)
    other = await registers(world.browser())
    link = await world.link_for(ADA["mail"])
    form: dict[str, Any] = {"code": other, "password": "fifteen or more walruses"}
    await world.browser().post(link, form=form)
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW - 1)

    last = await world.browser().post(link, form=form)
    right = await world.browser().post(link, form=form | {"code": code})

    assert (last.status_code, right.status_code) == (403, 429)
    assert "Register again" in await text_of(right)
    told = [each.subject for each in await world.mails_to(ADA["mail"])]
    assert told.count("Too many wrong activation codes") == 1


async def unlocks_from_outside(world: World, person: Person, password: str) -> Response:
    form = {"account": str(person.actor.id), "proof_password": password}
    return await world.browser().post("/unlock", json=form, headers=JSON)


async def test_unlocking_a_page_without_having_been_there_is_signing_in(world: World) -> None:
    """Whoever knows an account's id guesses no more than whoever knows its address."""
    erika = await world.patient("Erika Beispiel")
    assert (await unlocks_from_outside(world, erika, WRONG)).status_code == 403
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW - 1)
    await _time_passes()

    last = await unlocks_from_outside(world, erika, WRONG)
    await _time_passes()
    after = [
        await unlocks_from_outside(world, erika, PEOPLES),
        await world.browser().post("/sign-in", form={"mail": erika.mail, "password": PEOPLES}),
    ]

    assert [each.status_code for each in [last, *after]] == [403, 429, 429]
    told = [each.subject for each in await world.mails_to(erika.mail)]
    assert told.count("Too many wrong passwords") == 1


async def test_guesses_at_unlocking_count_for_the_network(world: World) -> None:
    people = [await world.patient(f"Somebody Number{each}") for each in range(FREE + 1)]

    answers = [await unlocks_from_outside(world, each, WRONG) for each in people]

    assert [each.status_code for each in answers] == [403] * FREE + [429]


PRESENT_DOORS: Final = {
    "/profile/password": {"password": "seven herons read old newspapers"},
    "/profile/secure": {},
    "/profile/papers/pass": {},
    "/profile/papers/recovery/revoke": {},
    "/profile/address": {"mail": "elsewhere@example.test"},
    "/profile/delete": {"word": "DELETE", "when": "later"},
    "/confirm": {"to": "/profile"},
}


@pytest.mark.parametrize("door", PRESENT_DOORS)
async def test_a_hundred_wrong_proofs_of_somebody_signed_in_close_every_such_door(
    world: World, door: str
) -> None:
    erika = await world.patient("Erika Beispiel")
    await erika.browser.post("/profile/secure", form={"present": WRONG})
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW - 1)
    await _time_passes()

    async def proves(password: str) -> int:
        form = {"present": password, "proof_password": password} | PRESENT_DOORS[door]
        return (await erika.browser.post(door, form=form)).status_code

    answers = [await proves(WRONG)]
    await _time_passes()
    answers.append(await proves(PEOPLES))

    assert answers == [403, 429]
    told = [each.subject for each in await world.mails_to(erika.mail)]
    assert told.count("Too many wrong passwords or codes") == 1
    await forgets(world, erika.mail, erika.code)
    assert not await Throttle.filter(lasting=True).exists()


@pytest.mark.one_engine
@pytest.mark.parametrize("door", PRESENT_DOORS)
async def test_whatever_somebody_signed_in_proves_takes_no_place_from_strangers(
    world: World, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    askers: list[Any] = []

    async def noted(*given: Any, asker: Any) -> Any:
        askers.append(asker)
        return await slow(*given, asker=asker)

    monkeypatch.setattr(wraps, "slow", noted)
    form = {"present": PEOPLES, "proof_password": PEOPLES} | PRESENT_DOORS[door]
    answer = await erika.browser.post(door, form=form)

    assert answer.status_code < 400, await text_of(answer)
    assert set(askers) == {erika.actor.id}


@pytest.mark.one_engine
async def test_four_accounts_that_prove_themselves_again_and_again_close_no_sign_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await world.patient(f"Person {letter}") for letter in "ABCD"]
    gate, real = threading.Event(), vault.derive

    def derive(*given: Any) -> Secret:
        gate.wait(10)
        return real(*given)

    monkeypatch.setattr(vault, "derive", derive)
    confirms = [
        asyncio.create_task(
            each.browser.post("/confirm", form={"proof_password": PEOPLES, "to": "/profile"})
        )
        for each in people
        for _ in range(9)
    ]
    try:
        async with asyncio.timeout(10):
            while sum(each.done() for each in confirms) < 4 * 3:
                await asyncio.sleep(0.01)
        signs_in_ = [
            asyncio.create_task(
                world.browser().post("/sign-in", form={"mail": each.mail, "password": PEOPLES})
            )
            for each in people
        ]
        await asyncio.sleep(0.3)
        assert not any(each.done() for each in signs_in_), "nobody is sent away"
    finally:
        gate.set()

    assert {each.status_code for each in await asyncio.gather(*signs_in_)} == {303}
    proofs = [each.status_code for each in await asyncio.gather(*confirms)]
    assert (proofs.count(307), proofs.count(429)) == (24, 12)


async def test_a_hundred_wrong_second_steps_are_the_last(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    browser, _ = await gives_password(world, erika)
    assert await shows(browser, "abcde-fghjk") == 403
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW - 1)
    await _time_passes()

    last = await shows(browser, "abcde-fghjk")
    await _time_passes()

    assert (last, await shows(browser, phone.shows())) == (403, 429)
    told = [each.subject for each in await world.mails_to(erika.mail)]
    assert told.count("Too many wrong passwords or codes") == 1


async def test_whoever_has_stolen_the_pass_does_not_guess_second_steps_for_ever(
    world: World,
) -> None:
    """Setting a password by it takes second steps again, but once in three days."""
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)

    async def guesses() -> list[int]:
        assert (await forgets(world, erika.mail, erika.code, NEW)).status_code == 303
        browser = world.browser()
        await browser.post("/sign-in", form={"mail": erika.mail, "password": NEW})
        answers = [await shows(browser, "abcde-fghjk"), await shows(browser, "abcde-fghjk")]
        await Throttle.filter(tries__gt=1, lasting=True).update(tries=MOST_IN_A_ROW)
        return answers

    first, second = await guesses(), await guesses()

    assert (first, second) == ([403, 403], [429, 429])


async def test_questions_to_passkeys_are_counted_for_the_network(world: World) -> None:
    """Strangers ask for them, and each is a row."""
    path, free = "/sign-in/passkey/options", ASKED_FROM.free
    asked = [(await world.browser().post(path, headers=JSON)).status_code for _ in range(free + 1)]

    assert asked == [200] * free + [429]
    assert await Challenge.all().count() == free


async def test_the_last_try_is_not_lost_on_a_busy_server_or_a_network_that_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    await signs_in(world.browser(), erika.mail)
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW - 1)
    await _time_passes()
    network = Throttle.filter(lasting=False)

    async def busy(*_given: Any, **_more: Any) -> None:
        raise Busy(retry_after=3)

    with monkeypatch.context() as crowd:
        crowd.setattr(wraps, "slow", busy)
        refused = [(await signs_in(world.browser(), erika.mail)).status_code]
    await network.update(free_at=now() + timedelta(hours=1))
    refused.append((await signs_in(world.browser(), erika.mail)).status_code)
    await _time_passes(timedelta(hours=2))

    last = await signs_in(world.browser(), erika.mail)

    assert [*refused, last.status_code] == [429, 429, 403]
    told = [each.subject for each in await world.mails_to(erika.mail)]
    assert told.count("Too many wrong passwords") == 1


async def test_a_guess_that_met_the_owners_wrap_counts_though_the_server_is_busy_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    await signs_in(world.browser(), erika.mail)
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW - 2)
    await _time_passes()
    asked = 0

    async def busy_the_second_time(*given: Any, **more: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked % 2 == 0:
            raise Busy(retry_after=3)
        return await slow(*given, **more)

    with monkeypatch.context() as crowd:
        crowd.setattr(wraps, "slow", busy_the_second_time)
        answers = []
        for _ in range(2):
            answers.append((await signs_in(world.browser(), erika.mail)).status_code)
            await _time_passes()

    assert (answers, asked) == ([429, 429], 4)
    assert (await Throttle.get(lasting=True)).tries == MOST_IN_A_ROW
    form = {"mail": erika.mail, "password": PEOPLES}
    assert (await world.browser().post("/sign-in", form=form)).status_code == 429
    told = [each.subject for each in await world.mails_to(erika.mail)]
    assert told.count("Too many wrong passwords") == 1


async def _time_passes(by: timedelta = timedelta(hours=1)) -> None:
    for row in await Throttle.all():
        row.free_at -= by
        row.last_at -= by
        await row.save()
