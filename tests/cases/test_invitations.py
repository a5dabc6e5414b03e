"""What owners and the invited see of an invitation: sent, sent again, withdrawn, declined, over."""

from datetime import timedelta

import pytest

from cases import access, communities, completing, inviting
from cases.errors import AskedEnough, OwnersOnly
from cases.ids import CommunityId
from cases.models import Invitation
from portal import mailing
from portal.accounts.models import Throttle
from portal.core.db import now
from portal.core.errors import Unknown
from tests.boxes import audit
from tests.people import Person, World

STRANGER = "stranger@example.test"


async def page(person: Person, path: str) -> str:
    answer = await person.browser.get(path)
    assert answer.status_code == 200
    return str(await answer.get_data(as_text=True))


async def sends(person: Person, path: str, **form: str) -> str:
    """The page that a sent form leads to."""
    answer = await person.browser.post(path, form=form)
    assert answer.status_code == 303
    return await page(person, answer.headers["Location"])


async def states(owner: Person, board: CommunityId) -> dict[str, str]:
    opened = await access.community_for(owner.actor, board)
    await communities.complete(owner.actor, opened)
    opened = await access.community_for(owner.actor, board)
    return {each.to: each.state for each in await communities.asked(opened)}


async def test_a_colleague_from_the_address_book_gets_a_mail_and_the_owner_a_word(
    world: World,
) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Neuro Board North")

    told = await sends(ada, f"/communities/{board}/invitations", account=str(ben.actor.id))

    assert "The invitation has been sent." in told
    assert "Waiting for an answer" in told
    (mail,) = await world.mails_to(ben.mail)
    assert "/communities" in mail.text
    assert "Neuro Board North" not in mail.text + mail.subject
    assert "Ada" not in mail.text + mail.subject


async def test_an_invitation_is_sent_again_and_counts_from_then(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    by_book = await communities.invite(ada.actor, board, ben.actor.id)
    by_mail = await communities.invite(ada.actor, board, mailing.read_address(STRANGER))
    soon = now() + timedelta(hours=1)
    await Invitation.filter(id__in=[by_book, by_mail]).update(expires_at=soon)

    for invitation in (by_book, by_mail):
        told = await sends(ada, f"/communities/{board}/invitations/{invitation}/resend")
        assert "sent once more" in told

    for mail in (ben.mail, STRANGER):
        assert len(await world.mails_to(mail)) == 2
    for row in await Invitation.filter(id__in=[by_book, by_mail]):
        assert row.expires_at > now() + inviting.LIFE - timedelta(minutes=1)
    assert await communities.accept(ben.actor, by_book) == board
    await audit()


async def test_nobodys_mailbox_is_filled_with_invitations(world: World) -> None:
    """One a day and three in all for an invitation; three a day from all communities together."""
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    address = mailing.read_address(STRANGER)
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, address)
    await communities.resend(ada.actor, board, asked)
    again = await ada.browser.post(f"/communities/{board}/invitations/{asked}/resend")
    assert again.status_code == 409
    assert "Nothing was sent" in str(await again.get_data(as_text=True))

    theirs = await ben.founds("Other")
    await communities.withdraw(ada.actor, board, asked)
    await communities.invite(ben.actor, theirs, address)
    with pytest.raises(AskedEnough):
        await communities.invite(ada.actor, board, address)
    assert len(await world.mails_to(STRANGER)) == 3
    await communities.invite(ada.actor, board, mailing.read_address("other@example.test"))

    await Throttle.all().update(free_at=now(), last_at=now() - timedelta(days=1, minutes=1))
    asked = await communities.invite(ada.actor, board, address)
    for _ in range(2):
        await communities.resend(ada.actor, board, asked)
        await Throttle.all().update(free_at=now(), last_at=now() - timedelta(days=1, minutes=1))
    with pytest.raises(AskedEnough):
        await communities.resend(ada.actor, board, asked)


async def test_only_an_owner_sends_again_and_only_what_waits(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    asked = await communities.invite(ada.actor, board, mailing.read_address(STRANGER))

    with pytest.raises(OwnersOnly):
        await communities.resend(ben.actor, board, asked)
    await communities.withdraw(ada.actor, board, asked)
    with pytest.raises(Unknown):
        await communities.resend(ada.actor, board, asked)
    assert len(await world.mails_to(STRANGER)) == 1


async def test_the_owner_sees_a_no_and_a_silence_and_may_ask_again(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await communities.decline(ben.actor, await communities.invite(ada.actor, board, ben.actor.id))
    silent = await communities.invite(ada.actor, board, mailing.read_address(STRANGER))
    await Invitation.filter(id=silent).update(expires_at=now() - timedelta(seconds=1))

    assert await states(ada, board) == {"Ben": "declined", STRANGER: "expired"}
    shown = await page(ada, f"/communities/{board}/members")
    assert "Declined" in shown
    assert "Expired" in shown
    assert "Invite again" in shown

    told = await sends(ada, f"/communities/{board}/invitations", mail=STRANGER)
    assert "Waiting for an answer" in told
    await audit()


async def test_members_see_who_is_asked_but_not_who_said_no(world: World) -> None:
    ada, ben, chiara = [await world.physician(name) for name in ("Ada", "Ben", "Chiara")]
    board = await ada.founds("Board")
    await ada.invites(chiara, board)
    await communities.decline(ben.actor, await communities.invite(ada.actor, board, ben.actor.id))
    await communities.invite(ada.actor, board, mailing.read_address(STRANGER))

    assert await states(chiara, board) == {STRANGER: "pending"}
    assert "Ben" not in await page(chiara, f"/communities/{board}/members")


async def test_who_said_no_is_forgotten_after_a_month(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)
    await communities.decline(ben.actor, asked)
    await Invitation.filter(id=asked).update(expires_at=now() - completing.KEPT)

    assert await states(ada, board) == {}
    assert not await Invitation.exists(id=asked)


async def test_a_withdrawn_invitation_keeps_no_address(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, mailing.read_address(STRANGER))

    told = await sends(ada, f"/communities/{board}/invitations/{asked}/withdraw")

    assert "has been withdrawn" in told
    assert (await Invitation.get(id=asked)).mail is None
    assert await states(ada, board) == {}


async def test_an_invited_patient_is_told_kindly_that_communities_are_for_professionals(
    world: World,
) -> None:
    ada, erika = await world.physician("Ada"), await world.patient("Erika Beispiel")
    board = await ada.founds("Board")

    await communities.invite(ada.actor, board, mailing.read_address(erika.mail))

    (mail,) = await world.mails_to(erika.mail)
    assert "as a patient" in mail.text
    assert "for professionals only" in mail.text
    for path in ("/communities", "/communities/manage", "/search"):
        shown = await page(erika, path)
        assert "Communities are for health professionals" in shown
        assert "No communities yet" not in shown
        assert 'href="/documents"' in shown


async def test_only_whom_nobody_has_confirmed_is_to_be_confirmed(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    nora = await world.physician("Nora", confirmed=False)
    board = await ada.founds("Board")
    for each in (ben, nora):
        await communities.invite(ada.actor, board, each.actor.id)

    page = await (await ada.browser.get(f"/communities/{board}/members")).get_data(as_text=True)

    assert f"/members/{nora.actor.id}/confirm" in page
    assert f"/members/{ben.actor.id}/confirm" not in page
