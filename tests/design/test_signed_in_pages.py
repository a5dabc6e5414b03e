"""Every page that a signed-in person can reach by links, looked at as a screen reader does."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from portal.core.web import cookie_name
from tests.browser import DESKTOP, PHONE, Complaints, poll
from tests.design.test_pages import AXE
from tests.people import World
from tests.proof.stage import Stage, set_up

pytestmark = pytest.mark.one_engine

TYPED: Final = ["/", "/search", "/documents", "/upload", "/notices", "/profile", "/help"]
"""Where a walk begins; the rest is reached by links."""

NO_PAGES: Final = re.compile(r"^/(static|demo)/|/(original|preview|thumbnail|pages|archive)(/|$)")
"""Files and pictures behind links, which are no pages."""

NARROW: Final = {"width": 320, "height": 640}
"""A phone of WCAG 1.4.10."""


@pytest.fixture
async def stage(world: World) -> Stage:
    return await set_up(world)


@pytest.mark.parametrize(
    ("actor", "looks"),
    [
        ("owner", {**DESKTOP, "color_scheme": "dark", "locale": "de-DE"}),
        ("author", {**PHONE, "color_scheme": "light", "locale": "en-GB"}),
        ("administrator", {**PHONE, "color_scheme": "dark", "locale": "de-DE"}),
        ("patient", {**PHONE, "color_scheme": "light", "locale": "de-DE"}),
    ],
)
async def test_every_page_behind_the_sign_in_is_accessible(
    server: str, stage: Stage, chromium: Browser, actor: str, looks: dict[str, Any]
) -> None:
    page, complaints = await _signed_in(stage, chromium, server, actor, looks)
    found = dict[str, Any]()
    seen = list[str]()
    async for path in _reached(page, server):
        seen.append(path)
        report = await Axe().run(page, options=AXE)
        if report.violations_count:
            found[path] = report.generate_report()
        if wide := await _too_wide(page):
            found[f"{path}, {NARROW['width']} px"] = wide
    await page.context.close()

    assert found == {}
    assert complaints.heard == []
    assert {"/documents", "/upload", "/profile", "/notices", "/help"} < set(seen)
    assert len(seen) > 12, seen


async def test_whom_nobody_confirmed_is_told_so_and_nothing_breaks(
    server: str, stage: Stage, chromium: Browser
) -> None:
    page, complaints = await _signed_in(stage, chromium, server, "unconfirmed", DESKTOP)
    complaints.expected = "403"

    await page.goto(f"{server}/communities")
    await poll(page, "document.readyState === 'complete'")
    report = await Axe().run(page, options=AXE)
    await page.context.close()

    assert report.response["violations"] == []
    assert complaints.heard == []


async def _signed_in(
    stage: Stage, chromium: Browser, server: str, actor: str, looks: dict[str, Any]
) -> tuple[Page, Complaints]:
    """A browser of its own that looks like *looks*, in which *actor* is signed in."""
    context = await chromium.new_context(**looks)
    context.set_default_timeout(20_000)
    name = cookie_name(stage.world.settings)
    value = stage.browsers[actor].cookie(name)
    assert value is not None
    await context.add_cookies([{"name": name, "value": value, "url": server}])
    page = await context.new_page()
    complaints = Complaints()
    await complaints.watch(page)
    return page, complaints


async def _reached(page: Page, server: str) -> AsyncIterator[str]:
    """One page of every kind: addresses that differ in an id alone are one kind."""
    waiting, kinds = list(TYPED), set[str]()
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", path)
        if kind in kinds or NO_PAGES.search(path):
            continue
        kinds.add(kind)
        answer = await page.goto(server + path)
        assert answer is not None
        assert answer.status == 200, path
        await poll(page, "document.readyState === 'complete'")
        waiting += await page.eval_on_selector_all(
            "a[href]:not([download])",
            "(links) => links.filter((a) => a.origin === location.origin).map((a) => a.pathname)",
        )
        yield kind


async def _too_wide(page: Page) -> int:
    """By how many pixels the page scrolls sideways on a narrow phone; 0 where it does not."""
    before = page.viewport_size
    assert before is not None
    await page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    wide: int = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    await page.set_viewport_size(before)
    return max(wide, 0)
