"""J7 in a real browser: forgotten, set anew with the code; then both lost, and found again."""

import re

from playwright.async_api import Page, expect

from tests.accounts.losing import NEW
from tests.people import World


async def test_from_a_forgotten_password_to_a_stopped_reset(
    page: Page, server: str, world: World
) -> None:
    erika = await world.patient("Erika Beispiel")
    await page.goto(f"{server}/sign-in")
    await page.get_by_role("link", name="Forgotten your password?").click()
    await page.get_by_label("E-mail address").fill(erika.mail)
    await page.get_by_label("Code from your Pass").fill(erika.code.lower().replace("-", " "))
    await page.get_by_label("Your new password").fill(NEW)
    await page.get_by_role("button", name="Set new password").click()
    await expect(page.get_by_text("Your new password holds.")).to_be_visible()

    await page.get_by_role("link", name="Forgotten your password?").click()
    await page.get_by_role("link", name="What can be done then").click()
    await expect(page.get_by_text("Without both, everything")).to_be_visible()
    await page.get_by_label("E-mail address").fill(erika.mail)
    await page.get_by_role("button", name="Send me the mail").click()
    await expect(page.get_by_text("We have written to this address")).to_be_visible()

    await world.mails_to(erika.mail)
    await page.goto(f"{server}/demo/mailbox")
    await page.locator(".mail-link").filter(has_text=re.compile("/forgotten/link/")).click()
    await expect(page.get_by_text("What will be lost for good")).to_be_visible()
    await page.get_by_label("Type the word DELETE").fill("delete")
    await page.get_by_role("button", name="Empty my account").click()
    await expect(page.get_by_text("Until then, signing in stops it.")).to_be_visible()

    await page.goto(f"{server}/sign-in")
    await page.get_by_label("E-mail address").fill(erika.mail)
    await page.get_by_label("Password", exact=True).fill(NEW)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.goto(f"{server}/demo/mailbox")
    await expect(page.get_by_text("Your account stays as it is").first).to_be_visible()
