"""A person without an account, in a real browser: from the start page to being signed in."""

import re

from playwright.async_api import Page, expect

from tests.accounts.stories import CODE, PASSWORD


async def test_from_registering_to_being_signed_in(page: Page, server: str) -> None:
    await page.goto(f"{server}/register")
    await page.get_by_label("Patient", exact=False).first.check()
    await page.get_by_label("E-mail address").fill("erika@example.test")
    await page.get_by_label("First and last name").fill("Erika Beispiel")
    await page.get_by_label("Date of birth").fill("31.04.1956")
    await page.get_by_label("Female").check()
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_label("Date of birth")).to_have_attribute("aria-invalid", "true")

    await page.get_by_label("Date of birth").fill("1.4.1956")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("1 April 1956")).to_be_visible()
    await page.get_by_role("button", name="Yes, create the account").click()

    code = CODE.search(await page.locator(".pass-code").inner_text())
    assert code
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download the Pass as PDF").click()
    assert (await download.value).suggested_filename == "HealthDataSpace-Pass.pdf"

    await page.goto(f"{server}/demo/mailbox")
    await page.locator(".mail-link").filter(has_text=re.compile("/activate/")).click()
    await page.get_by_label("Activation code").fill(code.group().lower().replace("-", " "))
    await page.get_by_label("Your new password").fill(PASSWORD)
    await page.get_by_role("button", name="Activate").click()

    await expect(page.get_by_text("Your account is active.")).to_be_visible()
    await page.get_by_label("E-mail address").fill("Erika@Example.Test")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{server}/profile")
    await expect(page.get_by_label("First and last name")).to_have_value("Erika Beispiel")


async def test_what_only_professionals_are_asked_appears_when_one_is_chosen(
    page: Page, server: str
) -> None:
    await page.goto(f"{server}/register")
    await expect(page.get_by_label("Specialty")).to_be_hidden()

    await page.get_by_label("Physician or other professional").check()

    await expect(page.get_by_label("Specialty")).to_be_visible()


async def test_in_at_once_the_page_says_what_became_of_the_mail(page: Page, server: str) -> None:
    await page.goto(f"{server}/register/short")
    await page.get_by_label("E-mail address").fill("erika@example.test")
    password = page.get_by_label("Your new password")
    await password.fill("a walrus")
    await expect(page.get_by_text("4 more characters.")).to_be_visible()
    await password.fill(PASSWORD)
    await expect(page.get_by_text("Long enough.")).to_be_visible()
    await page.get_by_role("button", name="Create the account and sign in").click()
    await expect(page.get_by_role("heading", name="Activate your account")).to_be_visible()

    await page.get_by_role("button", name="Send the mail again").click()

    await expect(page.get_by_text("The mail was handed over")).to_be_visible()
    await page.goto(f"{server}/documents")
    await expect(page.get_by_text("Not activated yet.")).to_be_visible()


async def test_an_old_browser_is_told_and_a_present_one_is_not(page: Page, server: str) -> None:
    await page.goto(f"{server}/sign-in")
    await expect(page.get_by_text("This browser is too old")).to_be_hidden()

    await page.add_init_script("delete AbortSignal.any")
    await page.goto(f"{server}/sign-in")

    await expect(page.get_by_text("This browser is too old")).to_be_visible()
    await expect(page.get_by_label("E-mail address")).to_be_editable()
