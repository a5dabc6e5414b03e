"""Who needs a second factor gets no further than to setting one up."""

from dataclasses import replace
from datetime import date
from typing import Final

import pytest
from quart import Quart

from portal import accounts, keys, mailing
from portal.accounts.models import Account
from portal.commands import _administer
from portal.core.actor import AccountId
from portal.core.settings import BadSettings, Settings
from portal.keys.models import HalfSession
from tests.accounts.factors.stories import gives_password, sets_up_an_app, shows, text_of
from tests.accounts.losing import NEW, forgets
from tests.people import PASSWORD, Browser, World

PROFESSIONALS: Final = "/administration/professionals"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, second_factor="required")


async def test_a_program_gets_no_token_for_a_physician_without_a_second_factor(
    world: World,
) -> None:
    await ada_signs_in(world)
    asked = {"mail": "professional@example.test", "password": PASSWORD, "label": "Command line"}
    sent = {"json": asked | {"scopes": ["read"], "days": 1}}
    answer = await world.browser().post(
        "/api/token", headers={"Accept": "application/json"}, **sent
    )
    said = await answer.get_json()
    assert (answer.status_code, said["error"]) == (403, "factor_lacking")
    assert "set it up there" in said["title"]


async def ada_signs_in(world: World, kind: str = "professional") -> tuple[Browser, str]:
    mail = f"{kind}@example.test"
    new = accounts.Registration(
        mail=mailing.read_address(mail), name="Ada Lindqvist", birth_date=date(1970, 5, 17),
        sex="F", kind=kind, language="en",  # type: ignore[arg-type]
    )  # fmt: skip
    issued = await accounts.admit(new, PASSWORD)
    if kind == "professional":
        await accounts.confirm(AccountId(issued.account), accounts.OPERATOR)
    browser = world.browser()
    answer = await browser.post("/sign-in", form={"mail": mail, "password": PASSWORD})
    assert answer.status_code == 303
    return browser, answer.headers["Location"]


async def test_a_physician_without_a_second_factor_reaches_nothing_but_its_set_up(
    world: World, app: Quart
) -> None:
    browser, where = await ada_signs_in(world)
    assert where.startswith("/sign-in/set-up")

    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "static":
            answer = await browser.get(rule.rule)
            if rule.rule in {"/profile", "/communities", "/documents", "/upload", "/session"}:
                assert answer.headers["Location"].startswith("/sign-in"), rule.rule
    assert browser.cookie("hds") is None
    phone, codes = await sets_up_an_app(browser, "/sign-in/set-up")

    assert len(codes) == 10
    assert (await browser.get("/communities")).status_code == 200
    again = world.browser()
    form = {"mail": "professional@example.test", "password": PASSWORD}
    await again.post("/sign-in", form=form)
    assert await shows(again, phone.shows()) == 303


async def test_the_last_factor_of_a_physician_stays(world: World) -> None:
    browser, _ = await ada_signs_in(world)
    await sets_up_an_app(browser, "/sign-in/set-up")
    cookie = browser.cookie("hds")
    assert cookie is not None
    browser.csrf = keys.csrf_token(cookie)

    answer = await browser.post("/profile/security/app/remove", headers={"Accept": "text/html"})

    assert answer.status_code == 403
    assert "needs a second factor" in await text_of(answer)
    page = await text_of(await browser.get("/profile/security"))
    assert "/profile/security/app/remove" in page


async def test_patients_are_offered_one(world: World) -> None:
    browser, where = await ada_signs_in(world, "patient")

    assert where.startswith("/signed-in")
    assert "no second factor yet" in await text_of(await browser.get("/profile/security"))


def test_the_setting_has_two_values_and_professionals_need_one_unless_told() -> None:
    assert Settings.read({"HDS_DATA": "/nowhere"}).second_factor == "required"
    given = {"HDS_DATA": "/nowhere", "HDS_SECOND_FACTOR": "never"}
    with pytest.raises(BadSettings, match="HDS_SECOND_FACTOR: must be one of required, offered"):
        Settings.read(given)


async def test_an_administrator_needs_one_even_as_a_patient(world: World) -> None:
    before, _ = await ada_signs_in(world, "patient")
    assert (await before.get("/profile")).status_code == 200

    assert await _administer("add", "patient@example.test", needs_factor=True)
    assert (await before.get("/profile")).status_code == 303, "signed in without one goes on"
    browser = world.browser()
    form = {"mail": "patient@example.test", "password": PASSWORD}
    where = (await browser.post("/sign-in", form=form)).headers["Location"]
    assert where.startswith("/sign-in/set-up")
    await sets_up_an_app(browser, "/sign-in/set-up")
    browser.csrf = keys.csrf_token(browser.cookie("hds") or "")
    assert (await browser.get("/profile")).status_code == 200

    assert "needs at least one" in await text_of(await browser.get("/profile/security"))
    removed = await browser.post("/profile/security/app/remove")
    assert removed.status_code == 403
    assert await _administer("remove", "patient@example.test", needs_factor=True)
    assert (await browser.post("/profile/security/app/remove")).status_code == 303


async def test_an_administrator_who_lost_the_phone_comes_back_to_another_second_step(
    world: World,
) -> None:
    """Password and paper lead to a new app and to nothing else; the lost one shows in vain."""
    erika = await world.patient("Erika Beispiel")
    lost, codes = await sets_up_an_app(erika.browser)
    await accounts.appoint(erika.actor.id)
    browser, _ = await gives_password(world, erika)
    assert (await browser.get(PROFESSIONALS)).status_code == 303, "half-way in decides nothing"
    assert await shows(browser, codes[0]) == 303
    browser.csrf = keys.csrf_token(browser.cookie("hds") or "")

    assert (await browser.post("/profile/security/app/remove")).status_code == 403, "the last one"
    new, _ = await sets_up_an_app(browser)

    assert (await browser.get(PROFESSIONALS)).status_code == 200
    again, _ = await gives_password(world, erika)
    assert await shows(again, lost.shows()) == 403
    assert await shows(again, new.shows()) == 303


async def test_an_administrator_who_lost_phone_and_password_decides_nothing_without_a_second_step(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    _, codes = await sets_up_an_app(erika.browser)
    await accounts.appoint(erika.actor.id)
    assert (await forgets(world, erika.mail, erika.code)).status_code == 303
    browser, _ = await gives_password(world, erika, NEW)
    assert await shows(browser, erika.code) == 403, "one paper is not both steps"
    assert await shows(browser, codes[0]) == 303
    browser.csrf = keys.csrf_token(browser.cookie("hds") or "")

    reviewed = await browser.post("/profile/security/review", form={"next": PROFESSIONALS})

    assert reviewed.headers["Location"] == "/sign-in/set-up", "the lost app is not ticked"
    assert (await browser.get(PROFESSIONALS)).status_code == 303
    phone, _ = await sets_up_an_app(browser, "/sign-in/set-up")
    assert (await browser.get(PROFESSIONALS)).status_code == 200
    again, _ = await gives_password(world, erika, NEW)
    assert await shows(again, phone.shows()) == 303


async def test_a_set_up_that_began_with_the_password_alone_ends_with_the_first_factor(
    world: World,
) -> None:
    owner, _ = await ada_signs_in(world)
    ada = await Account.filter(kind="professional").get()
    form = {"mail": mailing.open_address(ada.mail, ada.id).text, "password": PASSWORD}
    thief, late = world.browser(), world.browser()
    for each in (thief, late):
        answer = await each.post("/sign-in", form=form)
        assert answer.headers["Location"].startswith("/sign-in/set-up")
    waiting = await HalfSession.filter(principal=ada.id).values()

    await sets_up_an_app(owner, "/sign-in/set-up")

    assert await HalfSession.filter(principal=ada.id).count() == 0
    assert (await thief.get("/sign-in/set-up")).status_code == 303
    await HalfSession.bulk_create([HalfSession(**row) for row in waiting])  # begun just after
    for path in ("/sign-in/set-up", "/sign-in/set-up/app"):
        assert (await late.get(path)).headers["Location"].startswith("/sign-in?")
