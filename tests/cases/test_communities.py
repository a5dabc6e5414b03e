"""Founding, inviting, accepting, roles, removing, leaving; and who learns nothing of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from cases import access, communities, inviting, reading
from cases.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationOver,
    LastOwner,
    OwnersOnly,
    ProfessionalsOnly,
)
from cases.events import Invited, MemberLeft, Shredded
from cases.forms import NewCommunity
from cases.ids import CommunityId, InvitationId
from cases.models import Case, Community, Invitation, Member, Post
from portal import keys, mailing
from portal.core.db import now
from portal.core.errors import Busy, Denied, Unknown
from tests.boxes import audit
from tests.people import Person, World, hearing


async def names_in(reader: Person, community: CommunityId) -> dict[str, str]:
    members = await communities.members(reader.actor, community)
    return {each.who.name: each.role for each in members}


async def epoch_of(community: CommunityId) -> int:
    return (await Community.get(id=community)).epoch


async def test_an_invited_colleague_is_a_member_once_she_accepts(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    chiara = await world.physician("Dr. Chiara Rossi")
    board = await ada.founds("Neuro Board North")

    with hearing(Invited) as heard:
        asked = await communities.invite(ada.actor, board, chiara.actor.id)

    assert heard == [Invited(chiara.actor.id, board)]
    assert await names_in(ada, board) == {"Dr. Ada Lindqvist": "owner"}
    with pytest.raises(Unknown):
        await access.community_for(chiara.actor, board)
    (waiting,) = await communities.my_invitations(chiara.actor, mark_of(chiara))
    assert (waiting.name, waiting.invited_by) == ("Neuro Board North", "Dr. Ada Lindqvist")

    assert await communities.accept(chiara.actor, asked) == board

    assert await names_in(chiara, board) == {
        "Dr. Ada Lindqvist": "owner",
        "Dr. Chiara Rossi": "member",
    }
    assert await communities.my_invitations(chiara.actor, mark_of(chiara)) == []
    await audit()


def mark_of(person: Person) -> str:
    return mailing.read_address(person.mail).mark


async def test_an_invitation_is_answered_by_the_invited_alone(world: World) -> None:
    ada, ben, mallory = [await world.physician(name) for name in ("Ada", "Ben", "Mallory")]
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)

    for attempt in (communities.accept, communities.decline):
        with pytest.raises(Unknown):
            await attempt(mallory.actor, asked)
    with pytest.raises(Unknown):
        await communities.withdraw(mallory.actor, board, asked)
    with pytest.raises(Unknown):
        await communities.accept(ben.actor, InvitationId(uuid4()))

    assert await communities.accept(ben.actor, asked) == board


async def test_a_declined_invitation_leaves_no_key_behind(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    case = await ada.opens("Nodule", in_=board)
    asked = await communities.invite(ada.actor, board, ben.actor.id)

    await communities.decline(ben.actor, asked)

    assert (await Invitation.get(id=asked)).sealed is None
    with pytest.raises(Unknown):
        await communities.accept(ben.actor, asked)
    await ada.posts("Written after he said no", on=case)
    assert await epoch_of(board) == 2
    await audit()


async def test_a_withdrawn_invitation_is_over_at_once(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)

    await communities.withdraw(ada.actor, board, asked)

    assert await epoch_of(board) == 2
    with pytest.raises(Unknown):
        await communities.accept(ben.actor, asked)
    await communities.invite(ada.actor, board, ben.actor.id)


async def test_an_invitation_ends_after_fourteen_days(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)
    await Invitation.filter(id=asked).update(expires_at=now() - timedelta(seconds=1))

    with pytest.raises(InvitationOver):
        await communities.accept(ben.actor, asked)
    assert await communities.my_invitations(ben.actor, mark_of(ben)) == []

    await communities.complete(ada.actor, await access.community_for(ada.actor, board))
    assert (await Invitation.get(id=asked)).state == "expired"
    assert await epoch_of(board) == 2  # the root it carried opens nothing from now on


async def test_somebody_without_an_account_is_invited_by_mail(world: World) -> None:
    ada = await world.physician("Ada")
    ben = await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    address = mailing.read_address("Chiara.Rossi@Example.test")

    await communities.invite(ada.actor, board, address)

    (mail,) = await world.mails_to(address.text)
    assert "Board" not in mail.text + mail.subject
    with pytest.raises(AlreadyInvited):
        await communities.invite(
            ada.actor, board, mailing.read_address("chiara.rossi@example.test")
        )

    chiara = await world.physician("Chiara Rossi")
    (waiting,) = await communities.my_invitations(chiara.actor, mark_of(chiara))
    assert not waiting.ready
    # Any member's next visit completes it.
    await communities.complete(ben.actor, await access.community_for(ben.actor, board))
    (waiting,) = await communities.my_invitations(chiara.actor, mark_of(chiara))
    assert (waiting.ready, waiting.name) == (True, "Board")
    await communities.accept(chiara.actor, waiting.id)
    assert len(await names_in(chiara, board)) == 3
    await audit()


async def test_inviting_by_mail_does_not_tell_whether_there_is_an_account(world: World) -> None:
    ada = await world.physician("Ada")
    known = await world.physician("Ben")
    patient = await world.patient("Erika Beispiel")
    board = await ada.founds("Board")

    for mail in (known.mail, patient.mail, "nobody@example.test"):
        await communities.invite(ada.actor, board, mailing.read_address(mail))
        assert len(await world.mails_to(mail)) == 1

    opened = await access.community_for(ada.actor, board)
    shown = {each.to for each in await communities.pending(opened)}
    assert shown == {known.mail, patient.mail, "nobody@example.test"}


async def test_patients_have_no_communities(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    ada = await world.physician("Ada")
    board = await ada.founds("Board")

    with pytest.raises(ProfessionalsOnly):
        await erika.founds("Patients")
    with pytest.raises(Unknown):
        await communities.invite(ada.actor, board, erika.actor.id)


async def test_the_same_person_is_not_invited_twice(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)

    with pytest.raises(AlreadyInvited):
        await communities.invite(ada.actor, board, ben.actor.id)
    await communities.accept(ben.actor, asked)
    with pytest.raises(AlreadyMember):
        await communities.invite(ada.actor, board, ben.actor.id)


async def test_members_do_not_act_as_owners(world: World) -> None:
    ada, ben, chiara = [await world.physician(name) for name in ("Ada", "Ben", "Chiara")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)

    for attempt in (
        communities.invite(ben.actor, board, chiara.actor.id),
        communities.remove(ben.actor, board, ada.actor.id),
        communities.change_role(ben.actor, board, ben.actor.id, "owner"),
        communities.rename(ben.actor, board, NewCommunity("Mine", "now", "here")),
    ):
        with pytest.raises(OwnersOnly):
            await attempt

    assert await names_in(ben, board) == {"Ada": "owner", "Ben": "member"}


async def test_a_role_written_into_the_table_is_no_role(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)

    await Member.filter(account=ben.actor.id).update(role="owner")

    with pytest.raises(Unknown):
        await communities.remove(ben.actor, board, ada.actor.id)


async def test_one_owner_always_stays(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)

    with pytest.raises(LastOwner):
        await communities.leave(ada.actor, board)
    with pytest.raises(LastOwner):
        await communities.change_role(ada.actor, board, ada.actor.id, "member")

    await communities.change_role(ada.actor, board, ben.actor.id, "owner")
    await communities.change_role(ada.actor, board, ada.actor.id, "member")
    assert await names_in(ada, board) == {"Ben": "owner", "Ada": "member"}
    await communities.leave(ada.actor, board)
    assert await names_in(ben, board) == {"Ben": "owner"}
    await audit()


async def test_two_owners_remove_each_other_and_the_first_wins(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await communities.change_role(ada.actor, board, ben.actor.id, "owner")

    with hearing(MemberLeft) as heard:
        await communities.remove(ben.actor, board, ada.actor.id)
    with pytest.raises(Unknown):
        await communities.remove(ada.actor, board, ben.actor.id)

    assert heard == [MemberLeft(board, ada.actor.id)]
    assert await names_in(ben, board) == {"Ben": "owner"}


async def test_what_a_removed_member_wrote_stays_with_the_name(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    await ben.posts("By Ben", on=case)

    await communities.remove(ada.actor, board, ben.actor.id)
    await ada.posts("After Ben", on=case)

    posts = (await reading.case_page(ada.actor, case)).threads[0].posts
    assert [(each.author.name, each.text) for each in posts] == [
        ("Ben", "By Ben"),
        ("Ada", "After Ben"),
    ]
    with pytest.raises(Unknown):
        await reading.case_page(ben.actor, case)
    await audit()


async def test_the_last_member_takes_the_community_along(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    case = await ada.opens("Nodule", in_=board)
    await ada.posts("Nobody will read this", on=case)

    with hearing(Shredded) as heard:
        await communities.leave(ada.actor, board)

    assert heard == [Shredded(board)]
    for table in (Community, Member, Case, Post):
        assert await table.all().count() == 0
    with pytest.raises(Unknown):
        await keys.public_key("community", board)


async def test_the_address_book_knows_who_is_inside(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada Ash", "Ben Ash")]
    await world.physician("Cleo Ash")
    board = await ada.founds("Board")
    await communities.invite(ada.actor, board, ben.actor.id)

    found = await communities.address_book(ada.actor, board, "ash")

    assert {each.who.name: each.standing for each in found} == {
        "Ben Ash": "invited",
        "Cleo Ash": "",
    }
    erika = await world.patient("Erika Beispiel")
    with pytest.raises((Denied, Unknown)):
        await communities.address_book(erika.actor, board, "ash")


async def test_a_new_name_is_read_after_the_root_changed(world: World) -> None:
    ada, ben = [await world.physician(name) for name in ("Ada", "Ben")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await communities.remove(ada.actor, board, ben.actor.id)

    assert (await access.community_for(ada.actor, board)).name == "Board"
    await communities.rename(ada.actor, board, NewCommunity("Board South", "Neuro", "Ulm"))
    assert (await access.community_for(ada.actor, board)).name == "Board South"


async def test_an_invited_newcomer_joins_although_the_root_changed_meanwhile(world: World) -> None:
    ada, ben, chiara = [await world.physician(name) for name in ("Ada", "Ben", "Chiara")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    asked = await communities.invite(ada.actor, board, chiara.actor.id)
    by_mail = mailing.read_address("later@example.test")
    await communities.invite(ada.actor, board, by_mail)

    await communities.leave(ben.actor, board)
    await communities.accept(chiara.actor, asked)

    assert await epoch_of(board) == 2
    assert await names_in(chiara, board) == {"Ada": "owner", "Chiara": "member"}
    opened = await access.community_for(chiara.actor, board)
    assert [each.to for each in await communities.pending(opened)] == ["later@example.test"]
    await audit()


async def test_nobody_writes_to_half_the_town(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inviting, "MAILS", replace(inviting.MAILS, free=2))
    ada = await world.physician("Ada Lindqvist")
    rossi = await world.physician("Chiara Rossi")
    board = await ada.founds("Board")
    for number in range(2):
        address = mailing.read_address(f"stranger{number}@example.test")
        await communities.invite(ada.actor, board, address)

    with pytest.raises(Busy):
        await communities.invite(ada.actor, board, mailing.read_address("third@example.test"))
    await ada.invites(rossi, board)

    assert len(await communities.members(ada.actor, board)) == 2
