"""What a root opens, and for whom: removal, newcomers, forged rows (T15, T17 to T20)."""

from contextlib import suppress
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from tortoise.exceptions import IntegrityError

from cases import access, casework, communities, epochs, opened, reading, rotating, threads
from cases.errors import InvitationOver
from cases.forms import NewPost
from cases.ids import CaseId, CommunityId
from cases.models import Community, Invitation, Member, Post
from cases.writing import lock
from portal import keys, vault
from portal.core.actor import Secret
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.keys import Holder, Target, generations
from portal.keys.models import PrincipalKey, Seal
from tests.boxes import audit
from tests.people import Person, World
from tests.queries import counting


async def texts(reader: Person, case: CaseId) -> list[str]:
    page = await reading.case_page(reader.actor, case)
    return [post.text for thread in page.threads for post in thread.posts]


async def test_a_removed_member_with_the_whole_database_reads_nothing_newer(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    await ada.posts("Ben may read this", on=case)
    held = (await access.community_for(ben.actor, board)).roots  # what his copy of today opens

    await communities.remove(ada.actor, board, ben.actor.id)
    late = await ada.posts("Ben may not read this", on=case)
    secret_case = await ada.opens("Ben may not read this either", in_=board)
    study = (await reading.case_page(ada.actor, secret_case)).studies[0]

    # He has his password, every row and every key he ever had.
    row = await Post.get(id=late.id)
    for root in [*held.values(), *await his_secrets(ben, board)]:
        for epoch in range(1, 4):
            text = keys.Text("community", board, epoch, root)
            with pytest.raises(vault.Tampered):
                text.open("post", "body", row.id, row.rev, row.body or b"")
        for link in await PrincipalKey.filter(principal=board, epoch=2):
            with pytest.raises(vault.Tampered):
                context = vault.contexts.chain(board, 2)
                vault.unbox_secret(vault.sub_key(root, "chain"), link.chain_box or b"", context)
    assert await keys.unseal_study_key(study, ("community", board), held) is None
    with pytest.raises(Unknown):
        await access.community_for(ben.actor, board)
    assert await texts(ada, case) == ["Ben may read this", "Ben may not read this"]
    await audit()


async def his_secrets(person: Person, board: CommunityId) -> list[Secret]:
    """Everything that a person's own root opens in the whole table of seals."""
    found, holder = [], Holder.of(person.actor)
    for row in await Seal.filter(target_kind="community", target=board):
        with suppress(vault.Tampered):
            target = Target("community", board, row.target_epoch)
            found.append(keys.opened(target, row.box, holder))
    return found


async def test_his_place_in_the_table_does_not_bring_a_removed_member_back(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    old_row = await Member.get(community_id=board, account=ben.actor.id)
    old_seal = await Seal.get(target=board, holder=ben.actor.id)
    await communities.remove(ada.actor, board, ben.actor.id)

    await old_row.save(force_create=True)
    await old_seal.save(force_create=True)

    with pytest.raises(Unknown):
        await access.community_for(ben.actor, board)
    with pytest.raises(Unknown):
        await ben.posts("Back again", thread=await ada.first_thread(case))
    old_seal.target_epoch = 2
    await old_seal.save()
    with pytest.raises(Unknown):
        await access.community_for(ben.actor, board)


async def test_after_somebody_left_the_first_write_changes_the_root(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    await communities.leave(ben.actor, board)
    assert (await Community.get(id=board)).rotation_due
    assert await reading.case_page(ada.actor, case)  # reading needs no new root
    assert (await Community.get(id=board)).epoch == 1

    posted = await ada.posts("Written after he left", on=case)

    row = await Community.get(id=board)
    assert (row.epoch, row.rotation_due) == (2, False)
    assert (await Post.get(id=posted.id)).epoch == 2
    await audit()


@pytest.mark.parametrize("why", ["rotation is due", "the epoch is over"])
async def test_the_database_itself_refuses_posts_under_an_old_root(world: World, why: str) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    row = await Post.get(id=(await ada.posts("Today", on=case)).id)
    if why == "rotation is due":
        await communities.leave(ben.actor, board)
    else:
        await communities.remove(ada.actor, board, ben.actor.id)

    row.id, row.client_id, row.seq = uuid4(), uuid4(), row.seq + 100
    with pytest.raises(IntegrityError, match="epoch"):
        await row.save(force_create=True)

    assert await Post.all().count() == 1


async def test_a_newcomer_reads_two_hundred_epochs_through_one_seal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One seal, one link for each epoch, and no more statements than for the first epoch alone."""
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    case = await ada.opens("Nodule", in_=board)
    first = await ada.posts("In the first epoch", on=case)
    with counting() as in_the_first:
        await access.community_for(ada.actor, board)
    for _ in range(199):
        async with transaction():
            await lock(board)
            await rotating.rotate(await access.community_for(ada.actor, board))
        await Community.filter(id=board).update(next_seq=first.seq)
    await ada.invites(ben, board)
    seals = _counted(monkeypatch, generations, "opened")
    links = _counted(monkeypatch, vault, "unbox_secret")

    with counting() as statements:
        opened = await access.community_for(ben.actor, board)

    assert (opened.epoch, len(opened.roots)) == (200, 200)
    assert (len(seals), len(links)) == (1, 199)
    assert len(statements) == len(in_the_first), "a statement for each epoch"
    assert await Seal.filter(target=board, holder=ben.actor.id).count() == 1
    assert await texts(ben, case) == ["In the first epoch"]
    await audit()


def _counted(monkeypatch: pytest.MonkeyPatch, room: ModuleType, verb: str) -> list[str]:
    """One entry for each call from now on."""
    calls, real = list[str](), getattr(room, verb)

    def counted(*given: Any) -> Any:
        calls.append(verb)
        return real(*given)

    monkeypatch.setattr(room, verb, counted)
    return calls


async def test_a_forged_member_gets_no_key_at_the_next_change_of_the_root(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada, ben, mallory = [await world.physician(name) for name in ("Ada", "Ben", "Mallory")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    stolen = await Member.get(community_id=board, account=ben.actor.id)
    ghost = await Member.create(
        id=uuid4(),
        community_id=board,
        account=mallory.actor.id,
        role="owner",
        mac=stolen.mac,
        joined_at=now(),
        joined_seq=0,
    )

    with pytest.raises(Unknown):
        await access.community_for(mallory.actor, board)
    await communities.remove(ada.actor, board, ben.actor.id)
    posted = await ada.posts("Not for ghosts", on=case)

    assert await Seal.filter(target=board, holder=mallory.actor.id).count() == 0
    with pytest.raises(Unknown):
        await threads.post(mallory.actor, NewPost(posted.thread, uuid4(), "Boo"))
    alarms = [each for each in caplog.records if each.levelname == "CRITICAL"]
    assert any(str(ghost.id) in each.getMessage() for each in alarms)
    assert "Mallory" not in caplog.text
    listed = await communities.members(ada.actor, board)
    assert {each.who.name: each.verified for each in listed} == {"Ada": True, "Mallory": False}

    await communities.remove(ada.actor, board, mallory.actor.id)
    await audit()


@pytest.mark.tampers
async def test_a_public_key_that_nobody_signed_is_sealed_nothing(world: World) -> None:
    ada, ben, mallory = [await world.physician(name) for name in ("Ada", "Ben", "Mallory")]
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    forged = vault.key_pair(mallory.actor.root).public
    await PrincipalKey.filter(principal=ben.actor.id).update(public=forged)

    async with transaction():
        await lock(board)
        await rotating.rotate(await access.community_for(ada.actor, board))

    holders = {row.holder for row in await Seal.filter(target=board)}
    assert holders == {ada.actor.id}


async def test_a_root_planted_by_somebody_else_is_not_written_under(world: World) -> None:
    """Anybody may seal to Ada's public key: the community's own signed key unmasks it (F3)."""
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    planted = vault.new_secret()
    public = (await epochs.public_keys([ada.actor.id]))[ada.actor.id]
    await keys.seal_root(Target("community", board, 1), planted, [public])
    mark = epochs.membership_mark(planted, board, public, "owner", 1)
    await Member.filter(community_id=board).update(mac=mark)

    with pytest.raises(Unknown):
        await access.community_for(ada.actor, board)


async def test_a_forged_invitation_admits_nobody(world: World) -> None:
    ada, ben, mallory = [await world.physician(name) for name in ("Ada", "Ben", "Mallory")]
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)

    await Invitation.filter(id=asked).update(account=mallory.actor.id)

    with pytest.raises(InvitationOver):
        await communities.accept(mallory.actor, asked)
    assert {each.who.name for each in await communities.members(ada.actor, board)} == {"Ada"}


async def test_posts_of_two_cases_cannot_be_exchanged(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    case = await ada.opens("Nodule", in_=board)
    one, two = await ada.posts("One", on=case), await ada.posts("Two", on=case)
    boxes = {row.id: row.body for row in await Post.all()}

    await Post.filter(id=one.id).update(body=boxes[two.id])

    assert await texts(ada, case) == [opened.DAMAGED, "Two"]
    community, row = await access.community_for(ada.actor, board), await Post.get(id=two.id)
    assert row.body is not None
    at_home = community.open("post", "body", two.id, row.rev, row.epoch, row.body)
    assert at_home["text"] == "Two"
    with pytest.raises(vault.Tampered):
        community.open("post", "body", one.id, row.rev, row.epoch, row.body)


async def test_studies_are_opened_by_members_and_by_nobody_after_them(world: World) -> None:
    ada, ben, mallory = [await world.physician(name) for name in ("Ada", "Ben", "Mallory")]
    board = await ada.founds("Board")
    study = await ada.keeps_a_study()
    await ada.opens("Nodule", in_=board, about=[study])
    assert await casework.study_key(mallory.actor, study) is None
    await ada.invites(ben, board)  # after the case was opened

    assert await casework.study_key(ben.actor, study) is not None

    await communities.remove(ada.actor, board, ben.actor.id)
    assert await casework.study_key(ben.actor, study) is None
    assert await casework.study_key(ada.actor, study) is not None
