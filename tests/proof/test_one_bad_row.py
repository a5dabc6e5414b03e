"""One row that somebody edited is left out and reported once; everybody else's page stays whole."""

import logging
from uuid import UUID

import pytest
from quart import Response

from cases import communities
from cases.models import Invitation
from portal import mailing
from portal.accounts.models import Account
from tests.people import World

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
