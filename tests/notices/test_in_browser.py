"""The bell as a person sees it, on another page, while colleagues are at work."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from portal.core.web import cookie_name
from tests.browser import DESKTOP, Complaints, browsing, poll
from tests.people import Person, World


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


async def sits(browser: Browser, world: World, person: Person, complaints: Complaints) -> Page:
    """A page in which *person* is signed in."""
    context = await browser.new_context(**DESKTOP)
    name = cookie_name(world.settings)
    value = person.browser.cookie(name) or ""
    await context.add_cookies([{"name": name, "value": value, "url": world.settings.origin}])
    page = await context.new_page()
    await complaints.watch(page)
    return page


async def test_the_bell_counts_while_one_looks_elsewhere_and_wishes_are_kept(
    world: World, server: str, browser: Browser
) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    complaints = Complaints()
    page = await sits(browser, world, ben, complaints)
    await page.goto(f"{server}/help")
    count = page.locator("[data-bell-count]")
    assert await count.is_hidden()

    await ada.opens("Nodule", in_=board)
    await count.wait_for(state="visible")
    assert await count.text_content() == "1"
    assert await page.locator("[data-bell]").get_attribute("aria-label") == "Notices, 1 new"

    await page.click("[data-bell]")
    await page.wait_for_url("**/notices")
    await ada.opens("Fracture", in_=board)
    await page.get_by_role("link", name="Ada opened a case: Fracture").wait_for()
    await page.get_by_role("button", name="Mark all as read").click()
    await page.wait_for_load_state()
    first = page.get_by_role("link", name="Ada opened a case: Nodule")
    await first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cases/*")

    await page.goto(f"{server}/profile/notices")
    assert await poll(page, "document.querySelector('select[data-zone]').value !== ''")
    box = page.get_by_role("row", name="An answer to a post of mine").get_by_label("By mail")
    assert await box.is_checked()
    await box.uncheck()
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**saved=1")
    assert not await box.is_checked()
    assert complaints.heard == []
