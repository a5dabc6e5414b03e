"""Whoever signs out on a browser is told nothing there any more."""

from dataclasses import replace
from typing import Any

import pytest

from portal import keys
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.notices.models import NoticeDevice
from tests.accounts.losing import forgets
from tests.notices.push_service import BrowserKeys
from tests.people import PASSWORD, Browser, Person, World

JSON = {"Accept": "application/json"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, push_hosts="push.test")


async def subscribes(browser: Browser, name: str) -> str:
    """The page's own request; the address at the push service."""
    given: dict[str, Any] = BrowserKeys().subscription(f"https://push.test/{name}")
    answer = await browser.post("/profile/notices/devices", json=given, headers=JSON)
    assert answer.status_code == 201
    return str(given["endpoint"])


async def is_told(browser: Browser, endpoint: str) -> bool:
    path = "/profile/notices/devices/known"
    answer = await browser.post(path, json={"endpoint": endpoint}, headers=JSON)
    return bool((await answer.get_json())["known"])


async def signs_in(
    world: World, person: Person, browser: Browser, password: str = PASSWORD
) -> None:
    form = {"mail": person.mail, "password": password}
    assert (await browser.post("/sign-in", form=form)).status_code == 303
    browser.csrf = keys.csrf_token(browser.cookie(cookie_name(world.settings)) or "")


async def test_signing_out_ends_it_on_that_browser_and_on_no_other(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    phone = world.browser()
    await signs_in(world, ada, phone)
    desk, pocket = await subscribes(ada.browser, "desk"), await subscribes(phone, "phone")
    others = await subscribes(ben.browser, "ben")
    assert await is_told(ada.browser, desk)

    assert (await ada.browser.post("/sign-out")).status_code == 303

    assert await NoticeDevice.filter(account=ada.actor.id).count() == 1
    assert await is_told(phone, pocket)
    assert not await is_told(phone, desk)
    assert await is_told(ben.browser, others)
    assert not await is_told(ben.browser, pocket)


async def test_signing_out_ends_what_bears_no_browser_s_mark(world: World) -> None:
    """A row from before there were marks may be this browser; the mark tells of the others."""
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    phone = world.browser()
    await signs_in(world, ada, phone)
    await subscribes(ada.browser, "desk")
    await subscribes(ben.browser, "ben")
    await NoticeDevice.all().update(browser=None)
    pocket = await subscribes(phone, "phone")

    assert (await ada.browser.post("/sign-out")).status_code == 303

    assert await NoticeDevice.filter(account=ada.actor.id).count() == 1
    assert await is_told(phone, pocket)
    assert await NoticeDevice.filter(account=ben.actor.id).count() == 1


async def test_a_locked_page_and_a_session_that_runs_out_end_nothing(world: World) -> None:
    """Being told while one is away is what it is for."""
    ada = await world.physician("Ada")
    await subscribes(ada.browser, "desk")

    assert (await ada.browser.post("/lock", headers=JSON)).status_code == 204

    assert await NoticeDevice.filter(account=ada.actor.id).count() == 1


async def test_who_signs_in_after_somebody_ends_theirs(world: World) -> None:
    """Ada forgot to sign out; her session has run out, and Ben sits down there."""
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    await subscribes(ada.browser, "desk")
    await signs_in(world, ada, ada.browser)
    assert await NoticeDevice.filter(account=ada.actor.id).count() == 1, "her own signing in"

    await keys.end_sessions(ada.actor.id)
    ada.browser.csrf = ""
    await signs_in(world, ben, ada.browser)

    assert await NoticeDevice.all().count() == 0


async def test_putting_an_account_right_ends_it_on_strange_browsers(world: World) -> None:
    ada = await world.physician("Ada")
    thief = world.browser()
    await signs_in(world, ada, thief)
    desk = await subscribes(ada.browser, "desk")
    own = (await NoticeDevice.get()).id

    await subscribes(thief, "thief")
    await ada.browser.post("/profile/sessions/end-others")
    assert await NoticeDevice.all().count() == 1
    assert await is_told(ada.browser, desk)

    thief.csrf = ""
    await signs_in(world, ada, thief)
    await subscribes(thief, "thief")
    change = {"present": PASSWORD, "password": f"{PASSWORD} indeed"}
    assert (await ada.browser.post("/profile/password", form=change)).status_code == 303
    assert await NoticeDevice.all().count() == 1
    assert await is_told(ada.browser, desk)

    thief.csrf = ""
    await signs_in(world, ada, thief, change["password"])
    await subscribes(thief, "thief")
    secure = {"present": change["password"], "password": PASSWORD}
    assert (await ada.browser.post("/profile/secure", form=secure)).status_code == 200
    row = await NoticeDevice.get()
    assert row.id == own, "the others' ends, one's own does not"


async def test_a_forgotten_password_ends_it_everywhere(world: World) -> None:
    """Whoever holds a paper stands anywhere: which browser was the owner's is not known."""
    ada = await world.physician("Ada")
    await subscribes(ada.browser, "desk")

    assert (await forgets(world, ada.mail, ada.code)).status_code == 303

    assert not await NoticeDevice.exists()
