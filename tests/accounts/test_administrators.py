"""Administrators confirm and refuse professionals; only the operator makes administrators."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from quart import Response

from portal import accounts
from portal.accounts.administration import reviewing
from portal.accounts.administration.reviewing import Reason
from portal.accounts.administrators import is_administrator
from portal.accounts.ending import leaving
from portal.accounts.errors import NotYourself, StandingRefused
from portal.accounts.models import Administrator, Refusal
from portal.core.errors import Unknown
from tests.accounts.losing import subjects
from tests.accounts.stories import text_of
from tests.people import Person, World

PAGE = "/administration/professionals"
SEEN = {"seen": "1"}
"""The card of somebody who has changed nothing yet."""


async def administrator(world: World) -> Person:
    dana = await world.physician("Dr. Dana Novak")
    await accounts.appoint(dana.actor.id)
    return dana


async def test_an_administrator_confirms_who_waits(world: World) -> None:
    dana = await administrator(world)
    bo = await world.physician("Bo Berg", confirmed=False)
    assert PAGE in await text_of(await dana.browser.get("/profile"))
    page = await text_of(await dana.browser.get(PAGE))
    assert "Bo Berg" in page

    answer = await dana.browser.post(f"{PAGE}/{bo.actor.id}/confirmation", form=SEEN)

    assert (answer.status_code, urlsplit(answer.headers["Location"]).path) == (303, PAGE)
    assert (await bo.browser.get("/communities")).status_code == 200
    assert "Your account was confirmed" in [mail.subject for mail in await world.mails_to(bo.mail)]


async def test_a_refusal_says_why_and_binds_everybody_but_administrators(world: World) -> None:
    dana = await administrator(world)
    ada = await world.physician("Dr. Ada Lindqvist")
    bo = await world.physician("Bo Berg", confirmed=False)

    empty = await dana.browser.post(f"{PAGE}/{bo.actor.id}/refusal", form={"reason": " "})
    assert empty.status_code == 422
    assert "what is missing" in await text_of(empty)
    await dana.browser.post(
        f"{PAGE}/{bo.actor.id}/refusal", form={"reason": "Which <practice> is it?"}
    )

    told = await bo.browser.get("/communities")
    assert told.status_code == 403
    assert "Which &lt;practice&gt; is it?" in await told.get_data(as_text=True)
    assert b"practice" not in (await Refusal.get(account_id=bo.actor.id)).reason
    with pytest.raises(StandingRefused):
        await accounts.confirm(bo.actor.id, ada.actor.id)

    await dana.browser.post(f"{PAGE}/{bo.actor.id}/confirmation", form=SEEN)
    assert (await bo.browser.get("/communities")).status_code == 200


async def test_a_confirmation_is_withdrawn_with_a_reason(world: World) -> None:
    dana = await administrator(world)
    ada = await world.physician("Dr. Ada Lindqvist")
    board = await ada.founds("Neuro board")

    await dana.browser.post(f"{PAGE}/{ada.actor.id}/refusal", form={"reason": "Licence ended."})

    answer = await ada.browser.get(f"/communities/{board}")
    assert answer.status_code == 403
    assert "Licence ended." in await text_of(answer)


async def test_who_was_refused_cannot_come_in_by_an_invitation_that_vouches(world: World) -> None:
    dana = await administrator(world)
    ada = await world.physician("Dr. Ada Lindqvist")
    board = await ada.founds("Neuro board")
    bo = await world.physician("Bo Berg", confirmed=False)
    await reviewing.refuse(dana.actor, bo.actor.id, Reason("No licence."))
    form = {"mail": bo.mail, "vouched": "yes"}

    await ada.browser.post(f"/communities/{board}/invitations", form=form)
    await ada.browser.get(f"/communities/{board}/members")

    assert not await accounts.confirmed_among([bo.actor.id])
    assert (await ada.browser.get(f"/communities/{board}/members")).status_code == 200


async def test_for_everybody_else_the_page_does_not_exist(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    bo = await world.physician("Bo Berg", confirmed=False)

    assert (await ada.browser.get(PAGE)).status_code == 404
    answer = await ada.browser.post(f"{PAGE}/{bo.actor.id}/confirmation", form=SEEN)
    assert answer.status_code == 404
    assert PAGE not in await text_of(await ada.browser.get("/profile"))
    with pytest.raises(Unknown):
        await reviewing.refuse(ada.actor, bo.actor.id, Reason("I do not like him."))


async def test_administrators_decide_about_others_only(world: World) -> None:
    dana = await administrator(world)
    erika = await world.patient("Erika Beispiel")

    with pytest.raises(NotYourself):
        await reviewing.confirm(dana.actor, dana.actor.id, 1)
    with pytest.raises(Unknown):
        await reviewing.confirm(dana.actor, erika.actor.id, 1)


async def test_deciding_asks_again_after_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana = await administrator(world)
    bo = await world.physician("Bo Berg", confirmed=False)
    monkeypatch.setattr("portal.accounts.factors.stepping_up.LASTS", timedelta(0))

    answer = await dana.browser.post(f"{PAGE}/{bo.actor.id}/confirmation", form=SEEN)

    assert answer.status_code in {303, 403}
    assert not await accounts.confirmed_among([bo.actor.id])


@pytest.mark.parametrize("how", ["made up", "copied", "older"])
async def test_whoever_writes_the_database_administers_nothing(
    world: World, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    dana = await administrator(world)
    bo = await world.physician("Bo Berg")
    row = await Administrator.get(account_id=dana.actor.id)
    who = dana if how == "older" else bo
    if how == "older":
        await Administrator.filter(account_id=dana.actor.id).update(
            since=row.since - timedelta(days=1)
        )
    else:
        mark = row.mark if how == "copied" else b"0" * 32
        await Administrator.create(account_id=bo.actor.id, since=row.since, mark=mark)

    assert (await who.browser.get(PAGE)).status_code == 404
    assert f"administrator not vouched for: account {who.actor.id}" in caplog.text


async def test_a_shredded_account_administers_nothing_and_leaves_no_row(world: World) -> None:
    dana = await administrator(world)
    bo = await world.physician("Bo Berg", confirmed=False)
    await reviewing.refuse(dana.actor, bo.actor.id, Reason("No licence."))

    for each in (dana, bo):
        await leaving.end(each.actor.id, "delete")

    assert not await is_administrator(dana.actor.id)
    assert not await Administrator.exists()
    assert not await Refusal.exists()


PROFILE = {
    "name": "Ada Lindqvist", "birth_date": "17.05.1970", "sex": "O", "specialty": "Neuroradiology",
    "place": "Kiel", "licence": "A-42", "findable": "yes",
}  # fmt: skip


async def saves(person: Person, **changes: str) -> Response:
    rev = (await accounts.profile_of(person.actor)).rev
    return await person.browser.post("/profile", form=PROFILE | {"rev": str(rev)} | changes)


@pytest.mark.parametrize(
    "change", [{"name": "Dr. Somebody Else"}, {"specialty": "Cardiology"}, {"licence": "B-43"}]
)
async def test_who_says_something_else_than_was_confirmed_is_looked_at_again(
    world: World, change: dict[str, str]
) -> None:
    dana = await world.patient("Dana Ops")
    await accounts.appoint(dana.actor.id)
    ada = await world.physician("Ada Lindqvist", confirmed=False)
    await saves(ada)
    await accounts.confirm(ada.actor.id, accounts.OPERATOR)
    assert "If you change one of them" in await text_of(await ada.browser.get("/profile"))
    harmless = await saves(ada, name="ada  lindqvist", place="Lund", practice="Clinic North")
    assert harmless.status_code == 303
    assert await accounts.confirmed_among([ada.actor.id])

    told = await saves(ada, **change)
    assert told.status_code == 422
    assert "I am looked at again" in await text_of(told)
    assert await accounts.confirmed_among([ada.actor.id]), "nothing was saved yet"
    agreed = await saves(ada, agreed="yes", **change)

    assert agreed.status_code == 303
    assert not await accounts.confirmed_among([ada.actor.id])
    assert (await ada.browser.get("/communities")).status_code == 403
    assert "Your profile is looked at again" in await subjects(world, ada.mail)
    assert "Somebody waits to be confirmed again" in await subjects(world, dana.mail)
    await accounts.confirm(ada.actor.id, accounts.OPERATOR)
    assert (await ada.browser.get("/communities")).status_code == 200


async def test_whom_nobody_confirmed_says_something_else_at_once(world: World) -> None:
    dana = await world.patient("Dana Ops")
    await accounts.appoint(dana.actor.id)
    ada = await world.physician("Ada Lindqvist", confirmed=False)

    assert (await saves(ada, name="Ada Berg")).status_code == 303
    assert await subjects(world, dana.mail) == []
