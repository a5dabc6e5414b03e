"""Plans and diaries in a real browser: written with keys alone, and not lost by leaving."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Dialog, Page

from portal import keys
from portal.core.web import cookie_name
from tests.browser import PHONE, Complaints, browsing, poll
from tests.people import PASSWORD, Person, World

FOCUS = "document.activeElement.id || document.activeElement.value"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


async def _sits(browser: Browser, world: World, person: Person, complaints: Complaints) -> Page:
    context = await browser.new_context(**PHONE)
    name = cookie_name(world.settings)
    value = person.browser.cookie(name) or ""
    await context.add_cookies([{"name": name, "value": value, "url": world.settings.origin}])
    page = await context.new_page()
    await complaints.watch(page)
    return page


async def test_a_plan_is_written_with_keys_and_outlives_its_session(
    world: World, server: str, browser: Browser
) -> None:
    erika = await world.patient("Erika Beispiel")
    complaints = Complaints(expected="401")
    page = await _sits(browser, world, erika, complaints)
    await page.goto(f"{server}/plans/new")
    await page.get_by_label("Active substance").fill("Ramipril")
    await page.get_by_role("button", name="Medicine").press("Enter")
    await poll(page, f"{FOCUS} === 'f-l-1-substance'")
    await page.keyboard.type("Metformin")
    await page.get_by_role("button", name="Move line 2 up").press("Enter")
    await poll(page, f"{FOCUS} === 'down-0'")
    assert await page.locator("#f-l-0-substance").input_value() == "Metformin"

    await keys.end_sessions(erika.actor.id)
    await page.evaluate("window.dispatchEvent(new Event('hds:line-ended'))")
    await poll(page, "document.documentElement.dataset.locked !== undefined")
    await page.locator("#lock [name=proof_password]").fill(PASSWORD)
    await page.locator("#lock [name=proof_password]").press("Enter")
    await poll(page, "document.documentElement.dataset.locked === undefined")
    await page.locator("#f-l-1-notes").fill("with water")
    async with page.expect_navigation():
        await page.locator("#f-l-1-notes").press("Enter")  # saves, like in every form

    seen = await page.locator("main").inner_text()
    assert "Saved." in seen
    assert seen.index("Metformin") < seen.index("Ramipril") < seen.index("with water")
    assert complaints.heard == []


async def test_whoever_leaves_an_entry_with_unsaved_words_is_asked_first(
    world: World, server: str, browser: Browser
) -> None:
    erika = await world.patient("Erika Beispiel")
    complaints = Complaints(expected="422")
    page = await _sits(browser, world, erika, complaints)
    asked = list[str]()

    async def stays(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stays)
    await page.goto(f"{server}/diary/new")
    await page.locator("#f-text").fill("Slept badly")
    await page.get_by_role("link", name="Cancel").click()
    await poll(page, "document.querySelector('#f-text').value === 'Slept badly'")
    assert asked == ["beforeunload"]

    await page.locator("#f-pulse").fill("7000")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="Cancel").click()
    assert await page.locator("#f-text").input_value() == "Slept badly"
    assert asked == ["beforeunload"] * 2, "what came back unsaved is unsaved"

    await page.locator("#f-pulse").fill("70")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Save").click()
    assert "Slept badly" in await page.locator("main").inner_text()
    await page.goto(f"{server}/diary/new")
    await page.goto(f"{server}/diary")
    await page.get_by_role("button", name="Delete entry of").click()
    async with page.expect_navigation():
        await page.get_by_role("button", name="Undo").click()
    assert "Slept badly" in await page.locator("main").inner_text()
    assert len(asked) == 2, "saving, and leaving a form in which nothing was typed, asks nothing"
    assert complaints.heard == []
