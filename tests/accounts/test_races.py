"""An old secret that is used at the very moment in which its owner replaces it opens nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, Protocol

import pytest

from portal import keys, vault
from portal.accounts.factors import document
from portal.accounts.factors.contents import Authenticator
from portal.accounts.factors.models import Factors
from portal.accounts.papers import issuing
from portal.accounts.recovery import securing
from portal.accounts.recovery.forms import Securing
from portal.core.db import now
from portal.core.errors import Conflict, SignInNeeded
from portal.core.web import cookie_name
from portal.keys import wraps
from portal.keys.models import HalfSession, HumanWrap, PasskeyWrap, Session
from tests.accounts.factors.stories import sets_up_an_app
from tests.accounts.losing import NEW, forgets
from tests.accounts.stories import CODE, ERIKA, sign_in, text_of
from tests.accounts.stories import PASSWORD as ENTERED
from tests.accounts.test_entering import enters
from tests.people import PASSWORD, Browser, Person, World

Happens = Callable[[], Awaitable[Any]]
THEIRS: Final = "a thief's very own long sentence"
JSON = {"Accept": "application/json"}


class Meanwhile(Protocol):
    """Says what happens right after a key was derived from something typed, once."""

    def __call__(self, happens: Happens, *, after: int = 1) -> None: ...


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Between an old secret and what is done by its word."""
    real, waiting = keys.slow, list[Happens]()

    async def slow(*given: Any, **more: Any) -> Any:
        key = await real(*given, **more)
        if waiting:
            await waiting.pop()()
        return key

    async def nothing() -> None: ...

    def arrange(happens: Happens, *, after: int = 1) -> None:
        waiting.extend([happens, *[nothing] * (after - 1)])

    monkeypatch.setattr(wraps, "slow", slow)
    return arrange


async def changes_password(browser: Browser, present: str = PASSWORD) -> None:
    answer = await browser.post("/profile/password", form={"present": present, "password": NEW})
    assert answer.status_code == 303, await text_of(answer)


async def holds(world: World, person: Person, wrapped: list[Any]) -> None:
    """The new password opens, the old one does not, and no paper was changed."""
    assert (await sign_in(world, person.mail, NEW)).status_code == 303
    assert (await sign_in(world, person.mail, PASSWORD)).status_code == 403
    kept = HumanWrap.filter(principal=person.actor.id).exclude(how="password")
    assert wrapped == await kept.order_by("how").values()


async def papers_of(person: Person) -> list[Any]:
    kept = HumanWrap.filter(principal=person.actor.id).exclude(how="password")
    return list(await kept.order_by("how").values())


@pytest.mark.parametrize(
    ("path", "form", "after"),
    [
        ("/profile/papers/pass", {}, 1),
        ("/profile/papers/recovery", {}, 2),
        ("/profile/secure", {"password": THEIRS}, 3),
        ("/profile/password", {"password": THEIRS}, 2),
    ],
)
async def test_whoever_holds_the_old_password_makes_nothing_that_outlives_it(
    world: World, meanwhile: Meanwhile, path: str, form: dict[str, str], after: int
) -> None:
    erika = await world.patient("Erika Beispiel")
    await issuing.issue(erika.actor, "recovery", PASSWORD)
    _, thief = await world.signs_in(erika.mail)
    before = await papers_of(erika)

    meanwhile(lambda: changes_password(erika.browser), after=after)
    answer = await thief.post(path, form={"present": PASSWORD} | form)

    assert answer.status_code == 409, await text_of(answer)
    assert not CODE.search(await text_of(answer))
    await holds(world, erika, before)
    assert (await thief.get("/profile")).status_code == 303


async def test_no_session_begins_with_a_password_that_is_replaced(
    world: World, meanwhile: Meanwhile
) -> None:
    erika = await world.patient("Erika Beispiel")
    thief = world.browser()

    meanwhile(lambda: changes_password(erika.browser))
    answer = await thief.post("/sign-in", form={"mail": erika.mail, "password": PASSWORD})

    assert answer.status_code == 403
    assert await Session.filter(principal=erika.actor.id).count() == 1
    assert await HalfSession.all().count() == 0


async def test_no_second_step_is_asked_after_a_password_that_is_replaced(
    world: World, meanwhile: Meanwhile
) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)

    meanwhile(lambda: changes_password(erika.browser))
    answer = await sign_in(world, erika.mail, PASSWORD)

    assert answer.status_code == 403
    assert await HalfSession.all().count() == 0


async def test_no_page_is_unlocked_with_a_password_that_is_replaced(
    world: World, meanwhile: Meanwhile
) -> None:
    erika = await world.patient("Erika Beispiel")
    _, thief = await world.signs_in(erika.mail)
    await keys.end_session(await _actor(world, thief))

    meanwhile(lambda: changes_password(erika.browser))
    form = {"account": str(erika.actor.id), "proof_password": PASSWORD}
    answer = await thief.post("/unlock", json=form, headers=JSON)

    assert answer.status_code == 403
    assert await Session.filter(principal=erika.actor.id).count() == 1


async def test_a_session_that_is_ended_while_it_locks_its_page_leaves_no_way_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    _, thief = await world.signs_in(erika.mail)
    real = keys.sessions_of

    async def sessions_of(actor: Any) -> Any:
        found = await real(actor)
        await keys.end_sessions(erika.actor.id, but=erika.actor.session)
        return found

    monkeypatch.setattr(keys, "sessions_of", sessions_of)
    answer = await thief.post("/lock", headers=JSON)

    assert answer.status_code == 401
    assert await HalfSession.all().count() == 0


@pytest.mark.parametrize("paper", ["code", "recovery"])
async def test_an_old_code_sets_no_password_once_there_is_a_new_one(
    world: World, meanwhile: Meanwhile, paper: issuing.Paper
) -> None:
    erika = await world.patient("Erika Beispiel")
    stolen = erika.code
    if paper == "recovery":
        stolen = (await issuing.issue(erika.actor, "recovery", PASSWORD)).code

    async def new_paper() -> None:
        await issuing.issue(erika.actor, paper, PASSWORD)

    meanwhile(new_paper, after=1 if paper == "code" else 2)  # the derivation that opens
    answer = await forgets(world, erika.mail, stolen)

    assert answer.status_code == 403
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303


async def test_an_account_that_waits_keeps_its_new_password_when_its_address_is_mended(
    world: World, meanwhile: Meanwhile
) -> None:
    browser, thief = await enters(world), await enters(world)

    meanwhile(lambda: changes_password(browser, ENTERED))
    form = {"present": ENTERED, "mail": "thief@example.test"}
    answer = await thief.post("/activation/address", form=form)

    assert answer.status_code == 409
    assert (await sign_in(world, ERIKA["mail"], NEW)).status_code == 303
    assert (await sign_in(world, "thief@example.test", ENTERED)).status_code == 403


async def test_a_session_that_is_ended_meanwhile_makes_no_pass_for_who_waits(
    world: World, meanwhile: Meanwhile
) -> None:
    browser, thief = await enters(world), await enters(world)

    meanwhile(lambda: changes_password(browser, ENTERED))
    answer = await thief.post("/activation/pass")

    assert answer.status_code in {303, 401}
    assert not CODE.search(await text_of(answer))
    assert not await HumanWrap.filter(how="code").exists()


async def _actor(world: World, browser: Browser) -> Any:
    return await keys.actor_by_cookie(browser.cookie(cookie_name(world.settings)) or "")


async def test_a_first_factor_set_up_beside_securing_locks_nobody_out(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    before = await document.read(erika.actor)
    app = Authenticator(secret="JBSWY3DPEHPK3PXP", added=now(), last_step=0)
    await securing.secure(erika.actor, Securing(PASSWORD, NEW), "offered")

    with pytest.raises(SignInNeeded):  # it waited for the lock, under the root of before
        await document.change(erika.actor, replace(before, authenticator=app))
    with pytest.raises(Conflict):
        await keys.keep_passkey(keys.Holder.of(erika.actor), b"a passkey", vault.new_secret())

    assert (await sign_in(world, erika.mail, NEW)).headers["Location"].startswith("/signed-in")
    assert not await Factors.exists()
    assert not await PasskeyWrap.exists()


async def test_an_account_secured_while_it_is_activated_keeps_its_person(
    world: World, meanwhile: Meanwhile
) -> None:
    browser = await enters(world)
    code = CODE.search(await text_of(await browser.post("/activation/pass")))
    assert code
    link = await world.link_for(ERIKA["mail"])
    fields = {each: ERIKA[each] for each in ("name", "birth_date", "sex")}

    async def secures() -> None:
        form = {"present": ENTERED, "password": NEW}
        answer = await browser.post("/profile/secure", form=form)
        assert answer.status_code == 200, await text_of(answer)

    meanwhile(secures)
    typed = fields | {"code": code.group(), "password": ENTERED}
    answer = await world.browser().post(link, form=typed)

    assert answer.status_code == 409, await text_of(answer)
    assert (await sign_in(world, ERIKA["mail"], NEW)).status_code == 303
    assert (await browser.get("/profile")).status_code == 200
