"""The lock: a page nobody touches is covered, and goes on for the same person only."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect
from quart import Response

from portal import keys
from portal.core.actor import Actor
from portal.core.db import now
from portal.keys.models import HalfSession, Session
from tests.accounts.factors.stories import sets_up_an_app
from tests.browser import poll
from tests.people import PASSWORD, Browser, Person, World

JSON = {"Accept": "application/json"}
MINUTE_MS = 60_000


async def unlocks(browser: Browser, person: Person, **proof: str) -> Response:
    sent: dict[str, Any] = {"account": str(person.actor.id)} | proof
    return await browser.post("/unlock", json=sent, headers=JSON)


async def locks(browser: Browser) -> None:
    assert (await browser.post("/lock", headers=JSON)).status_code == 204


async def test_the_password_is_enough_where_the_second_step_was_made_before(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    ends = (await Session.get(principal=erika.actor.id)).abs_exp

    await locks(erika.browser)
    assert (await erika.browser.get("/profile")).status_code == 303
    assert (await unlocks(erika.browser, erika, proof_password="wrong")).status_code == 403
    said = await (await unlocks(erika.browser, erika, proof_password=PASSWORD)).get_json()

    assert said["account"] == str(erika.actor.id)
    assert said["csrf"] != erika.browser.csrf
    assert (await erika.browser.get("/profile")).status_code == 200
    assert (await Session.get(principal=erika.actor.id)).abs_exp == ends, "a lock prolonged it"
    assert await HalfSession.all().count() == 0


async def test_a_session_that_ended_by_itself_asks_for_the_factor_again(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    await Session.filter(principal=erika.actor.id).update(idle_exp=now() - timedelta(seconds=1))
    await keys.end_sessions(erika.actor.id)

    half = await (await unlocks(erika.browser, erika, proof_password=PASSWORD)).get_json()
    assert half == {"lacking": "second"}
    assert (await erika.browser.get("/profile")).status_code == 303
    said = await (await unlocks(erika.browser, erika, proof_code=phone.shows())).get_json()

    assert said["account"] == str(erika.actor.id)
    assert (await erika.browser.get("/profile")).status_code == 200


async def test_a_lock_opens_for_nobody_else_and_not_after_its_time(world: World) -> None:
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    await sets_up_an_app(erika.browser)
    await locks(erika.browser)

    assert (await unlocks(erika.browser, ben, proof_password=PASSWORD)).status_code == 410
    await HalfSession.all().update(exp=now() - timedelta(seconds=1))
    late = await unlocks(erika.browser, erika, proof_password=PASSWORD)

    assert await late.get_json() == {"lacking": "second"}
    assert (await erika.browser.get("/profile")).status_code == 303


@pytest.mark.parametrize("path", ["/lock", "/session"])
async def test_a_session_that_ends_while_its_page_asks_is_over_and_no_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    erika = await world.patient("Erika Beispiel")
    real = keys.sessions_of

    async def too_late(actor: Actor) -> list[keys.OwnSession]:
        await keys.end_sessions(actor.id)
        return await real(actor)

    monkeypatch.setattr(keys, "sessions_of", too_late)
    asks = erika.browser.post if path == "/lock" else erika.browser.get

    assert (await asks(path, headers=JSON)).status_code == 401


async def test_a_page_nobody_touches_is_covered_and_keeps_what_was_typed(
    page: Page, server: str, world: World
) -> None:
    erika = await world.patient("Erika Beispiel")
    await page.clock.install()
    await page.goto(f"{server}/sign-in")
    await page.get_by_label("E-mail address").fill(erika.mail)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.goto(f"{server}/profile")
    name = page.get_by_label("First and last name")
    await name.fill("Erika Typed-This")

    await page.clock.run_for(19 * MINUTE_MS + 30_000)
    await expect(page.get_by_text("In one minute this page is locked")).to_be_visible()
    await page.clock.run_for(31_000)  # no further: time limits of requests are faked, too

    await expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    await _nothing_shows(page)
    await _looks_as_chosen(page)
    await expect(page).to_have_title("Locked · HealthDataSpace")
    await poll(page, "document.activeElement.name === 'proof_password'")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await _nothing_shows(page)
    async with asyncio.timeout(5):  # until only the session of the story's first browser is left
        while await Session.filter(principal=erika.actor.id).count() != 1:
            await asyncio.sleep(0.02)
    lock = page.get_by_role("dialog")
    await lock.get_by_label("Password").fill("wrong")
    await lock.get_by_role("button", name="Unlock").click()
    await expect(lock.get_by_role("alert")).to_be_visible()
    await lock.get_by_label("Password").fill(PASSWORD)
    await lock.get_by_role("button", name="Unlock").click()

    await expect(name).to_be_visible()
    await expect(name).to_have_value("Erika Typed-This")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await _another_person_gets_a_fresh_page(page, server, world)


async def _nothing_shows(page: Page) -> None:
    await expect(page.get_by_label("First and last name")).to_be_hidden()
    tree = await page.locator("body").aria_snapshot()
    assert "First and last name" not in tree
    assert "Typed-This" not in tree
    shown = await page.evaluate("document.body.innerText")
    assert "First and last name" not in shown


async def _looks_as_chosen(page: Page) -> None:
    """Whoever chose the dark look is not dazzled by the cover, whatever the system says."""
    look = """(theme) => {
      document.documentElement.dataset.theme = theme;
      return getComputedStyle(document.querySelector("#lock")).backgroundColor;
    }"""
    seen = [await page.evaluate(look, theme) for theme in ("dark", "light", "auto")]
    assert seen == ["rgb(21, 24, 26)", "rgb(243, 245, 246)", "rgb(243, 245, 246)"]


async def _another_person_gets_a_fresh_page(page: Page, server: str, world: World) -> None:
    """Somebody else has signed in with this browser, in another window."""
    ben = await world.patient("Ben Brandt")
    name = page.get_by_label("First and last name")
    await name.fill("Not for Ben")
    await page.keyboard.press("Tab")
    await page.get_by_role("heading", name="Profile").click()
    async with page.expect_response(f"{server}/lock"):
        await page.keyboard.press("Shift+L")
    await expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    cookie = {"name": "hds", "value": ben.browser.cookie("hds") or "", "url": server}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    lock = page.get_by_role("dialog")
    await lock.get_by_label("Password").fill(PASSWORD)
    await lock.get_by_role("button", name="Unlock").click()
    await expect(name).to_have_value("Ben Brandt")
    assert urlsplit(page.url).path == "/profile"
