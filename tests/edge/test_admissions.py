"""A flood of sign-ins is refused before it costs anything, and does not shut out everybody else."""

import asyncio
import json
from contextlib import ExitStack

import pytest
from quart import Quart

from portal import edge, keys
from portal.accounts.routes import DERIVING
from portal.core.errors import Busy
from portal.core.settings import Settings
from tests.architecture.test_routes import HEADERS, POLICY
from tests.edge.asking import CHUNK, Asked
from tests.people import PASSWORD, World

pytestmark = pytest.mark.one_engine


async def test_one_network_does_not_take_every_place() -> None:
    admission = edge.Admission(most=4, each=2, reserved=0)
    with ExitStack() as stack:
        stack.enter_context(admission.entered("10.1.1.0/24"))
        stack.enter_context(admission.entered("10.1.1.0/24"))
        with pytest.raises(Busy), admission.entered("10.1.1.0/24"):
            pass
        stack.enter_context(admission.entered("10.1.2.0/24"))
        stack.enter_context(admission.entered("10.1.3.0/24"))
        with pytest.raises(Busy) as full, admission.entered("10.1.4.0/24"):
            pass
        assert full.value.details["retry_after"] == 3
    assert not admission._inside


async def test_places_are_kept_for_networks_that_were_not_here_lately() -> None:
    """A few networks that come again and again leave room for whoever comes for the first time."""
    admission = edge.Admission(most=4, each=4, reserved=2)
    for network in ("a", "b", "c"):
        with admission.entered(network):
            pass
    with ExitStack() as stack:
        stack.enter_context(admission.entered("a"))
        stack.enter_context(admission.entered("b"))
        with pytest.raises(Busy), admission.entered("c"):
            pass
        stack.enter_context(admission.entered("new"))
        stack.enter_context(admission.entered("newer"))


@pytest.fixture
def full(app: Quart) -> edge.Edge:
    """The portal, with nobody let in to slow work."""
    portal: edge.Edge = app.asgi_app  # type: ignore[assignment]
    portal.admission = edge.Admission(most=0)
    return portal


async def test_as_many_are_let_in_as_keys_are_derived_for(app: Quart) -> None:
    portal: edge.Edge = app.asgi_app  # type: ignore[assignment]
    with ExitStack() as stack:
        for number in range(keys.PLACES):
            stack.enter_context(portal.admission.entered(f"10.1.{number}.0/24"))
        with pytest.raises(Busy), portal.admission.entered("10.2.1.0/24"):
            pass


async def test_whoever_finds_no_place_is_told_at_once_and_in_their_language(
    app: Quart, full: edge.Edge, settings: Settings
) -> None:
    speaking = {"de": "Bitte warten Sie", "en": "Please wait a moment"}
    for path in sorted(DERIVING):
        for speech, words in speaking.items():
            headers = {
                "Accept": "text/html", "Accept-Language": speech, "Content-Length": "7864320",
            }  # fmt: skip
            asked = await Asked("POST", path, headers, [CHUNK], ends=False)(app)
            assert (asked.status, asked.taken) == (429, 0), path
            assert asked.told["retry-after"] == "3"
            assert f'lang="{speech}"' in asked.said.decode()
            assert words in asked.said.decode()
    told = json.loads((await Asked("POST", "/sign-in", {}, [])(app)).said)
    assert (told["error"], told["retry_after"]) == ("busy", 3)


async def test_the_refusal_carries_the_protecting_headers(app: Quart, full: edge.Edge) -> None:
    for accepts in ("text/html", "application/json"):
        told = (await Asked("POST", "/sign-in", {"Accept": accepts}, [])(app)).told
        assert {name: told[name.lower()] for name in HEADERS} == HEADERS
        policy = told["content-security-policy"]
        assert all(f"{name} {value}" in policy for name, value in POLICY.items())
        assert told["cache-control"] == "no-store"
        assert "set-cookie" not in told


async def test_a_full_house_still_shows_the_form_and_serves_whoever_is_in(
    app: Quart, full: edge.Edge, world: World
) -> None:
    stranger = world.browser()
    assert (await stranger.get("/sign-in")).status_code == 200
    assert (await stranger.post("/sign-in/second", form={})).status_code != 429
    assert (await stranger.post("/preferences", form={"language": "de"})).status_code != 429


async def test_everybody_gets_in_again_after_a_flood(app: Quart, world: World) -> None:
    person = await world.patient("Erika Beispiel")
    form = b"mail=nobody%40example.test&password=not+this+one"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": world.settings.origin,
        "Content-Length": str(len(form)), "Accept": "application/json",
    }  # fmt: skip
    flood = [
        Asked("POST", "/sign-in", headers, [form], address=f"198.51.{number}.1")
        for number in range(60)
    ]
    answers = await asyncio.gather(*(each(app) for each in flood))

    codes = [each.status for each in answers]
    assert set(codes) == {403, 429}
    assert codes.count(429) >= 60 - keys.PLACES
    await world.signs_in(person.mail, PASSWORD)
