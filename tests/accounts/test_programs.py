"""A program acts for its owner with a token: for what was chosen, where it counts, till its end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import pytest
from quart import Quart

from portal import keys
from portal.accounts.dates import today
from portal.app import FOR_PROGRAMS
from portal.core.db import now
from portal.keys import SCOPES
from portal.keys.models import Token
from portal.wiring import programs
from tests.accounts.factors.stories import sets_up_an_app, text_of
from tests.accounts.losing import NEW, forgets
from tests.accounts.programs import TOKEN, asks, trusts, wanted
from tests.architecture.test_routes import addresses, path_of
from tests.people import PASSWORD, Person, World

NOBODY: Final = "hds_" + "A" * 64
Ending = Callable[[World, Person], Awaitable[object]]


async def test_a_program_is_trusted_used_and_revoked(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    token = await trusts(erika, "read", label="Archive of the practice")
    fresh = await text_of(await erika.browser.get("/profile/programs"))
    answer = await asks(world, token)
    used = await text_of(await erika.browser.get("/profile/programs"))

    assert (await answer.get_json())["free"] == 1024**3
    for page in (fresh, used):
        assert "Archive of the practice" in page
        assert not TOKEN.search(page), "it is shown once"
    assert "Not used yet" in fresh
    assert "Last used on" in used
    [own] = await keys.tokens_of(erika.actor)
    assert f"/profile/programs/{own.id.hex()}/revoke" in used
    gone = await erika.browser.post(f"/profile/programs/{own.id.hex()}/revoke")
    assert gone.headers["Location"] == "/profile/programs?revoked=1"
    assert (await asks(world, token)).status_code == 401
    assert (await erika.browser.post(f"/profile/programs/{own.id.hex()}/revoke")).status_code == 404


async def test_making_a_token_takes_a_proof_of_its_own(world: World) -> None:
    """Also right after signing in, when one proof has made one already; the act then goes on."""
    erika = await world.patient("Erika Beispiel")
    await trusts(erika)

    form = wanted("Another")
    asked = await erika.browser.post("/profile/programs", form=form)
    page = await text_of(asked)

    assert asked.status_code == 403
    assert "Make a token for a program" in page
    assert 'name="label" value="Another"' in page
    assert len(await keys.tokens_of(erika.actor)) == 1
    confirmed = await erika.browser.post(
        "/confirm",
        form=form | {"to": "/profile/programs", "method": "POST", "proof_password": PASSWORD},
    )
    assert (confirmed.status_code, confirmed.headers["Location"]) == (307, "/profile/programs")
    assert TOKEN.search(await text_of(await erika.browser.post("/profile/programs", form=form)))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": " "}, "label"),
        ({"scope_read": ""}, "scopes"),
        ({"until": "soon"}, "until"),
        ({"until": ""}, "until"),
    ],
)
async def test_a_token_without_name_use_or_end_is_not_made(
    world: World, change: dict[str, str], field: str
) -> None:
    erika = await world.patient("Erika Beispiel")

    answer = await erika.browser.post("/profile/programs", form=wanted("Office") | change)

    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in await text_of(answer)
    assert await keys.tokens_of(erika.actor) == []


async def test_a_token_lasts_from_a_day_to_a_year(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    for days in (-1, 366):
        answer = await erika.browser.post("/profile/programs", form=wanted("A", days=days))
        assert answer.status_code == 422
    answer = await erika.browser.post("/profile/programs", form=wanted("A", days=365))
    assert answer.status_code == 200
    [own] = await keys.tokens_of(erika.actor)
    assert now() + timedelta(days=364) < own.until <= now() + timedelta(days=366)
    assert own.until.astimezone().date() >= today() + timedelta(days=365)


async def test_unknown_revoked_expired_and_misspelt_are_one_answer(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    revoked, expired, edited = [await _made(erika, each) for each in ("r", "e", "d")]
    by_label = {each.label: each.id for each in await keys.tokens_of(erika.actor)}
    await keys.end_own_token(erika.actor, by_label["r"])
    late = {"exp": now() - timedelta(seconds=1)}
    await Token.filter(token_hash=by_label["e"].hex()).update(**late)
    await Token.filter(token_hash=by_label["d"].hex()).update(scopes="read add")

    answers = [await asks(world, each) for each in (NOBODY, revoked, expired, edited, "x", "ß")]

    told = {(each.status_code, each.headers["WWW-Authenticate"], await text_of(each))
            for each in answers}  # fmt: skip
    [(status, challenge, words)] = told
    assert status == 401
    assert challenge == 'Bearer realm="HealthDataSpace", error="invalid_token"'
    assert "token_refused" in words


async def test_a_token_does_what_it_is_for_and_nothing_else(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    add = await trusts(erika, "add")

    answer = await asks(world, add, headers={"Accept": "text/html"})

    assert answer.status_code == 403
    assert 'error="insufficient_scope", scope="read"' in answer.headers["WWW-Authenticate"]
    assert answer.content_type == "application/problem+json"
    assert (await answer.get_json())["error"] == "token_scope"


@pytest.mark.one_engine
async def test_a_token_counts_only_where_a_room_says_so(app: Quart, world: World) -> None:
    """Every other address sees a stranger, also beside a good cookie: none is looked at."""
    erika = await world.patient("Erika Beispiel")
    token = await _made(erika, "Everything", *SCOPES)
    stranger, open_ = world.browser(), []

    for endpoint, method, path in addresses(app):
        if endpoint in FOR_PROGRAMS or "sign-out" in path:
            continue
        bare = await stranger.request(path, method=method, headers={"Accept": "application/json"})
        shown = {"Accept": "application/json", "Authorization": f"bearer {token}"}
        for browser in (stranger, erika.browser):
            answer = await browser.request(path, method=method, headers=shown)
            if answer.status_code != bare.status_code:
                open_.append(f"{method} {path}: {answer.status_code}, not {bare.status_code}")
    assert open_ == []
    assert FOR_PROGRAMS.keys() <= {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(FOR_PROGRAMS.values()) <= {*SCOPES, "any"}


@pytest.mark.one_engine
async def test_where_programs_may_strangers_are_told_how(app: Quart, world: World) -> None:
    for endpoint in FOR_PROGRAMS:
        rule = next(app.url_map.iter_rules(endpoint))
        path = path_of(app, rule)
        method = min((rule.methods or set()) - {"HEAD", "OPTIONS"})
        answer = await asks(world, NOBODY, path, method, headers={"Accept": "text/html"})
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer "), path


async def test_no_cookie_is_looked_at_where_a_token_is_shown(world: World) -> None:
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")
    token = await trusts(max_)
    shown = {"Authorization": f"Bearer {NOBODY}", "Accept": "application/json"}

    assert (await erika.browser.get("/api/space", headers=shown)).status_code == 401
    shown["Authorization"] = f"Bearer {token}"
    assert (await erika.browser.get("/api/space", headers=shown)).status_code == 200
    basic = {"Authorization": "Basic Zm9vOmJhcg==", "Accept": "application/json"}
    assert (await erika.browser.get("/api/space", headers=basic)).status_code == 200


async def changes_the_password(_world: World, person: Person) -> None:
    form = {"present": PASSWORD, "password": NEW}
    assert (await person.browser.post("/profile/password", form=form)).status_code == 303


async def forgets_the_password(world: World, person: Person) -> None:
    assert (await forgets(world, person.mail, person.code)).status_code == 303


async def secures_the_account(_world: World, person: Person) -> None:
    form = {"present": PASSWORD, "password": NEW}
    assert (await person.browser.post("/profile/secure", form=form)).status_code == 200


async def sets_up_the_first_factor(world: World, person: Person) -> None:
    _, browser = await world.signs_in(person.mail)  # with a proof that made nothing yet
    await sets_up_an_app(browser)


async def deletes_the_account(_world: World, person: Person) -> None:
    form = {"present": PASSWORD, "when": "now", "word": "DELETE"}
    assert (await person.browser.post("/profile/delete", form=form)).status_code == 200


ENDINGS: Final[tuple[Ending, ...]] = (
    changes_the_password, forgets_the_password, secures_the_account, sets_up_the_first_factor,
    deletes_the_account,
)  # fmt: skip


@pytest.mark.parametrize("ends", ENDINGS)
async def test_what_ends_a_thiefs_session_ends_tokens_too(world: World, ends: Ending) -> None:
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")
    hers, his = await trusts(erika), await trusts(max_)
    assert (await asks(world, hers)).status_code == 200

    await ends(world, erika)

    assert (await asks(world, hers)).status_code == 401
    assert await Token.filter(principal=erika.actor.id).count() == 0
    assert (await asks(world, his)).status_code == 200


async def test_logging_out_elsewhere_and_ending_sessions_leaves_tokens(world: World) -> None:
    """They have a list of their own, where each is revoked."""
    erika = await world.patient("Erika Beispiel")
    token = await trusts(erika)

    await erika.browser.post("/profile/sessions/end-others")
    await erika.browser.post("/sign-out")

    assert (await asks(world, token)).status_code == 200


async def test_wrong_tokens_of_one_network_are_slowed_and_right_ones_are_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    token = await trusts(erika)

    found = [(await asks(world, NOBODY)).status_code for _ in range(programs.WRONG_AT_ONCE + 20)]

    assert found[: programs.WRONG_AT_ONCE - 1] == [401] * (programs.WRONG_AT_ONCE - 1)
    assert 429 in found
    assert (await asks(world, token)).status_code == 200


async def test_two_requests_at_once_note_one_use(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    token = await trusts(erika)

    answers = await asyncio.gather(*(asks(world, token) for _ in range(6)))

    assert {each.status_code for each in answers} == {200}
    assert (await Token.get()).note_rev == 2


async def _made(person: Person, label: str, *scopes: keys.Scope) -> str:
    until = now() + timedelta(days=2)
    return await keys.make_token(person.actor, label, scopes or ["read"], until)
