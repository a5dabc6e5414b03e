"""Findings as they look in a real browser while many are looking at theirs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from portal.core.web import cookie_name
from tests.browser import DESKTOP, Complaints, browsing, poll
from tests.documents.test_documents import Erika, erika
from tests.people import World
from tests.viewer.pdf.making import pdf
from viewer.pdf import PdfPool, Unshown

__all__ = ["erika"]

PICTURES = "[...document.querySelectorAll('.paper img')]"
DRAWN = f"{PICTURES}.every((img) => img.complete && img.naturalWidth === 1200)"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


async def sits(browser: Browser, world: World, erika_: Erika, complaints: Complaints) -> Page:
    context = await browser.new_context(**DESKTOP)
    name = cookie_name(world.settings)
    value = erika_.person.browser.cookie(name) or ""
    await context.add_cookies([{"name": name, "value": value, "url": world.settings.origin}])
    page = await context.new_page()
    await complaints.watch(page)
    return page


async def test_pages_that_nobody_has_time_to_draw_come_by_themselves(
    world: World, server: str, browser: Browser, erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused with 429: the place stays as large as the page, and nothing looks broken."""
    document = await erika.finding(pdf(["One", "Two"]))
    draw, is_busy = PdfPool.page, [True]

    async def page_(self: PdfPool, *about: Any, **more: Any) -> bytes | Unshown:
        return Unshown("busy") if is_busy[0] else await draw(self, *about, **more)

    monkeypatch.setattr(PdfPool, "page", page_)
    complaints = Complaints(expected="429")
    page = await sits(browser, world, erika, complaints)
    await page.goto(f"{server}/d/{document}")
    await poll(page, f"{PICTURES}.every((img) => img.ariaBusy === 'true')")
    assert await page.evaluate(f"{PICTURES}.every((img) => img.complete && img.naturalWidth > 0)")
    height = f"{PICTURES}.map((img) => Math.round(img.getBoundingClientRect().height))"
    before = await page.evaluate(height)

    is_busy[0] = False
    await poll(page, DRAWN)

    assert await page.evaluate(f"{PICTURES}.every((img) => img.ariaBusy === null)")
    assert await page.evaluate(height) == pytest.approx(before, abs=2), "nothing moved"
    assert complaints.heard == []


async def test_a_picture_that_will_not_come_says_so_in_words(
    world: World, server: str, browser: Browser, erika: Erika
) -> None:
    """Deleted in another window: it is not asked for again and again."""
    document = await erika.finding(pdf(["One"]))
    complaints = Complaints(expected="404")
    page = await sits(browser, world, erika, complaints)
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    await page.route("**/pages/1?*", lambda route: route.fulfill(status=404))

    await page.goto(f"{server}/d/{document}")
    await poll(page, f"{PICTURES}.every((img) => img.complete && img.naturalWidth === 0)")
    await page.wait_for_timeout(500)

    assert len([each for each in asked if "/pages/1" in each]) <= 3
    assert await page.evaluate(f"{PICTURES}[0].alt") == "Page 1 of 1"
    assert complaints.heard == []
