"""Each way into an account is made by somebody who showed for this very one who they are."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from quart import Response

from portal.accounts.factors import document, stepping_up
from portal.core.db import now
from portal.core.settings import Settings
from portal.keys.models import HumanWrap
from tests.accounts.factors.soft_key import SoftKey, adds_passkey, asked
from tests.accounts.factors.stories import (
    HIDDEN,
    SECRET,
    Phone,
    gives_password,
    proves,
    sets_up_an_app,
    shows,
    text_of,
)
from tests.people import PASSWORD, Person, World

JSON = {"Accept": "application/json"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Browsers bind passkeys to names: here the portal has one."""
    return replace(settings, public_url=settings.public_url.replace("127.0.0.1", "localhost"))


Adding = Callable[[World, Person], Awaitable[Response]]


async def looks_at_an_app(_world: World, person: Person) -> Response:
    return await person.browser.get("/profile/security/app", headers=JSON)


async def confirms_an_app(_world: World, person: Person) -> Response:
    form = {"ticket": "1.abc", "proof_code": "000000"}
    return await person.browser.post("/profile/security/app", form=form, headers=JSON)


async def is_asked_for_a_passkey(_world: World, person: Person) -> Response:
    return await person.browser.post("/profile/security/passkey/options", headers=JSON)


async def adds_a_passkey(_world: World, person: Person) -> Response:
    form = {"name": "Key", "credential": "{}"}
    return await person.browser.post("/profile/security/passkey", form=form, headers=JSON)


async def makes_recovery_codes(_world: World, person: Person) -> Response:
    return await person.browser.post("/profile/security/recovery", headers=JSON)


@pytest.mark.parametrize(
    "adding",
    [looks_at_an_app, confirms_an_app, is_asked_for_a_passkey, adds_a_passkey,
     makes_recovery_codes],
)  # fmt: skip
async def test_who_signed_in_long_ago_is_asked_before_each(
    world: World, monkeypatch: pytest.MonkeyPatch, adding: Adding
) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    before = await document.read(erika.actor)
    late = now() + timedelta(minutes=6)
    monkeypatch.setattr(stepping_up, "now", lambda: late)

    answer = await adding(world, erika)

    assert (answer.status_code, (await answer.get_json())["error"]) == (403, "step_up")
    assert await document.read(erika.actor) == before


async def test_one_proof_is_good_for_one_factor(world: World) -> None:
    """Signing in lets the first one be added; each further one asks again, also seconds later."""
    erika = await world.patient("Erika Beispiel")
    browser = erika.browser
    key = SoftKey(world.settings.origin)
    assert await adds_passkey(browser, key) == 200

    refused = [
        await browser.post("/profile/security/passkey/options", headers=JSON),
        await browser.get("/profile/security/app", headers=JSON),
        await browser.post("/profile/security/recovery", headers=JSON),
    ]
    assert [each.status_code for each in refused] == [403] * 3
    await proves(browser, key=key)
    assert await adds_passkey(browser, SoftKey(world.settings.origin)) == 303
    await proves(browser, key=key)
    await sets_up_an_app(browser)
    assert (await browser.post("/profile/security/recovery")).status_code == 403
    await proves(browser, key=key)
    assert (await browser.post("/profile/security/recovery")).status_code == 200

    subjects = [each.subject for each in await world.mails_to(erika.mail)]
    assert subjects.count("A second step was added") == 3
    assert subjects.count("You have new recovery codes") == 1


async def test_a_try_that_fails_spends_no_proof(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    page = await text_of(await erika.browser.get("/profile/security/app"))
    form: dict[str, Any] = dict(HIDDEN.findall(page)) | {"proof_code": "000000"}

    assert (await erika.browser.post("/profile/security/app", form=form)).status_code == 403
    found = SECRET.search(page)
    assert found
    form["proof_code"] = Phone(found.group(1).replace(" ", "")).shows()
    assert (await erika.browser.post("/profile/security/app", form=form)).status_code == 200


async def test_two_at_once_with_one_proof_are_one(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    keys = [SoftKey(world.settings.origin) for _ in range(2)]
    path = "/profile/security/passkey"
    forms = [key.made(await asked(erika.browser, f"{path}/options")) for key in keys]

    answers = [await erika.browser.post(path, form=each | {"name": "Key"}) for each in forms]

    assert sorted(each.status_code for each in answers) == [200, 403]
    assert len((await document.read(erika.actor)).passkeys) == 1


async def test_a_sheet_and_a_pass_take_the_password_itself(world: World) -> None:
    """Each is asked for beside the button, however lately somebody proved who they are."""
    erika = await world.patient("Erika Beispiel")
    before = await HumanWrap.filter(principal=erika.actor.id).order_by("id").values()

    for paper in ("pass", "recovery"):
        for present in ("", "not this one, surely"):
            path = f"/profile/papers/{paper}"
            answer = await erika.browser.post(path, form={"present": present})
            assert answer.status_code in {403, 422}

    assert await HumanWrap.filter(principal=erika.actor.id).order_by("id").values() == before


async def test_the_first_factor_ends_every_session_that_holds_a_password_only(
    world: World,
) -> None:
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    _, thief = await world.signs_in(erika.mail)
    _, locked = await world.signs_in(erika.mail)
    assert (await locked.post("/lock", headers=JSON)).status_code == 204

    phone, _ = await sets_up_an_app(erika.browser)

    assert (await thief.get("/profile")).status_code == 303, "a password alone is still in"
    unlock = {"account": str(erika.actor.id), "proof_password": PASSWORD}
    opened = await locked.post("/unlock", json=unlock, headers=JSON)
    assert (await opened.get_json())["lacking"] == "second"
    assert (await erika.browser.get("/profile")).status_code == 200
    assert (await ben.browser.get("/profile")).status_code == 200
    other, _ = await gives_password(world, erika)
    assert await shows(other, phone.shows()) == 303


async def test_a_further_factor_ends_nobodys_session(world: World) -> None:
    """They showed a second factor, too."""
    erika = await world.patient("Erika Beispiel")
    phone, codes = await sets_up_an_app(erika.browser)
    laptop, _ = await gives_password(world, erika)
    assert await shows(laptop, phone.shows()) == 303

    await proves(erika.browser, code=codes[0])
    assert await adds_passkey(erika.browser, SoftKey(world.settings.origin)) == 303

    assert (await laptop.get("/profile")).status_code == 200
