"""
A member's account is secured, emptied or deleted: what that means for the communities.

Posts and cases stay with the others, under a stand-in that belongs to nobody, so that the account's
id is nowhere.  What was the account's alone (reactions, read marks, being called by name) goes.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from tortoise.expressions import F

from cases import access, epochs, membership
from cases.events import MemberLeft
from cases.ids import CommunityId
from cases.models import (
    Case,
    CaseStudy,
    Closure,
    Invitation,
    Member,
    Mention,
    Outcome,
    Post,
    Reaction,
    ReadMark,
    Thread,
)
from cases.rotating import INVITED
from cases.writing import lock, note, say_changed
from portal import accounts
from portal.accounts import Loss
from portal.core.actor import AccountId, Actor
from portal.core.db import announce, now
from portal.core.errors import Conflict, Unknown
from portal.core.language import N_
from portal.keys import Holder

COMMUNITIES = N_("Memberships in communities")


class Belongings(accounts.Belongings):
    """What this room answers."""

    async def losses(self, account: AccountId) -> Sequence[Loss]:
        """Memberships."""
        return [Loss(COMMUNITIES, await Member.filter(account=account).count())]

    @asynccontextmanager
    async def renewing(self, before: Actor, after: Holder) -> AsyncIterator[None]:
        """
        Memberships and invitations are vouched for with the new public key.

        The communities' roots become due: whoever had the old root and a copy of the database could
        open the present ones, so nothing more is written under them.
        """
        mine = await _places(before.id)
        for community in mine:
            await lock(CommunityId(community))
        for row in await Member.filter(account=before.id):
            await _vouch_anew(before, after, CommunityId(row.community_id))
        await _carry_anew(before, after)
        yield
        if await _places(before.id) != mine:
            raise Conflict

    async def lock(self, account: AccountId) -> None:
        """Every community in which the account is named; no number of a change is taken."""
        for community in await _touched(account):
            row = access.community_row(CommunityId(community))
            await row.update(next_seq=F("next_seq"))

    async def forget(self, account: AccountId) -> None:
        """Take the account out of every community it is in or ever wrote in."""
        for community in await _touched(account):
            await _take_out(account, CommunityId(community))
        for table in (Invitation, Reaction, Mention, ReadMark):
            await table.filter(account=account).delete()
        await _withdraw_images(account)
        await _stand_in(account)

    async def readdress(self, account: AccountId, old_mark: str, new_mark: str) -> None:
        """Invitations to the old address are shown to the same person."""
        del account
        await Invitation.filter(mail_mark=old_mark, account=None).update(mail_mark=new_mark)


async def _places(account: AccountId) -> list[UUID]:
    """Where the account is a member or may become one, in the order in which they are locked."""
    members = Member.filter(account=account).values_list("community_id", flat=True)
    asked = Invitation.filter(account=account, state="pending")
    invited = asked.values_list("community_id", flat=True)
    return sorted({UUID(str(each)) for each in [*await members, *await invited]})


async def _vouch_anew(before: Actor, after: Holder, community: CommunityId) -> None:
    try:
        opened = await access.membership_of(before, community)
    except Unknown:
        return  # a membership that nobody vouches for: reported by the door, and worth nothing
    mark = epochs.membership_mark(opened.root, opened.id, after.public(), opened.role, opened.epoch)
    await Member.filter(community_id=community, account=before.id).update(mac=mark)
    await access.community_row(opened.id).update(rotation_due=True)
    await note(opened.id, opened.seq, "member")


async def _carry_anew(before: Actor, after: Holder) -> None:
    """The invitations that wait for the account are sealed to its new key."""
    alive = Invitation.filter(account=before.id, state="pending", expires_at__gt=now())
    for row in await alive.select_related("community"):
        community = CommunityId(row.community.id)
        root = await epochs.open_carried(before, community, row.epoch, row.sealed or b"")
        if root is not None:
            row.sealed = epochs.sealed_for(community, row.epoch, root, after.public())
            row.mac = epochs.membership_mark(root, community, after.public(), INVITED, row.epoch)
            await row.save(update_fields=["sealed", "mac"])


async def _touched(account: AccountId) -> list[UUID]:
    """Communities in which a row names the account, in the order in which they are locked."""
    asked = (
        Member.filter(account=account).values_list("community_id", flat=True),
        Invitation.filter(account=account).values_list("community_id", flat=True),
        Invitation.filter(invited_by=account).values_list("community_id", flat=True),
        Case.filter(author=account).values_list("community_id", flat=True),
        CaseStudy.filter(added_by=account).values_list("case__community_id", flat=True),
        Closure.filter(by=account).values_list("case__community_id", flat=True),
        Outcome.filter(by=account).values_list("case__community_id", flat=True),
        Thread.filter(author=account).values_list("case__community_id", flat=True),
        Post.filter(author=account).values_list("community_id", flat=True),
        Post.filter(deleted_by=account).values_list("community_id", flat=True),
        Reaction.filter(account=account).values_list("post__community_id", flat=True),
        Mention.filter(account=account).values_list("post__community_id", flat=True),
        ReadMark.filter(account=account).values_list("case__community_id", flat=True),
    )
    found = {UUID(str(each)) for query in asked for each in await query}
    return sorted(found)


async def _take_out(account: AccountId, community: CommunityId) -> None:
    await lock(community)
    was_member = bool(await Member.filter(community_id=community, account=account).delete())
    others = await Member.filter(community_id=community)
    if not others:
        await membership.shred(community)
        return
    asked = Invitation.filter(community_id=community, account=account, sealed__isnull=False)
    row = await access.community_row(community).get()
    if was_member or await asked.exists():
        # Who leaves held the present root; the next one is chosen by whoever writes next.
        await epochs.drop_seals(community, row.epoch, account)
        await access.community_row(community).update(rotation_due=True)
    await note(community, row.next_seq, "member")
    if was_member:
        announce(MemberLeft(community, account))
        if not any(each.role == "owner" for each in others):
            await membership.ask_for_an_owner([AccountId(each.account) for each in others])


async def _withdraw_images(account: AccountId) -> None:
    """Nobody has the images of an account that is gone, and the search forgets what they said."""
    mine = CaseStudy.filter(added_by=account)
    cases = set(await mine.values_list("case__community_id", "case_id"))
    await mine.delete()
    for of, case in cases:  # every one of these communities is locked already
        await say_changed(CommunityId(UUID(str(of))), UUID(str(case)))


async def _stand_in(account: AccountId) -> None:
    """What was written stays; by whom is an id that belongs to nobody."""
    nobody = uuid4()
    for table in (Post, Case, Thread):
        await table.filter(author=account).update(author=nobody)
    await Post.filter(deleted_by=account).update(deleted_by=nobody)
    for signed in (Closure, Outcome):
        await signed.filter(by=account).update(by=nobody)
    await Invitation.filter(invited_by=account).update(invited_by=nobody)
