"""T37 for whatever people say of themselves: a browser runs none of it, on pages and in mails."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

import pytest
from playwright.async_api import Page

from portal import accounts
from portal.core.settings import Settings
from portal.mailing.letters import TEMPLATES, Letter, message, write
from tests.accounts.factors.soft_key import SoftKey, adds_passkey
from tests.browser import Complaints, browsing
from tests.people import Browser, World

MARKUP: Final = (
    "<script>hit()</script> '\"><img src=x onerror=hit()> <svg/onload=hit()>",
    '</textarea></title><script>hit()</script> " autofocus onfocus=hit() x="',
    "' onpointerenter=hit() ' javascript:hit() <a href=javascript:hit()>x</a>",
    "<iframe srcdoc='<script>parent.hit()</script>'> <style>@import'//evil.test'</style>",
    "{{constructor.constructor('hit()')()}} </script><script>hit()</script><!--",
)
"""As many in one line as a name may be long; in all there are twelve of them."""
LINES: Final = ("title", "specialty", "practice", "place", "licence")
OWN: Final = ("/profile", "/profile/security", "/profile/papers", "/notices")
TYPED: Final = ("/sign-in", "/register", "/register/short", "/forgotten", "/forgotten/everything")


@dataclass
class Watched:
    """A page, and what ran on it or wanted to."""

    page: Page
    complaints: Complaints

    async def sits_down(self, browser: Browser, server: str) -> None:
        cookie = {"name": "hds", "value": browser.cookie("hds") or "", "url": server}
        await self.page.context.add_cookies([cookie])  # type: ignore[list-item]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Browsers bind passkeys to names: here the portal has one."""
    return replace(settings, public_url=settings.public_url.replace("127.0.0.1", "localhost"))


@pytest.fixture
async def chromium() -> AsyncIterator[Watched]:
    """Whatever runs, wants to run or breaks a policy fails the test."""
    complaints = Complaints(expected="the server responded with a status of 4")  # a form comes back
    async with browsing() as browser:
        page = await (await browser.new_context()).new_page()
        await page.expose_function("hit", lambda: complaints.heard.append(f"ran on {page.url}"))
        await complaints.watch(page)
        yield Watched(page, complaints)
        await page.close()
    assert complaints.heard == []


async def test_no_browser_runs_what_professionals_say_of_themselves(
    world: World, server: str, chromium: Watched
) -> None:
    sayers = [await _says(world, number, each) for number, each in enumerate(MARKUP)]
    admin = await world.physician("Dr. Dana Novak")
    await accounts.appoint(admin.actor.id)
    page = chromium.page

    await chromium.sits_down(admin.browser, server)
    await page.goto(f"{server}/administration/professionals")
    shown = await page.locator("main").inner_text()
    assert [each for each in MARKUP if shown.count(each) < len(LINES)] == []
    for browser in sayers:
        await chromium.sits_down(browser, server)
        for path in OWN:
            await page.goto(f"{server}{path}")
            await page.evaluate("document.querySelectorAll('input, a').forEach((e) => e.focus())")


async def _says(world: World, number: int, markup: str) -> Browser:
    """Somebody in whose every word there is markup."""
    person = await world.physician(f"Dr. Number {number}", confirmed=False)
    form = dict.fromkeys(LINES, markup) | {"name": markup, "rev": "1", "findable": "on"}
    form |= {"birth_date": "17.05.1970", "sex": "O"}
    assert (await person.browser.post("/profile", form=form)).status_code == 303
    key = SoftKey(world.settings.origin)
    assert await adds_passkey(person.browser, key, markup) == 200
    return person.browser


async def test_no_browser_runs_what_strangers_type(server: str, chromium: Watched) -> None:
    page, typed = chromium.page, " ".join(MARKUP)
    for path in TYPED:
        await page.goto(f"{server}{path}")
        form = page.locator(f'main form[action="{path}"], main form:not([action])').first
        for field in await form.locator("input[type=text], input[type=email]").all():
            await field.evaluate("(field, typed) => { field.value = typed; }", typed)
        async with page.expect_navigation():
            await form.evaluate("(form) => form.submit()")

        assert await page.locator("main input[type=email]").input_value() == typed, path


async def test_no_mail_program_runs_what_a_mail_carries(chromium: Watched) -> None:
    """Mails carry nothing that people typed; should a parameter ever, it is text."""
    for template in sorted(TEMPLATES.glob("mailing/*.txt")):
        for markup in MARKUP:
            params = dict.fromkeys(("path", "stop", "day", "due", "days", "number"), markup)
            letter = Letter(template.stem, "a@b.test", "de", params)
            written = write(letter, "https://portal.test")
            mail = message(
                letter, written, row=uuid4(), sender="HDS <hds@b.test>", origin="https://b.test"
            )
            page = mail.get_body(("html",))
            assert page is not None
            await chromium.page.set_content(page.get_content())
