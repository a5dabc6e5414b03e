"""What somebody does on the page of a case, in the tests."""

import json
from typing import Any

from playwright.async_api import Page, expect

from cases import reading
from cases.ids import CaseId
from tests.people import Person

PICTURE_MS = 20_000
"""Without a graphics card a busy machine draws slowly."""


async def texts(reader: Person, case: CaseId) -> list[str]:
    page = await reading.case_page(reader.actor, case)
    return [post.text for thread in page.threads for post in thread.posts]


async def write(page: Page, words: str) -> None:
    await page.locator("[data-composer] textarea").first.fill(words)
    await page.get_by_role("button", name="Post", exact=True).first.click()


async def live(page: Page) -> None:
    """Wait until the page can post with a view, so everything is loaded."""
    await expect(page.get_by_role("button", name="Post with this view")).to_be_visible(
        timeout=30_000
    )


async def pins_the_view(page: Page, words: str, *, on_a_phone: bool = False) -> dict[str, Any]:
    """Post with what is on the screen; what the pin keeps of it.  A phone shows it first."""
    await page.locator("[data-composer] textarea").first.fill(words)
    await page.get_by_role("button", name="Post with this view").click()
    if on_a_phone:
        await page.locator("#pane-images").get_by_role("button", name="Post").tap()
    pin = page.locator(".post[data-post]", has_text=words).locator(".post-pin")
    await expect(pin).to_be_visible(timeout=PICTURE_MS)
    view: dict[str, Any] = json.loads(await pin.get_attribute("data-view") or "null")
    return view
