"""Passkeys in a real browser with a virtual authenticator: with a secret, and without."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.async_api import CDPSession, Page, expect

from portal import keys
from portal.accounts.factors import document, stepping_up
from portal.accounts.factors.models import Challenge
from portal.core.db import now
from portal.core.settings import Settings
from portal.keys.models import PasskeyWrap
from tests.accounts.factors.stories import text_of
from tests.people import PASSWORD, Person, World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Browsers bind passkeys to names: here the portal has one."""
    named = settings.public_url.replace("127.0.0.1", "localhost")
    return replace(settings, public_url=named)


async def authenticator(page: Page, *, prf: bool) -> tuple[CDPSession, str]:
    """A device that says yes by itself."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal",
        "hasResidentKey": True, "hasUserVerification": True, "hasPrf": prf,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return cdp, str(made["authenticatorId"])


async def gives_password(page: Page, url: str, person: Person) -> None:
    await page.goto(f"{url}/sign-in")
    await page.get_by_label("E-mail address").fill(person.mail)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def adds_a_passkey(page: Page, url: str, name: str) -> None:
    await page.goto(f"{url}/profile/security")
    await page.get_by_label("Name of the new passkey").fill(name)
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    await expect(page.locator("[data-codes] li")).to_have_count(10)
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


async def logs_out(page: Page) -> None:
    await page.locator(".account-menu summary").click()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_passkey_with_a_secret_opens_the_account_alone(
    page: Page, server: str, world: World
) -> None:
    erika = await world.patient("Erika Beispiel")
    await authenticator(page, prf=True)
    await gives_password(page, server, erika)
    await adds_a_passkey(page, server, "Erika's laptop")
    await expect(page.get_by_text("Opens your account without the password.")).to_be_visible()
    await logs_out(page)

    await page.get_by_role("button", name="Sign in with a passkey").click()

    await page.wait_for_url(lambda url: "/sign-in" not in url)
    await page.goto(f"{server}/profile")
    await expect(page.get_by_label("First and last name")).to_have_value("Erika Beispiel")
    assert await keys.guard_of(erika.actor.id) == (await document.read(erika.actor)).rev
    await page.goto(f"{server}/profile/security")
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("Your account has no second factor yet.")).to_be_visible()
    assert await PasskeyWrap.all().count() == 0
    await logs_out(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_text("cannot sign you in by itself")).to_be_visible()


async def test_a_passkey_without_a_secret_is_the_second_step(
    page: Page, server: str, world: World
) -> None:
    erika = await world.patient("Erika Beispiel")
    await authenticator(page, prf=False)
    await gives_password(page, server, erika)
    await adds_a_passkey(page, server, "Old key")
    await expect(page.get_by_text("Second step after the password.")).to_be_visible()
    await logs_out(page)

    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_text("cannot sign you in by itself")).to_be_visible()
    await gives_password(page, server, erika)
    await page.get_by_role("button", name="Use your passkey").click()

    await page.wait_for_url(lambda url: "/sign-in" not in url)
    assert await PasskeyWrap.all().count() == 0
    assert await Challenge.all().count() <= 1


async def test_a_copied_passkey_is_refused(page: Page, server: str, world: World) -> None:
    """An authenticator whose counter went back is a copy."""
    erika = await world.patient("Erika Beispiel")
    cdp, device = await authenticator(page, prf=False)
    await gives_password(page, server, erika)
    await adds_a_passkey(page, server, "Old key")
    found = await cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})
    [credential] = found["credentials"]
    await logs_out(page)
    await gives_password(page, server, erika)
    await page.get_by_role("button", name="Use your passkey").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    await logs_out(page)

    for count, heading in ((0, "Second step"), (credential["signCount"] + 7, "My documents")):
        await cdp.send("WebAuthn.clearCredentials", {"authenticatorId": device})
        put = {"authenticatorId": device, "credential": credential | {"signCount": count}}
        await cdp.send("WebAuthn.addCredential", put)
        await gives_password(page, server, erika)
        await page.get_by_role("button", name="Use your passkey").click()
        if count == 0:
            await expect(page.get_by_text("its counter says that there is a copy")).to_be_visible()
        await expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


async def test_answers_for_another_site_and_answers_given_twice_are_refused(
    page: Page, server: str, world: World
) -> None:
    erika = await world.patient("Erika Beispiel")
    await authenticator(page, prf=False)
    await gives_password(page, server, erika)
    await adds_a_passkey(page, server, "Key")
    await logs_out(page)
    sent: list[dict[str, str]] = []

    async def keep(route: Any) -> None:

        sent.append(dict(parse_qsl(route.request.post_data)))
        await route.abort()

    await gives_password(page, server, erika)
    await page.route("**/sign-in/second", keep)
    async with page.expect_request(lambda each: each.url.endswith("/sign-in/second")):
        await page.get_by_role("button", name="Use your passkey").click()
    [cookie] = [each for each in await page.context.cookies() if each["name"] == "hds-half"]
    answer = json.loads(sent[0]["credential"])

    async def given(credential: dict[str, Any], half: str) -> int:
        form = {"credential": json.dumps(credential), "secret": ""}
        headers = {"Cookie": f"hds-half={half}"}
        got = await world.browser().post("/sign-in/second", form=form, headers=headers)
        if got.status_code == 303 and got.headers["Location"] == "/sign-in":
            return 401
        assert "Traceback" not in await text_of(got)
        return got.status_code

    other, _ = await _another_half(world, erika)
    assert await given(answer, other) == 410, "another browser's challenge was taken"
    assert await given(_from_elsewhere(answer), str(cookie["value"])) == 403
    assert await given(answer, str(cookie["value"])) == 410, "a challenge was taken twice"


async def _another_half(world: World, person: Person) -> tuple[str, str]:
    browser = world.browser()
    await browser.post("/sign-in", form={"mail": person.mail, "password": PASSWORD})
    return browser.cookie("hds-half") or "", person.mail


def _from_elsewhere(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer, as another site would have got it."""
    changed: dict[str, Any] = json.loads(json.dumps(answer))
    raw = changed["response"]["clientDataJSON"]
    client = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    client["origin"] = "https://evil.example"
    packed = base64.urlsafe_b64encode(json.dumps(client).encode()).decode().rstrip("=")
    changed["response"]["clientDataJSON"] = packed
    return changed


async def test_who_waited_too_long_is_asked_in_place_and_the_passkey_is_added(
    page: Page, server: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    await authenticator(page, prf=True)
    await gives_password(page, server, erika)
    await page.goto(f"{server}/profile/security")
    await page.get_by_label("Name of the new passkey").fill("Erika's laptop")
    confirmed = now() + timedelta(minutes=6)
    monkeypatch.setattr(stepping_up, "now", lambda: confirmed)
    await page.get_by_role("button", name="Add a passkey").click()
    asking = page.get_by_role("dialog", name="Is it you?")
    await asking.get_by_label("Password").fill("wrong")
    await asking.get_by_role("button", name="Continue").click()
    await expect(asking.get_by_role("alert")).to_be_visible()

    await asking.get_by_label("Password").fill(PASSWORD)
    await asking.get_by_role("button", name="Continue").click()

    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert [each.name for each in (await document.read(erika.actor)).passkeys] == ["Erika's laptop"]
