"""Which second factors stay, when somebody puts their account right, is for its owner to say."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from quart import Response

from portal import accounts, keys, mailing
from portal.accounts.factors import document, proofs
from portal.accounts.factors.contents import Passkey
from portal.core.actor import AccountId
from portal.core.db import now
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.keys.models import HalfSession, PasskeyWrap, Session
from tests.accounts.factors.soft_key import SoftKey, adds_passkey, passkey_alone, passkey_second
from tests.accounts.factors.stories import (
    CODE,
    Phone,
    gives_password,
    proves,
    sets_up_an_app,
    shows,
    text_of,
)
from tests.accounts.losing import NEW, forgets, subjects
from tests.accounts.stories import CODE as PASS
from tests.people import PASSWORD, Browser, Person, World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Browsers bind passkeys to names: here the portal has one."""
    return replace(settings, public_url=settings.public_url.replace("127.0.0.1", "localhost"))


async def secures(person: Person, *kept: str, **more: str) -> Response:
    form: dict[str, Any] = {"present": PASSWORD} | more | {f"keep_{each}": "yes" for each in kept}
    return await person.browser.post("/profile/secure", form=form)


async def has_three(world: World, person: Person) -> tuple[SoftKey, SoftKey, Phone]:
    """A key of her own, one that a thief made, and an app."""
    own, planted = SoftKey(world.settings.origin), SoftKey(world.settings.origin)
    assert await adds_passkey(person.browser, own, "My laptop") == 200
    await proves(person.browser, key=own)
    assert await adds_passkey(person.browser, planted, "A thief's") == 303
    await proves(person.browser, key=own)
    phone, _ = await sets_up_an_app(person.browser)
    return own, planted, phone


async def test_those_that_are_not_chosen_end(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    own, planted, phone = await has_three(world, erika)
    laptop, _ = await gives_password(world, erika)
    assert await shows(laptop, phone.shows()) == 303
    page = await text_of(await erika.browser.get("/profile/secure"))
    for shown in ("Passkey: My laptop", "Passkey: A thief", "Authenticator app", "not used yet"):
        assert shown in page
    assert page.count("Added ") == 3
    assert " checked" not in page.partition('name="keep_')[2].partition("</form>")[0]

    answer = await secures(erika, own.id.hex())

    assert answer.status_code == 200
    assert "recovery codes are dead" in await text_of(answer)
    assert (await laptop.get("/profile")).status_code == 303
    actor, _ = await _signs_in(world, erika, own)
    found = await document.read(actor)
    assert [each.name for each in found.passkeys] == ["My laptop"]
    assert (found.authenticator, found.recovery, found.review) == (None, (), False)
    assert await passkey_alone(world.browser(), planted) == 403
    assert await passkey_alone(world.browser(), own) == 303, "used once beside the password"
    browser, _ = await gives_password(world, erika)
    assert await passkey_second(browser, planted) == 403
    assert await shows(browser, phone.shows()) == 403


async def _signs_in(world: World, person: Person, key: SoftKey) -> tuple[Any, Browser]:
    browser, answer = await gives_password(world, person)
    assert answer.headers["Location"].startswith("/sign-in/second")
    assert await passkey_second(browser, key) == 303
    cookie = browser.cookie(cookie_name(world.settings))
    actor = await keys.actor_by_cookie(cookie or "")
    assert actor is not None
    browser.csrf = keys.csrf_token(cookie or "")
    return actor, browser


async def test_nothing_chosen_leaves_a_patient_with_the_password(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await has_three(world, erika)

    answer = await secures(erika)

    assert "Your account has no second factor yet" in await text_of(answer)
    _, where = await gives_password(world, erika)
    assert where.headers["Location"].startswith("/signed-in")


async def test_a_short_password_needs_a_factor_or_a_longer_one(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    short = {"present": PASSWORD, "password": "tug7vexQ"}
    assert (await erika.browser.post("/profile/password", form=short)).status_code == 303

    nothing = await secures(erika, present="tug7vexQ")
    weak = await secures(erika, present="tug7vexQ", password="kuh7Mond")
    longer = await secures(erika, present="tug7vexQ", password=PASSWORD)

    assert [each.status_code for each in (nothing, weak, longer)] == [403, 422, 200]
    assert "Please change it to a longer one first" in await text_of(nothing)


async def test_a_made_up_choice_keeps_nothing(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)

    await secures(erika, "00ff", "application", "")

    actor, _ = await world.signs_in(erika.mail)
    assert not (await document.read(actor)).present


async def test_a_planted_passkey_does_not_outlive_a_forgotten_password(world: World) -> None:
    """Somebody was in the account and made a key; its owner comes back with the Pass."""
    erika = await world.patient("Erika Beispiel")
    own, planted, _ = await has_three(world, erika)
    assert await passkey_alone(world.browser(), planted) == 303

    assert (await forgets(world, erika.mail, erika.code, PASSWORD)).status_code == 303

    assert await PasskeyWrap.all().count() == 0
    for key in (planted, own):
        assert await passkey_alone(world.browser(), key) == 403
    actor, browser = await _signs_in(world, erika, own)
    assert all(each.unlocks == (each.id == own.id) for each in (await _passkeys(actor)))
    page = await text_of(await browser.get("/profile/security/review?next=/documents"))
    assert "Passkey: A thief" in page
    kept = {f"keep_{own.id.hex()}": "yes", "next": "/documents"}
    answer = await browser.post("/profile/security/review", form=kept)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/documents")
    assert [each.id for each in await _passkeys(actor)] == [own.id]
    assert "A second step was removed" in await subjects(world, erika.mail)
    browser, _ = await gives_password(world, erika)
    assert await passkey_second(browser, planted) == 403


async def _passkeys(actor: Any) -> tuple[Passkey, ...]:
    return (await document.read(actor)).passkeys


async def test_after_a_reset_signing_in_leads_to_the_question_until_it_is_answered(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, codes = await sets_up_an_app(erika.browser)
    assert (await forgets(world, erika.mail, erika.code, PASSWORD)).status_code == 303

    async def comes_in() -> str:
        browser, _ = await gives_password(world, erika)
        answer = await browser.post("/sign-in/second", form={"proof_code": codes.pop()})
        erika.browser = browser
        browser.csrf = keys.csrf_token(browser.cookie("hds") or "")
        return (await browser.get(answer.headers["Location"])).headers["Location"]

    assert (await comes_in()).startswith("/profile/security/review?next=")
    where = await comes_in()
    assert where.startswith("/profile/security/review?next="), "it was not answered yet"
    assert "Please say which of these are yours" in await text_of(
        await erika.browser.get("/profile/security")
    )
    await erika.browser.post(where, form={"keep_app": "yes", "next": "/"})
    assert await comes_in() == "/"
    answered = await erika.browser.get("/profile/security/review?next=/documents")
    assert (answered.status_code, answered.headers["Location"]) == (303, "/documents")
    other, _ = await gives_password(world, erika)
    assert await shows(other, phone.shows()) == 303


async def test_a_new_password_shuts_passkeys_until_they_were_used_beside_it(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    key = SoftKey(world.settings.origin)
    await adds_passkey(erika.browser, key)
    form = {"present": PASSWORD, "password": NEW}
    assert (await erika.browser.post("/profile/password", form=form)).status_code == 303

    assert await passkey_alone(world.browser(), key) == 403
    page = await text_of(await erika.browser.get("/profile/security"))
    assert "Second step after the password." in page

    browser = world.browser()
    await browser.post("/sign-in", form={"mail": erika.mail, "password": NEW})
    assert await passkey_second(browser, key) == 303
    assert await passkey_alone(world.browser(), key) == 303


class TestWhoNeedsOne:
    """Professionals and administrators go on to setting up another one: nowhere is a dead end."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, second_factor="required")

    @pytest.fixture
    async def ada(self, world: World) -> Person:
        """A physician with an app, whose phone is lost."""
        issued, browser = await _admitted(world)
        await sets_up_an_app(browser, "/sign-in/set-up")
        cookie = browser.cookie("hds") or ""
        actor = await keys.actor_by_cookie(cookie)
        assert actor is not None
        browser.csrf = keys.csrf_token(cookie)
        return Person(actor, browser, "Ada Ahrens", "ada@example.test", issued)

    async def test_securing_without_one_leads_to_the_set_up(self, ada: Person) -> None:
        answer = await secures(ada)
        page = await text_of(answer)

        assert answer.status_code == 200
        assert PASS.search(page)
        assert 'href="/sign-in/set-up"' in page
        assert ada.browser.cookie("hds") is None
        assert (await ada.browser.get("/profile")).status_code == 303
        assert await Session.filter(principal=ada.actor.id).count() == 0
        assert await HalfSession.filter(principal=ada.actor.id).count() == 1
        ada.browser.csrf = ""
        _, codes = await sets_up_an_app(ada.browser, "/sign-in/set-up")
        assert len(codes) == 10
        assert (await ada.browser.get("/communities")).status_code == 200

    async def test_a_lost_phone_and_a_lost_password_end_at_a_new_phone(
        self, world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The Pass sets the password, is the second step after three days, ends the lost app."""
        assert (await forgets(world, ada.mail, ada.code, NEW)).status_code == 303
        rested = now() + proofs.PASS_RESTS + timedelta(minutes=1)
        monkeypatch.setattr(proofs, "now", lambda: rested)
        browser = world.browser()
        await browser.post("/sign-in", form={"mail": ada.mail, "password": NEW})
        assert await shows(browser, ada.code) == 303
        browser.csrf = keys.csrf_token(browser.cookie("hds") or "")

        answer = await browser.post("/profile/security/review", form={"next": "/"})

        assert answer.headers["Location"] == "/sign-in/set-up"
        assert browser.cookie("hds") is None
        browser.csrf = ""
        phone, codes = await sets_up_an_app(browser, "/sign-in/set-up")
        assert len(codes) == 10
        again = world.browser()
        await again.post("/sign-in", form={"mail": ada.mail, "password": NEW})
        assert await shows(again, phone.shows()) == 303

    async def test_a_lost_phone_alone_is_replaced_with_a_recovery_code(
        self, world: World, ada: Person
    ) -> None:
        """In with the Pass, another app in the place of the lost one; the last one cannot go."""
        browser = world.browser()
        await browser.post("/sign-in", form={"mail": ada.mail, "password": PASSWORD})
        assert await shows(browser, ada.code) == 303
        browser.csrf = keys.csrf_token(browser.cookie("hds") or "")
        assert (await browser.post("/profile/security/app/remove")).status_code == 403

        phone, _ = await sets_up_an_app(browser)
        await proves(browser, code=ada.code)
        page = await text_of(await browser.post("/profile/security/recovery"))

        assert len(CODE.findall(page)) == 10
        again = world.browser()
        await again.post("/sign-in", form={"mail": ada.mail, "password": PASSWORD})
        assert await shows(again, phone.shows()) == 303


async def _admitted(world: World) -> tuple[str, Browser]:
    new = accounts.Registration(
        mail=mailing.read_address("ada@example.test"), name="Ada Ahrens",
        birth_date=date(1970, 5, 17), sex="F", kind="professional", language="en",
    )  # fmt: skip
    issued = await accounts.admit(new, PASSWORD)
    await accounts.confirm(AccountId(issued.account), accounts.OPERATOR)
    browser = world.browser()
    await browser.post("/sign-in", form={"mail": "ada@example.test", "password": PASSWORD})
    return issued.code, browser
