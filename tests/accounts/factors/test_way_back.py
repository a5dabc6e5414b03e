"""The phone with the second factor is gone: its owner has a way back, and the phone has none."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from portal import accounts, keys
from portal.accounts.factors import proofs
from portal.core.db import now
from portal.core.settings import Settings
from portal.core.web import cookie_name
from tests.accounts.factors.stories import (
    CODE,
    Phone,
    gives_password,
    proves,
    sets_up_an_app,
    shows,
    text_of,
)
from tests.accounts.losing import NEW, forgets, subjects
from tests.people import PASSWORD, Browser, Person, World

WHO: Final = "patient", "physician", "administrator"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, second_factor="offered")  # everybody here has one already


@pytest.fixture(params=WHO)
async def person(request: pytest.FixtureRequest, world: World) -> Person:
    """Somebody of each kind; an administrator decides about others and is a patient here."""
    if request.param == "physician":
        return await world.physician("Ada Ahrens")
    found = await world.patient("Erika Beispiel")
    if request.param == "administrator":
        await accounts.appoint(found.actor.id)
    return found


async def enters(world: World, person: Person, password: str, code: str) -> Browser:
    """With the password and whatever is left for the second step, on a strange browser."""
    browser = world.browser()
    await browser.post("/sign-in", form={"mail": person.mail, "password": password})
    assert await shows(browser, code) == 303
    browser.csrf = keys.csrf_token(browser.cookie(cookie_name(world.settings)) or "")
    return browser


async def takes_a_new_phone(browser: Browser, another: str) -> tuple[Phone, list[str]]:
    """In the place of the lost one, with fresh recovery codes; *another* proof for those."""
    phone, none = await sets_up_an_app(browser)
    assert none == [], "the old codes go on until there are new ones"
    await proves(browser, code=another)
    return phone, CODE.findall(await text_of(await browser.post("/profile/security/recovery")))


async def the_old_phone_is_worth_nothing(
    world: World, person: Person, password: str, lost: Phone, old: list[str], new: Phone
) -> None:
    for code in (lost.shows(), old[9]):
        browser = world.browser()
        await browser.post("/sign-in", form={"mail": person.mail, "password": password})
        assert await shows(browser, code) == 403
    await enters(world, person, password, new.shows())


async def test_with_recovery_codes(world: World, person: Person) -> None:
    lost, codes = await sets_up_an_app(person.browser)

    browser = await enters(world, person, PASSWORD, codes[0])
    phone, fresh = await takes_a_new_phone(browser, codes[1])

    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    await the_old_phone_is_worth_nothing(world, person, PASSWORD, lost, codes, phone)
    told = await subjects(world, person.mail)
    assert told.count("A recovery code was used") == 2
    assert told.count("A second step was added") == 2


async def test_with_the_pass_when_the_codes_are_gone_too(world: World, person: Person) -> None:
    lost, codes = await sets_up_an_app(person.browser)

    browser = await enters(world, person, PASSWORD, person.code)
    phone, fresh = await takes_a_new_phone(browser, person.code)

    assert len(fresh) == 10
    await the_old_phone_is_worth_nothing(world, person, PASSWORD, lost, codes, phone)


async def test_with_the_pass_alone_after_three_days(
    world: World, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Password, phone and codes are lost: one paper is not both steps, until its owner had time."""
    lost, codes = await sets_up_an_app(person.browser)
    assert (await forgets(world, person.mail, person.code)).status_code == 303
    early = world.browser()
    await early.post("/sign-in", form={"mail": person.mail, "password": NEW})
    assert await shows(early, person.code) == 403
    rested = now() + proofs.PASS_RESTS + timedelta(minutes=1)
    monkeypatch.setattr(proofs, "now", lambda: rested)

    browser = await enters(world, person, NEW, person.code)
    phone, _ = await takes_a_new_phone(browser, person.code)

    await the_old_phone_is_worth_nothing(world, person, NEW, lost, codes, phone)


@pytest.mark.one_engine
async def test_the_pages_say_so_where_it_is_needed(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    browser, _ = await gives_password(world, erika)

    asked = await text_of(await browser.get("/sign-in/second"))
    told = await text_of(await world.browser().get("/help"))

    assert "Phone lost? A recovery code or the activation code from your Pass works here" in asked
    assert "The phone with my second step is lost. What now?" in told
