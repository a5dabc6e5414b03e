"""What a radiologist at night and a patient of seventy both need from every page."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, expect

from tests.browser import DESKTOP, PHONE, Complaints, poll

pytestmark = pytest.mark.one_engine

EVERY_PAGE = ["/", "/help", "/no-such-page", "/design/styleguide", "/design/case"]
SCREENS = {"desktop": DESKTOP, "phone": PHONE}
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@asynccontextmanager
async def looking(
    browser: Browser, address: str, scheme: Literal["light", "dark"] = "light", **screen: Any
) -> AsyncIterator[tuple[Page, Complaints]]:
    """
    A page in a browser of its own, with what the browser complained about.

    The design's Ada has no session: her line would be refused, and the page covered.
    """
    context = await browser.new_context(color_scheme=scheme, locale="en-GB", **screen)
    context.set_default_timeout(10_000)
    await context.route_web_socket(re.compile("/socket.io/"), lambda _line: None)
    page = await context.new_page()
    complaints = Complaints()
    await complaints.watch(page)
    await page.goto(address)
    yield page, complaints
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desktop", "phone"])
async def test_every_page_is_accessible(
    portal: str, chromium: Browser, screen: str, scheme: Literal["light", "dark"]
) -> None:
    found = {}
    for path in EVERY_PAGE:
        async with looking(chromium, portal + path, scheme, **SCREENS[screen]) as (page, _):
            report = await Axe().run(page, options=AXE)
            if report.violations_count:
                found[path] = report.generate_report()

    assert found == {}


async def test_nothing_is_blocked_by_our_own_policy(portal: str, chromium: Browser) -> None:
    heard = []
    for path in ("/", "/help", "/design/styleguide", "/design/case"):
        async with looking(chromium, portal + path, **DESKTOP) as (page, complaints):
            await poll(page, "document.readyState === 'complete'")
            heard += complaints.heard

    assert heard == []


@pytest.mark.parametrize("width", [320, 640])
async def test_no_page_scrolls_sideways(portal: str, chromium: Browser, width: int) -> None:
    """320 px is WCAG 1.4.10; 640 px is what 200 % zoom leaves of 1280."""
    for path in EVERY_PAGE:
        screen: dict[str, Any] = {"viewport": {"width": width, "height": 640}}
        async with looking(chromium, portal + path, **screen) as (page, _):
            wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path


async def test_targets_are_large_enough_for_a_finger(portal: str, chromium: Browser) -> None:
    small = """[...document.querySelectorAll(
        'button, summary, .button, .tab, .nav a, select, input:not([type=checkbox], [type=radio])')]
        .filter((e) => e.checkVisibility({visibilityProperty: true})
            && !e.classList.contains('visually-hidden'))
        .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
        .filter(([, box]) => box.width && Math.min(box.height, box.width) < 44)
        .map(([html]) => html)"""
    async with looking(chromium, f"{portal}/design/styleguide", **PHONE) as (page, _):
        assert await page.evaluate(small) == []


async def test_the_chosen_theme_stays_without_a_flash(portal: str, chromium: Browser) -> None:
    async with looking(chromium, f"{portal}/help", **DESKTOP) as (page, _):
        await page.click(".account-menu > summary")
        async with page.expect_response("**/preferences"):
            await page.click("button[value=dark]")
        assert await page.get_attribute("html", "data-theme") == "dark"

        answer = await page.goto(f"{portal}/help")

        assert answer is not None
        assert 'data-theme="dark"' in await answer.text()
        colour = await page.evaluate(
            "getComputedStyle(document.body.parentElement).backgroundColor"
        )
        assert colour == "rgb(20, 22, 23)"


async def test_the_language_switch_speaks_german_at_once(portal: str, chromium: Browser) -> None:
    async with looking(chromium, f"{portal}/help", **DESKTOP) as (page, _):
        await page.click(".account-menu > summary")
        await page.click("button[value=de]")
        await poll(page, "document.documentElement?.lang === 'de'")

        assert page.url == f"{portal}/help"
        assert await page.inner_text("h1") == "Hilfe"


async def test_the_first_tab_stop_jumps_over_the_navigation(portal: str, chromium: Browser) -> None:
    async with looking(chromium, f"{portal}/design/case", **DESKTOP) as (page, _):
        await page.keyboard.press("Tab")
        assert await page.inner_text(":focus") == "Skip to content"
        await page.keyboard.press("Enter")
        assert await poll(page, "document.activeElement.id === 'main'")


async def test_the_keyboard_alone_reaches_menu_dialog_and_tabs(
    portal: str, chromium: Browser
) -> None:
    async with looking(chromium, f"{portal}/design/styleguide", **DESKTOP) as (page, _):
        way_out = page.locator(".account-menu").get_by_role("button", name="Log out")
        await expect(page.locator(".account-menu")).to_have_count(1)
        await expect(way_out).to_be_hidden()
        await page.focus(".account-menu > summary")
        await page.keyboard.press("Enter")
        await expect(way_out).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(way_out).to_be_hidden()
        assert await page.evaluate("document.activeElement.tagName") == "SUMMARY"

        await page.focus("[data-dialog=invite]")
        await page.keyboard.press("Enter")
        assert await page.is_visible("dialog#invite")
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.activeElement.dataset.dialog") == "invite"

        await page.focus("#tab-one")
        await page.keyboard.press("ArrowRight")
        assert await page.is_visible("text=Second panel")


async def test_a_menu_in_a_list_lies_above_the_lines_below(portal: str, chromium: Browser) -> None:
    async with looking(chromium, f"{portal}/design/styleguide", **DESKTOP) as (page, _):
        await page.click("summary[aria-label=Member]")
        await page.click("text=Last entry")  # refuses to click what something else covers

        assert page.url == f"{portal}/help"


async def test_an_open_menu_stays_on_the_screen(portal: str, chromium: Browser) -> None:
    async with looking(chromium, f"{portal}/design/styleguide", **PHONE) as (page, _):
        await page.tap("summary[aria-label=Member]")
        box = await page.locator("details[open] .menu-body").bounding_box()

        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


async def test_a_dangerous_button_asks_first_and_a_second_press_sends_nothing(
    portal: str, chromium: Browser
) -> None:
    async with looking(chromium, f"{portal}/design/styleguide", **DESKTOP) as (page, _):
        sent: list[str] = []

        async def take(route: Route) -> None:
            sent.append(route.request.method)
            await route.fulfill(status=204)

        async def press_delete() -> None:
            await page.click("summary[aria-label=More]")
            await page.click(".menu-item-danger")

        await page.route("**/preferences", take)
        await press_delete()
        await page.click("dialog[open] button[value=no]")
        assert sent == []

        await press_delete()
        await page.click("dialog[open] button[value=yes]")
        await press_delete()
        await page.click("dialog[open] button[value=yes]")

        await poll(page, "document.querySelector('form[data-confirm]').ariaBusy === 'true'")
        assert sent == ["POST"]


async def test_the_divider_of_a_case_moves_by_keyboard_and_is_remembered(
    portal: str, chromium: Browser
) -> None:
    async with looking(chromium, f"{portal}/design/case", **DESKTOP) as (page, _):
        before = await page.evaluate("document.querySelector('#pane-images').clientWidth")
        await page.focus(".case-divider")
        await page.keyboard.press("ArrowLeft")
        after = await page.evaluate("document.querySelector('#pane-images').clientWidth")
        await page.reload()
        again = await page.evaluate("document.querySelector('#pane-images').clientWidth")

    assert after < before
    assert again == after


async def test_a_phone_shows_one_side_of_a_case_at_a_time(portal: str, chromium: Browser) -> None:
    async with looking(chromium, f"{portal}/design/case", **PHONE) as (page, _):
        assert await page.is_visible("text=Post 0")
        await page.tap("#tab-images")
        assert await page.is_hidden("text=Post 0")
        assert await page.is_visible("#pane-images p")


async def test_pages_read_well_without_scripts(portal: str, chromium: Browser) -> None:
    async with looking(
        chromium, f"{portal}/design/styleguide", java_script_enabled=False, **PHONE
    ) as (page, _):
        await page.tap("[popovertarget=nav] >> nth=0")
        assert await page.is_visible(".nav >> text=Help")
