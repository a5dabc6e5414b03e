"""Choosing what one hears, where and when."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from portal.core.db import now
from portal.notices import preferences
from portal.notices.kinds import CHOSEN
from tests.people import World

FORM: dict[str, Any] = {
    "rhythm": "daily",
    "hour": "18",
    "quiet_from": "22:00",
    "quiet_until": "06:30",
    "zone": "America/Sao_Paulo",
    "choice": ["post:app", "mention:push", "made-up:mail", "case:smoke"],
}


def sent(form: Mapping[str, object]) -> dict[str, Any]:
    """As browsers send several ticked boxes of one name."""
    data = urlencode(form, doseq=True).encode()
    return {"data": data, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}


async def test_what_was_chosen_is_kept_and_shown(world: World) -> None:
    ada = await world.physician("Ada")

    answer = await ada.browser.post("/profile/notices", **sent(FORM))

    wishes = await preferences.of(ada.actor.id)
    page = await (await ada.browser.get("/profile/notices")).get_data(as_text=True)
    assert answer.status_code == 303
    assert (wishes.rhythm, wishes.hour, wishes.quiet) == ("daily", 18, (22 * 60, 390))
    assert wishes.zone == "America/Sao_Paulo"
    assert not wishes.urgent_breaks
    assert {kind: wishes.channels(kind) for kind in CHOSEN} == dict.fromkeys(
        CHOSEN, frozenset()
    ) | {"post": frozenset({"app"}), "mention": frozenset({"push"})}
    assert 'value="22:00"' in page
    assert 'value="post:app" checked' in page
    assert 'value="post:mail" checked' not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"rhythm": "yearly"},
        {"hour": "24"},
        {"hour": "²"},
        {"quiet_until": ""},
        {"quiet_from": "25:00"},
        {"quiet_from": "06:30"},
        {"zone": "../../etc/passwd"},
        {"zone": ""},
    ],
)
@pytest.mark.one_engine
async def test_what_makes_no_sense_is_said_and_changes_nothing(
    world: World, wrong: dict[str, str]
) -> None:
    ada = await world.physician("Ada")

    answer = await ada.browser.post("/profile/notices", **sent(FORM | wrong))

    assert answer.status_code == 422
    assert await preferences.of(ada.actor.id) == preferences.DEFAULT


async def test_wishes_neither_end_a_pause_nor_take_back_a_stop(world: World) -> None:
    ada = await world.physician("Ada")
    stopped = preferences.Preferences(mails_stopped=True)
    await preferences.keep(ada.actor.id, stopped)
    await ada.browser.post("/profile/notices/pause", form={"hours": "1"})

    await ada.browser.post("/profile/notices", **sent(FORM))

    wishes = await preferences.of(ada.actor.id)
    assert wishes.mails_stopped
    assert wishes.paused_until is not None
    assert timedelta(0) < wishes.paused_until - now() <= timedelta(hours=1)


@pytest.mark.one_engine
async def test_patients_are_asked_only_what_can_happen_to_them(world: World) -> None:
    erika = await world.patient("Erika")

    page = await (await erika.browser.get("/profile/notices")).get_data(as_text=True)

    assert "prepared:app" in page
    assert "mention:app" not in page


@pytest.mark.one_engine
@pytest.mark.parametrize("hours", ["2", "-1", "", "a", "²"])
async def test_a_pause_is_one_of_those_offered(world: World, hours: str) -> None:
    ada = await world.physician("Ada")

    answer = await ada.browser.post("/profile/notices/pause", form={"hours": hours})

    assert answer.status_code == 422
