"""Where there is a second factor, "Is it you?" asks for that: a password confirms nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any, Final

import pytest

from portal import accounts
from portal.accounts.factors import acts, stepping_up
from portal.accounts.models import Leaving, Readdressing, Throttle
from portal.core.db import now
from portal.core.settings import Settings
from portal.keys.models import HumanWrap
from tests.accounts.factors.soft_key import SoftKey, adds_passkey
from tests.accounts.factors.stories import HIDDEN, proves, sets_up_an_app, text_of
from tests.accounts.losing import NEW
from tests.people import PASSWORD, Person, World

Later = Callable[[timedelta], None]
JSON: Final = {"Accept": "application/json"}
LONG: Final = timedelta(minutes=6)
ACTS: Final[dict[str, dict[str, Any]]] = {
    "/profile/password": {"password": NEW},
    "/profile/secure": {"password": NEW},
    "/profile/papers/pass": {},
    "/profile/papers/recovery": {},
    "/profile/papers/recovery/revoke": {},
    "/profile/address": {"mail": "elsewhere@example.test"},
    "/profile/delete": {"word": "DELETE", "when": "later"},
}
SAID: Final = {
    "/profile/password": "Change password",
    "/profile/secure": "Secure my account",
    "/profile/papers/pass": "Make a new Pass",
    "/profile/papers/recovery": "Make a recovery sheet",
    "/profile/papers/recovery/revoke": "Revoke the recovery sheet",
    "/profile/address": "Change e-mail address",
    "/profile/delete": "Delete account",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Browsers bind passkeys to names: here the portal has one."""
    return replace(settings, public_url=settings.public_url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Time passes for the question whether somebody proved lately who they are."""
    ahead = timedelta(0)

    def passes(much: timedelta) -> None:
        nonlocal ahead
        ahead += much

    def clock() -> datetime:
        return now() + ahead

    monkeypatch.setattr(stepping_up, "now", clock)
    return passes


async def secrets_of(person: Person) -> list[dict[str, Any]]:
    return await HumanWrap.filter(principal=person.actor.id).order_by("id").values()


async def test_every_act_that_has_words_is_there(world: World) -> None:
    assert set(acts.ACTS) <= set(world.app.view_functions)


@pytest.mark.parametrize("act", ACTS)
async def test_whoever_has_the_password_and_the_open_session_changes_nothing(
    world: World, later: Later, act: str
) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    before = await secrets_of(erika)
    later(LONG)
    form = {"present": PASSWORD} | ACTS[act]

    asked = await erika.browser.post(act, form=form)
    page = await text_of(asked)
    fields = {name: unescape(value) for name, value in HIDDEN.findall(page)}
    alone = await erika.browser.post("/confirm", form=fields | {"proof_password": PASSWORD})

    assert (asked.status_code, alone.status_code) == (403, 403)
    for whole in (page, await text_of(alone)):
        shown = whole.partition("<main")[2].partition("</main>")[0]
        assert "Is it you?" in shown
        assert SAID[act] in shown, "does not say what is confirmed"
        assert "proof_code" in shown
        assert "proof_password" not in shown
    assert (await erika.browser.post(act, form=form)).status_code == 403
    assert await secrets_of(erika) == before
    assert not await Leaving.exists()
    assert not await Readdressing.exists()
    assert not await Throttle.filter(tries__gt=0, lasting=True).exists(), "counted as a guess"

    right = await erika.browser.post("/confirm", form=fields | {"proof_code": phone.shows()})
    assert (right.status_code, right.headers["Location"]) == (307, act)
    assert (await erika.browser.post(act, form=form)).status_code in {200, 303}


@pytest.mark.parametrize(
    "page",
    [
        "/profile/password",
        "/profile/secure",
        "/profile/papers",
        "/profile/address",
        "/profile/delete",
    ],
)
async def test_it_is_asked_before_anything_is_typed(world: World, later: Later, page: str) -> None:
    """So nobody fills in a form twice; who has no second factor sees the form at once."""
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    _, codes = await sets_up_an_app(erika.browser)
    assert (await erika.browser.get(page)).status_code == 200
    later(LONG)

    asked = await erika.browser.get(page)
    fields = dict(HIDDEN.findall(await text_of(asked)))
    shown = await erika.browser.post("/confirm", form=fields | {"proof_code": codes[0]})

    assert asked.status_code == 403
    assert (shown.status_code, shown.headers["Location"]) == (303, page)
    assert (await erika.browser.get(page)).status_code == 200
    assert (await ben.browser.get(page)).status_code == 200


async def test_without_a_second_factor_the_password_is_enough(world: World, later: Later) -> None:
    erika = await world.patient("Erika Beispiel")
    later(LONG)

    changed = await erika.browser.post(
        "/profile/password", form={"present": PASSWORD, "password": NEW}
    )

    assert changed.status_code == 303


async def test_the_password_that_lifts_the_lock_is_no_second_step(world: World) -> None:
    """The page goes on, and what changes a secret asks for the factor, seconds later, too."""
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    phone, _ = await sets_up_an_app(erika.browser)
    for each in (erika, ben):
        assert (await each.browser.post("/lock", headers=JSON)).status_code == 204
        unlock = {"account": str(each.actor.id), "proof_password": PASSWORD}
        opened = await each.browser.post("/unlock", json=unlock, headers=JSON)
        each.browser.csrf = (await opened.get_json())["csrf"]

    form = {"present": PASSWORD, "password": NEW}
    assert (await erika.browser.post("/profile/password", form=form)).status_code == 403
    assert (await ben.browser.post("/profile/password", form=form)).status_code == 303
    await proves(erika.browser, code=phone.shows())
    assert (await erika.browser.post("/profile/password", form=form)).status_code == 303


async def test_a_script_is_told_what_is_asked_for(world: World, later: Later) -> None:
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    _, codes = await sets_up_an_app(erika.browser)
    later(LONG)

    async def asks(person: Person) -> object:
        answer = await person.browser.post("/profile/security/passkey/options", headers=JSON)
        return (await answer.get_json())["asks"]

    assert await asks(erika) == ["code"]
    assert await asks(ben) == ["password"]
    alone = await erika.browser.post("/confirm", form={"proof_password": PASSWORD}, headers=JSON)
    assert (alone.status_code, (await alone.get_json())["error"]) == (403, "factor_wanted")
    await proves(erika.browser, code=codes[3])
    await accounts.step_up(erika.actor)


async def test_a_passkey_confirms(world: World, later: Later) -> None:
    erika = await world.patient("Erika Beispiel")
    key = SoftKey(world.settings.origin)
    assert await adds_passkey(erika.browser, key) == 200
    later(LONG)

    with pytest.raises(accounts.StepUpNeeded):
        await accounts.step_up(erika.actor)
    await proves(erika.browser, key=key)

    await accounts.step_up(erika.actor)
