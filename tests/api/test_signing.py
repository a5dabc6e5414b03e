"""Somebody signs in where there is no page, and their program gets a token and nothing else."""

from typing import Any

import pytest
from quart import Response

from portal import keys
from portal.keys.models import HalfSession
from tests.accounts.factors.stories import sets_up_an_app
from tests.accounts.programs import asks
from tests.people import PASSWORD, Browser, Person, World


def asking(person: Person, **changes: Any) -> dict[str, Any]:
    asked = {"mail": person.mail, "password": PASSWORD, "label": "Command line"}
    return asked | {"scopes": ["add"], "days": 7} | changes


async def signs_in(world: World, asked: Any, browser: Browser | None = None) -> Response:
    accept = {"Accept": "application/json"}
    return await (browser or world.browser()).post("/api/token", json=asked, headers=accept)


async def why(answer: Response) -> tuple[int, str, str]:
    said = await answer.get_json()
    assert answer.content_type == "application/problem+json"
    return answer.status_code, said["error"], said["title"]


async def test_a_password_is_exchanged_for_a_token_that_ends_itself(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    before = len(await keys.sessions_of(erika.actor))

    answer = await signs_in(world, asking(erika))
    token = (await answer.get_json())["token"]

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert len(await keys.sessions_of(erika.actor)) == before, "no session is left open"
    [own] = await keys.tokens_of(erika.actor)
    assert (own.label, own.scopes) == ("Command line", ("add",))
    subjects = " ".join(mail.subject for mail in await world.mails_to(erika.mail))
    assert "program" in subjects, "its owner hears of it"
    known: dict[str, Any] = {"json": {"fingerprints": []}}
    assert (await asks(world, token, "/uploads/known", "POST", **known)).status_code == 200
    assert (await asks(world, token)).status_code == 403, "it may add, not look"
    assert (await asks(world, token, "/api/token", "DELETE")).status_code == 204
    assert (await asks(world, token, "/uploads/known", "POST", **known)).status_code == 401
    assert await keys.tokens_of(erika.actor) == []


async def test_the_second_step_is_asked_for_and_counted_as_on_the_page(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, codes = await sets_up_an_app(erika.browser)

    lacking = await signs_in(world, asking(erika))
    wrong = await signs_in(world, asking(erika, code="000000"))
    by_app = await signs_in(world, asking(erika, code=(shown := phone.shows())))
    again = await signs_in(world, asking(erika, code=shown))
    by_paper = await signs_in(world, asking(erika, code=codes[0], scopes=["read"]))

    assert (await lacking.get_json())["app"] is True
    assert (await why(lacking))[:2] == (403, "second_step")
    assert await why(wrong) == (403, "wrong_proof", "That is not right. Please try again.")
    assert (await why(again))[:2] == (403, "used_code")
    assert [each.status_code for each in (by_app, by_paper)] == [201, 201]
    assert not await HalfSession.exists(), "nobody is left half-way in"


async def test_refusals_are_those_of_the_page(world: World) -> None:
    """One answer for an unknown address and a wrong password, and one count for both ways in."""
    erika = await world.patient("Erika Beispiel")
    wrong = await why(await signs_in(world, asking(erika, password="not this one")))
    unknown = await why(await signs_in(world, asking(erika, mail="nobody@example.test")))
    assert wrong == unknown == (
        403, "wrong_sign_in", "E-mail address or password is not right.",
    )  # fmt: skip
    for _ in range(20):
        answer = await signs_in(world, asking(erika, password="not this one"))
        if answer.status_code == 429:
            break
    status, error, words = await why(answer)
    assert (status, error) == (429, "too_many_tries")
    assert "Please wait" in words
    assert int(answer.headers["Retry-After"]) > 0
    on_the_page = {"mail": erika.mail, "password": PASSWORD}
    page = await world.browser().post("/sign-in", form=on_the_page)
    assert page.status_code == 429
    assert await keys.tokens_of(erika.actor) == []


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": 7},
        {"days": 366},
        {"days": 10**30},
        {"days": "7"},
        {"label": ""},
        {"label": ["x"]},
        {"password": {"a": 1}},
        {"mail": "no address"},
    ],
)
async def test_what_makes_no_sense_is_said_so(world: World, asked: Any) -> None:
    erika = await world.patient("Erika Beispiel")
    sent = asking(erika, **asked) if isinstance(asked, dict) and asked else asked
    assert (await why(await signs_in(world, sent)))[:2] == (422, "invalid")


async def test_no_page_of_somebody_else_signs_in_through_a_visitor(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    foreign = Browser(world.app.test_client(), "https://elsewhere.example")
    assert (await why(await signs_in(world, asking(erika), foreign)))[:2] == (403, "cross_site")


async def test_a_session_is_no_token_to_revoke(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    answer = await erika.browser.delete("/api/token", headers={"Accept": "application/json"})
    assert answer.status_code == 404
