"""One row that somebody edited is left out and reported once; everybody else's page stays whole."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from quart import Response

from cases import access, casework, communities, membership, outcomes
from cases.forms import OutcomeWords
from cases.models import Invitation, Member, Outcome
from portal import mailing
from portal.accounts import departures, housekeeping
from portal.accounts.ending import leaving
from portal.accounts.models import Account, Leaving, Readdressing
from portal.accounts.recovery import readdressing
from portal.core.actor import AccountId
from portal.core.db import now
from portal.core.errors import Unknown
from tests.accounts.losing import time_passes
from tests.people import PASSWORD, World

Log = pytest.LogCaptureFixture


def _flipped(boxed: bytes | None) -> bytes:
    assert boxed is not None
    return boxed[:-1] + bytes([boxed[-1] ^ 1])


def _reports(log: Log, of: UUID) -> list[str]:
    """Critical lines about that row; nothing else of it may be in the log."""
    return [
        each.getMessage()
        for each in log.records
        if each.levelno == logging.CRITICAL and str(of) in each.getMessage()
    ]


async def _shown(answer: Response) -> str:
    assert answer.status_code == 200
    return await answer.get_data(as_text=True)


async def test_an_edited_card_is_missing_from_the_address_book_and_breaks_nothing(
    world: World, caplog: Log
) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Ahrens")
    await world.physician("Cleo Ahrens")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    row = await Account.get(id=ben.actor.id)
    await Account.filter(id=row.id).update(card=_flipped(row.card))

    book = await _shown(await ada.browser.get(f"/communities/{board}/members?q=Ahrens"))
    members = await _shown(await ada.browser.get(f"/communities/{board}"))

    assert "Cleo Ahrens" in book
    assert "Ben Ahrens" not in book + members
    assert _reports(caplog, row.id) == [f"address book record does not open: account {row.id}"]


async def test_an_edited_invitation_closes_neither_the_community_nor_the_list(
    world: World, caplog: Log
) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board, other = await ada.founds("Board"), await ada.founds("Other")
    for mail in ("guest@example.test", "second@example.test"):
        await communities.invite(ada.actor, board, mailing.read_address(mail))
    for each in (board, other):
        await communities.invite(ada.actor, each, ben.actor.id)
    by_mail = await Invitation.get(mail_mark=mailing.read_address("guest@example.test").mark)
    to_ben = await Invitation.get(account=ben.actor.id, community_id=board)
    await Invitation.filter(id=by_mail.id).update(mail=_flipped(by_mail.mail))
    await Invitation.filter(id=to_ben.id).update(sealed=_flipped(to_ben.sealed))

    for _ in range(2):
        members = await _shown(await ada.browser.get(f"/communities/{board}/members"))
        mine = await _shown(await ben.browser.get("/communities"))

    assert "second@example.test" in members
    assert "guest@example.test" not in members
    assert "Cannot be read" in members
    assert "Other" in mine
    assert _reports(caplog, by_mail.id) == [f"invitation does not open: row {by_mail.id}"]
    assert "guest@example.test" not in caplog.text


@pytest.mark.parametrize("edited", ["mail", "epoch ahead", "epoch unknown"])
async def test_an_edited_invitation_keeps_nobody_in_the_community(
    world: World, caplog: Log, edited: str
) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    for mail in ("guest@example.test", "second@example.test"):
        await communities.invite(ada.actor, board, mailing.read_address(mail))
    row = await Invitation.get(mail_mark=mailing.read_address("guest@example.test").mark)
    changes: dict[str, dict[str, Any]] = {
        "mail": {"mail": _flipped(row.mail)},
        "epoch ahead": {"epoch": 900},
        "epoch unknown": {"epoch": -1},
    }
    await Invitation.filter(id=row.id).update(**changes[edited])

    await membership.remove(ada.actor, board, ben.actor.id)

    with pytest.raises(Unknown):
        await access.community_for(ben.actor, board)
    assert await Member.filter(community_id=board).count() == 1
    ended = await Invitation.get(id=row.id)
    assert (ended.state, ended.sealed, ended.mail) == ("withdrawn", None, None)
    members = await _shown(await ada.browser.get(f"/communities/{board}/members"))
    assert "second@example.test" in members
    assert _reports(caplog, row.id) == [f"invitation does not open: row {row.id}"]


async def test_an_edited_address_keeps_no_account_from_ending(world: World, caplog: Log) -> None:
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")
    for each in (erika, max_):
        row = await Account.get(id=each.actor.id)
        await departures.leave_at(row, "delete", now() - timedelta(hours=1))
    row = await Account.get(id=erika.actor.id)
    await Account.filter(id=row.id).update(mail=_flipped(row.mail))

    assert await leaving.end_what_is_due() == 2

    assert not await Account.exists()
    assert _reports(caplog, row.id) == [f"address does not open: account {row.id}"]


async def test_an_account_that_cannot_be_ended_keeps_nobody_else(
    world: World, caplog: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")
    for each in (erika, max_):
        row = await Account.get(id=each.actor.id)
        await departures.leave_at(row, "delete", now() - timedelta(hours=1))
    shred = leaving.shred

    async def fails_for_erika(account: AccountId) -> None:
        if account == erika.actor.id:
            raise RuntimeError
        await shred(account)

    monkeypatch.setattr(leaving, "shred", fails_for_erika)

    assert await leaving.end_what_is_due() == 1

    assert [row.id for row in await Account.all()] == [erika.actor.id]
    assert [row.account_id for row in await Leaving.all()] == [erika.actor.id]
    assert "account not ended: RuntimeError" in caplog.text


async def test_an_edited_address_holds_up_nobody_elses_change(world: World, caplog: Log) -> None:
    people = [await world.patient("Erika Beispiel"), await world.patient("Max Muster")]
    for number, each in enumerate(people):
        wish = {"present": PASSWORD, "mail": f"next{number}@example.test"}
        await each.browser.post("/profile/address", form=wish)
    await Readdressing.all().update(confirmed_at=now())
    await time_passes(readdressing.VETO)
    row = await Account.get(id=people[0].actor.id)
    await Account.filter(id=row.id).update(mail=_flipped(row.mail))

    await readdressing.settle()

    assert not await Readdressing.exists()
    moved = await Account.get(id=people[1].actor.id)
    assert moved.mail_mark == mailing.read_address("next1@example.test").mark
    assert _reports(caplog, row.id) == [f"address does not open: account {row.id}"]


async def test_one_step_of_the_housekeeping_that_fails_keeps_no_other(
    world: World, caplog: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    del world
    done = []

    async def fails() -> None:
        raise RuntimeError

    async def works() -> None:
        done.append(1)

    monkeypatch.setattr(leaving, "end_what_is_due", fails)
    monkeypatch.setattr(readdressing, "settle", works)

    await housekeeping.sweep()

    assert done == [1]
    assert "RuntimeError" in caplog.text


async def test_an_edited_outcome_closes_no_case(world: World, caplog: Log) -> None:
    ada = await world.physician("Ada Ahrens")
    case = await ada.opens("Dense vessel", in_=await ada.founds("Board"))
    await casework.close(ada.actor, case)
    await outcomes.write_outcome(ada.actor, case, OutcomeWords("An embolus.", 0))
    row = await Outcome.get(case_id=case)
    await Outcome.filter(id=row.id).update(document=_flipped(row.document))

    for _ in range(2):
        page = await _shown(await ada.browser.get(f"/cases/{case}"))

    assert "Cannot be read" in page
    assert _reports(caplog, row.id) == [f"case_outcome does not open: row {row.id}"]
