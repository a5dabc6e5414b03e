"""A case under the lock: nothing of it is lost, and nothing of it shows to who may not see it."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from cases import membership
from portal import keys
from tests.browser import poll
from tests.cases.browsing import live
from tests.cases.conftest import Opens, Round
from tests.people import PASSWORD, Person

SOON_MS = 1_000
"""What ends a session is effective on open sockets within a second."""
ASKED_WITHOUT_A_LINE_S = 6
"""Longer than a page of a case waits before it asks without its socket."""


async def locks(page: Page) -> None:
    await page.evaluate("document.activeElement.blur()")  # in a field, the keys are letters
    async with page.expect_response("**/lock"):
        await page.keyboard.press("Shift+L")
    await expect(page.get_by_role("heading", name="Locked")).to_be_visible()


async def unlocks(page: Page) -> None:
    lock = page.get_by_role("dialog")
    await lock.get_by_label("Password").fill(PASSWORD)
    await lock.get_by_role("button", name="Unlock").click()
    await expect(lock).to_be_hidden()


async def ended_elsewhere(page: Page, person: Person) -> None:
    await keys.end_sessions(person.actor.id)
    await expect(page.get_by_role("heading", name="Locked")).to_be_visible(timeout=SOON_MS)


@pytest.mark.parametrize("ended", ["here", "elsewhere"])
async def test_a_case_comes_back_from_under_the_lock_and_catches_up(
    opens: Opens, talk: Round, ended: str
) -> None:
    await talk.ben.posts("Before", on=talk.case)
    page = await opens(talk.ada, f"/cases/{talk.case}")
    await live(page)
    words = page.locator("[data-composer] textarea").first
    await words.fill("Half a thou")

    await (locks(page) if ended == "here" else ended_elsewhere(page, talk.ada))
    await talk.ben.posts("Meanwhile", on=talk.case)
    await asyncio.sleep(ASKED_WITHOUT_A_LINE_S)
    await expect(page.get_by_text("Before")).to_be_hidden()
    await unlocks(page)

    shown = page.locator(".post[data-post] .post-text")
    await expect(shown).to_have_text(["Before", "Meanwhile"])
    await expect(words).to_have_value("Half a thou")
    await expect(page.locator("[data-stage] canvas").first).to_be_visible()
    await talk.ben.posts("Live again", on=talk.case)
    await expect(shown.last).to_have_text("Live again")


async def test_whoever_was_removed_under_the_lock_finds_no_case(opens: Opens, talk: Round) -> None:
    await talk.ada.posts("Not for Ben any more", on=talk.case)
    page = await opens(talk.ben, f"/cases/{talk.case}")
    await live(page)

    await locks(page)
    await membership.remove(talk.ada.actor, talk.board, talk.ben.actor.id)
    await unlocks(page)

    await expect(page.get_by_role("link", name="To your communities")).to_be_visible()
    await expect(page.get_by_text("Not for Ben any more")).to_have_count(0)
    await expect(page.locator("[data-stage] canvas")).to_have_count(0)


async def test_somebody_else_sees_nothing_of_a_covered_case(
    opens: Opens, talk: Round, server: str
) -> None:
    """Another account has signed in with this browser, in another window."""
    await talk.ada.posts("Not for Ben", on=talk.case)
    await membership.remove(talk.ada.actor, talk.board, talk.ben.actor.id)
    page = await opens(talk.ada, f"/cases/{talk.case}")
    await live(page)
    await locks(page)
    cookie = {"name": "hds", "value": talk.ben.browser.cookie("hds") or "", "url": server}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]

    lock = page.get_by_role("dialog")
    await lock.get_by_label("Password").fill(PASSWORD)
    async with page.expect_navigation():
        await lock.get_by_role("button", name="Unlock").click()

    await expect(page.get_by_text("Not for Ben")).to_have_count(0)
    await poll(page, "document.querySelector('[data-stage]') === null")


@pytest.mark.parametrize("path", ["/communities", "/profile"])
async def test_a_session_ended_elsewhere_covers_every_page_at_once(
    opens: Opens, talk: Round, path: str
) -> None:
    page = await opens(talk.ada, "/search")
    joined = asyncio.Event()

    def heard(frame: str | bytes) -> None:
        if str(frame).startswith("40{"):  # Socket.IO says that the namespace is joined
            joined.set()

    page.on("websocket", lambda socket: socket.on("framereceived", heard))
    await page.goto(page.url.removesuffix("/search") + path)
    await asyncio.wait_for(joined.wait(), 20)

    await ended_elsewhere(page, talk.ada)
