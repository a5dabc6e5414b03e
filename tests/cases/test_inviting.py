"""T22: who invites by address learns nothing of whose it is, and uses up nobody's invitations."""

from datetime import timedelta

import pytest

from cases import access, communities, completing, inviting, membership
from cases.errors import AlreadyInvited, AskedEnough, OwnersOnly
from cases.ids import CommunityId, InvitationId
from cases.invitations import Asked
from cases.models import Change, Community, Invitation
from portal import accounts, mailing
from portal.accounts.models import Refusal, Throttle
from portal.core.db import now
from portal.core.errors import Unknown
from tests.boxes import audit
from tests.people import Person, World
from tests.queries import counting

NOBODY = "nobody@example.test"


def address_of(person: Person) -> mailing.Address:
    return mailing.read_address(person.mail)


async def visits(person: Person, board: CommunityId) -> list[Asked]:
    """What the members page does and shows."""
    await communities.complete(person.actor, await access.community_for(person.actor, board))
    return await communities.asked(await access.community_for(person.actor, board))


async def sent(person: Person, board: CommunityId, mail: str, **more: str) -> tuple[int, str]:
    """Status and where it leads."""
    form = {"mail": mail, **more}
    answer = await person.browser.post(f"/communities/{board}/invitations", form=form)
    return answer.status_code, answer.headers.get("Location", "")


async def waiting_for(person: Person) -> list[tuple[InvitationId, bool]]:
    mark = address_of(person).mark
    return [(each.id, each.ready) for each in await communities.my_invitations(person.actor, mark)]


async def refused(person: Person, by: Person) -> None:
    await accounts.withdraw_confirmation(person.actor.id)
    row = Refusal(account_id=person.actor.id, refused_by=by.actor.id)
    row.refused_at, row.reason = now(), b"boxed"
    await row.save(force_create=True)


async def test_inviting_an_address_does_not_tell_whose_it_is(world: World) -> None:
    """A member's, one's who is asked already, one's who was refused, a patient's, nobody's."""
    ada, ben, chiara, dora = [
        await world.physician(name) for name in ("Ada", "Ben", "Cleo", "Dora")
    ]
    erika = await world.patient("Erika Beispiel")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await communities.invite(ada.actor, board, chiara.actor.id)
    await refused(dora, ada)
    mails = [NOBODY, ben.mail, chiara.mail, dora.mail, erika.mail]
    before = [len(await world.mails_to(each)) for each in mails]

    first = await sent(ada, board, "first@example.test", vouched="1")
    answers, costs = [], []
    for mail in mails:
        with counting() as statements:
            answers.append(await sent(ada, board, mail, vouched="1"))
        costs.append([each.split(": [", 1)[0] for each in statements if "mail_" not in each])

    assert set(answers) == {first}
    assert all(each == costs[0] != [] for each in costs)
    after = [len(await world.mails_to(each)) for each in mails]
    assert [now_ - then for now_, then in zip(after, before, strict=True)] == [1] * len(mails)
    shown = {each.to: each for each in await visits(ada, board)}
    alike = {
        (each.state, each.account, each.vouched, each.seen)
        for each in (shown[mail] for mail in mails)
    }
    assert alike == {("pending", None, True, 0)}
    assert not await accounts.confirmed_among([dora.actor.id])
    await audit()


async def test_one_to_a_member_waits_like_a_patients_and_asks_nobody_back_in(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    asked = await communities.invite(ada.actor, board, address_of(ben))

    lines = await Change.filter(community_id=board).count()
    for _ in range(2):  # the first visit notes it, the second has nothing to do
        assert [each.state for each in await visits(ada, board)] == ["pending"]
    assert await Change.filter(community_id=board).count() == lines
    assert (await Community.get(id=board)).next_seq == lines
    assert await waiting_for(ben) == []

    await membership.remove(ada.actor, board, ben.actor.id)
    await visits(ada, board)
    await communities.vouch(ada.actor, board, asked)
    await visits(ada, board)
    row = await Invitation.get(id=asked)
    assert (row.account, row.sealed) == (None, None)
    with pytest.raises(Unknown):
        await communities.accept(ben.actor, asked)

    await Invitation.filter(id=asked).update(expires_at=now() - timedelta(seconds=1))
    assert [each.state for each in await visits(ada, board)] == ["expired"]
    await Invitation.filter(id=asked).update(expires_at=now() - completing.KEPT)
    assert await visits(ada, board) == []
    await audit()


async def test_asking_by_book_does_not_tell_whom_an_address_asked(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben Ash")
    board = await ada.founds("Board")
    by_mail = await communities.invite(ada.actor, board, address_of(ben))
    await visits(ada, board)
    assert await waiting_for(ben) == [(by_mail, True)]

    (found,) = await communities.address_book(ada.actor, board, "ash")
    assert found.standing == ""
    with pytest.raises(Unknown):
        await communities.confirm(ada.actor, board, ben.actor.id, 1)
    by_book = await communities.invite(ada.actor, board, ben.actor.id)
    with pytest.raises(AlreadyInvited):
        await communities.invite(ada.actor, board, ben.actor.id)

    await visits(ada, board)
    assert await waiting_for(ben) == [(by_book, True)]
    await communities.accept(ben.actor, by_book)
    assert [each.to for each in await visits(ada, board)] == [ben.mail]
    assert await waiting_for(ben) == []
    await audit()


async def test_whoever_declines_one_by_book_still_has_the_one_by_address(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    by_book = await communities.invite(ada.actor, board, ben.actor.id)
    by_mail = await communities.invite(ada.actor, board, address_of(ben))
    await visits(ada, board)
    assert await waiting_for(ben) == [(by_book, True)]

    await communities.decline(ben.actor, by_book)
    await visits(ada, board)

    assert await waiting_for(ben) == [(by_mail, True)]
    assert await communities.accept(ben.actor, by_mail) == board
    await audit()


async def test_vouching_afterwards_does_not_tell_who_was_refused(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, address_of(ben))
    await visits(ada, board)
    await refused(ben, ada)

    told = await ada.browser.post(f"/communities/{board}/invitations/{asked}/vouching")

    assert told.status_code == 303
    assert not await accounts.confirmed_among([ben.actor.id])


async def test_a_member_who_is_no_owner_hears_only_that(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    counted = await Throttle.all().count()

    for mail in (ada.mail, NOBODY, NOBODY, NOBODY, NOBODY):
        assert (await sent(ben, board, mail))[0] == 403

    assert await Throttle.all().count() == counted
    assert await sent(ada, board, NOBODY) == await sent(ada, board, "other@example.test")


async def test_an_invitation_that_was_not_sent_uses_up_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a first one nor one once more, when the owner's role ends at that very moment."""
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, mailing.read_address(NOBODY))
    other = mailing.read_address("other@example.test")

    async def fails(*_about: object) -> None:
        raise OwnersOnly

    for _ in range(4):
        with monkeypatch.context() as broken:
            broken.setattr(inviting, "_write_to", fails)
            with pytest.raises(OwnersOnly):
                await communities.invite(ada.actor, board, other)
            with pytest.raises(OwnersOnly):
                await communities.resend(ada.actor, board, asked)

    await communities.invite(ada.actor, board, other)
    await communities.resend(ada.actor, board, asked)
    with pytest.raises(AskedEnough):
        await communities.resend(ada.actor, board, asked)
