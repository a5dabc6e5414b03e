"""Before what matters the portal asks again, and the act goes on with what was typed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest

from cases.models import Member
from portal import accounts, keys
from portal.accounts.factors import stepping_up
from portal.core.db import now
from portal.keys.models import Session
from portal.studies.models import Study
from tests.accounts.factors.stories import HIDDEN, sets_up_an_app, text_of
from tests.people import PASSWORD, World

Later = Callable[[timedelta], None]
JSON = {"Accept": "application/json"}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Time passes for the question whether somebody proved lately who they are."""
    ahead = timedelta(0)

    def clock() -> datetime:
        return now() + ahead

    def passes(much: timedelta) -> None:
        nonlocal ahead
        ahead += much

    monkeypatch.setattr(stepping_up, "now", clock)
    return passes


async def test_signing_in_counts_for_five_minutes(world: World, later: Later) -> None:
    erika = await world.patient("Erika Beispiel")
    await accounts.step_up(erika.actor)
    later(timedelta(minutes=4, seconds=50))
    await accounts.step_up(erika.actor)
    later(timedelta(seconds=15))

    with pytest.raises(accounts.StepUpNeeded):
        await accounts.step_up(erika.actor)


async def test_the_act_goes_on_with_what_was_typed(world: World, later: Later) -> None:
    erika = await world.patient("Erika Beispiel")
    _, codes = await sets_up_an_app(erika.browser)
    later(timedelta(minutes=6))
    act = "/profile/security/recovery"

    asked = await erika.browser.post(act, form={"note": 'with "quotes" & <signs>'})
    page = await text_of(asked)
    fields = {name: unescape(value) for name, value in HIDDEN.findall(page)}
    wrong = await erika.browser.post("/confirm", form=fields | {"proof_code": "000000"})
    right = await erika.browser.post("/confirm", form=fields | {"proof_code": codes[0]})

    assert asked.status_code == 403
    assert "Is it you?" in page
    assert (fields["to"], fields["note"]) == (act, 'with "quotes" & <signs>')
    assert wrong.status_code == 403
    assert (right.status_code, right.headers["Location"]) == (307, act)
    assert "Your recovery codes" in await text_of(await erika.browser.post(act, form=fields))


async def test_a_page_that_was_asked_for_comes_after_the_proof(world: World, later: Later) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    later(timedelta(minutes=6))
    page = await text_of(await erika.browser.get("/profile/security/app"))
    fields = dict(HIDDEN.findall(page))

    answer = await erika.browser.post("/confirm", form=fields | {"proof_code": phone.shows()})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/profile/security/app")
    assert "QR code" in await text_of(await erika.browser.get("/profile/security/app"))


async def test_a_script_is_told_and_can_confirm(world: World, later: Later) -> None:
    erika = await world.patient("Erika Beispiel")
    later(timedelta(minutes=6))

    asked = await erika.browser.post("/profile/security/app/remove", headers=JSON)
    said = await asked.get_json()
    proof = {"proof_password": PASSWORD}
    confirmed = await erika.browser.post("/confirm", form=proof, headers=JSON)

    assert (asked.status_code, said["error"]) == (403, "step_up")
    assert await confirmed.get_json() == {"confirmed": True}
    answer = await erika.browser.post("/profile/security/app/remove")
    assert answer.status_code == 303


async def test_nobody_is_sent_to_another_site(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    form = {"to": "https://evil.example/", "method": "POST", "proof_password": PASSWORD}

    answer = await erika.browser.post("/confirm", form=form)

    assert answer.headers["Location"] == "/"


async def test_a_proof_cannot_be_written_into_the_database(world: World, later: Later) -> None:
    erika = await world.patient("Erika Beispiel")
    _, other = await world.signs_in(erika.mail)
    actor = erika.actor
    later(timedelta(minutes=6))
    fresh = await other.post("/confirm", form={"proof_password": PASSWORD})
    assert fresh.status_code == 307
    rows = {row.sid_hash: row for row in await Session.filter(principal=actor.id)}
    mine = rows.pop(actor.session.hex())
    [theirs] = rows.values()

    for note, rev in ((theirs.note, theirs.note_rev), (theirs.note, mine.note_rev), (None, 1)):
        await Session.filter(sid_hash=mine.sid_hash).update(note=note, note_rev=rev)
        with pytest.raises(accounts.StepUpNeeded):
            await accounts.step_up(actor)
    assert await keys.alive([actor.session])


async def test_what_cannot_be_taken_back_is_asked_for_again(world: World, later: Later) -> None:
    """An examination is deleted, and a member taken out, by somebody who is there now."""
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    study = await ada.keeps_a_study()
    as_script = {"Accept": "application/json"}
    later(timedelta(minutes=6))

    for path in (
        f"/documents/{study}/delete",
        f"/communities/{board}/members/{ben.actor.id}/remove",
    ):
        answer = await ada.browser.post(path, headers=as_script)
        assert (answer.status_code, (await answer.get_json())["error"]) == (403, "step_up"), path

    assert await Study.exists(id=study)
    assert await Member.filter(community_id=board).count() == 2
