"""J7 in real browsers, in both languages: set anew with the code; both lost, and found again."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import ConsoleMessage, Page, expect

from portal.core import language
from tests.accounts.losing import NEW
from tests.people import Person, World

Say = Callable[..., str]
HOLDS = "Your new password holds. Sign in with it; everything in your account is still there."
LOSS = "Without both, everything in the account is lost."
WRITTEN = (
    "We have written to this address, whether it has an account or not. Please read the mail: it "
    "says what can be done. No mail after a few minutes? Look into the spam folder."
)
DUE = (
    "This will happen on %(due)s. Until then, signing in stops it. A mail says the same and has a "
    "link that stops it, too."
)

SAYS_WHETHER_IT_FITS = """addEventListener("load", () => {
    console.log(document.documentElement.scrollWidth > innerWidth ? "wide" : "fits")
})"""


async def test_from_a_forgotten_password_to_a_stopped_reset(
    page: Page, server: str, world: World
) -> None:
    await _loses_and_finds(page, server, world, "en")


@pytest.mark.one_engine
async def test_the_same_in_german_on_a_phone(page: Page, server: str, world: World) -> None:
    """Under a thumb nothing is cut: no page of the way is wider than the screen."""
    seen: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.text in {"fits", "wide"}:
            seen.append(message.text)

    page.on("console", hear)
    await page.add_init_script(SAYS_WHETHER_IT_FITS)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.context.add_cookies([{"name": "language", "value": "de", "url": server}])
    await _loses_and_finds(page, server, world, "de")
    assert set(seen) == {"fits"}


async def _loses_and_finds(page: Page, server: str, world: World, speech: str) -> None:
    def said(words: str, **values: object) -> str:
        with language.speaking(speech):
            return language.gettext(words, **values)

    erika = await world.patient("Erika Beispiel", language=speech)
    await _forgets_the_password(page, server, erika, said)
    await _loses_both(page, server, world, erika, said)
    await _remembers(page, server, erika, said)


async def _forgets_the_password(page: Page, server: str, erika: Person, said: Say) -> None:
    await page.goto(f"{server}/sign-in")
    await page.get_by_role("link", name=said("Forgotten your password?")).click()
    await page.get_by_label(said("E-mail address")).fill(erika.mail)
    code = page.get_by_label(said("Code from your Pass, Card or recovery sheet"))
    await code.fill(erika.code.lower().replace("-", " "))
    await page.get_by_label(said("Your new password")).fill(NEW)
    await page.get_by_role("button", name=said("Set new password")).click()
    await expect(page.get_by_text(said(HOLDS))).to_be_visible()


async def _loses_both(page: Page, server: str, world: World, erika: Person, said: Say) -> None:
    await page.get_by_role("link", name=said("Forgotten your password?")).click()
    await page.get_by_role("link", name=said("What can be done then")).click()
    await expect(page.get_by_text(said(LOSS))).to_be_visible()
    await page.get_by_label(said("E-mail address")).fill(erika.mail)
    await page.get_by_role("button", name=said("Send me the mail")).click()
    await expect(page.get_by_text(said(WRITTEN))).to_be_visible()

    await world.mails_to(erika.mail)
    await page.goto(f"{server}/demo/mailbox")
    await page.locator(".mail-link").filter(has_text=re.compile("/forgotten/link/")).click()
    await expect(page.get_by_text(said("What will be lost for good"))).to_be_visible()
    word = said("DELETE")
    await page.get_by_label(said("Type the word %(word)s", word=word)).fill(word.lower())
    await page.get_by_role("button", name=said("Empty my account")).click()
    rest = said(DUE, due="|").partition("|")[2]
    await expect(page.get_by_text(rest)).to_be_visible()


async def _remembers(page: Page, server: str, erika: Person, said: Say) -> None:
    await page.goto(f"{server}/sign-in")
    await page.get_by_label(said("E-mail address")).fill(erika.mail)
    await page.get_by_label(said("Password"), exact=True).fill(NEW)
    await page.get_by_role("button", name=said("Sign in"), exact=True).click()
    await page.goto(f"{server}/demo/mailbox")
    await expect(page.get_by_text(said("Your account stays as it is")).first).to_be_visible()
