"""Who belongs to a community, in which role, and how somebody stops belonging."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from cases import access, epochs, rotating, search, telling
from cases.errors import LastOwner, OwnersOnly, OwnerThere
from cases.events import MemberLeft, Shredded
from cases.ids import CommunityId
from cases.models import Invitation, Member
from cases.opened import OpenCommunity
from cases.people import Colleague, colleagues
from cases.vocabulary import Role
from cases.writing import writing
from portal import accounts, notices
from portal.core.actor import AccountId, Actor
from portal.core.db import announce
from portal.core.errors import Invalid, Unknown


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as the list shows it."""

    who: Colleague
    role: Role
    joined_at: datetime
    verified: bool
    """False for a row that no member ever vouched for: it opens nothing and should be removed."""
    is_me: bool
    confirmed: bool
    """Somebody has confirmed that this is a health professional; others cannot come in."""
    licence: str = field(default="", repr=False)
    """The licence number, for owners, who may confirm; empty for everybody else."""
    seen: int = 0
    """The version of the card, to be sent along with a confirmation."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A colleague found in the address book, and whether inviting makes sense."""

    who: Colleague
    standing: str
    """`member`, `invited` or empty."""
    confirmed: bool


async def members(actor: Actor, community_id: CommunityId) -> list[MemberView]:
    """Everybody in the community, owners first, then by name."""
    community = await access.community_for(actor, community_id)
    return await members_in(community)


async def members_in(community: OpenCommunity) -> list[MemberView]:
    """The same for a community that is already open."""
    good = await rotating.verified(community)
    rows = await Member.filter(community_id=community.id)
    people = [AccountId(row.account) for row in rows]
    versions = await accounts.card_versions(people)
    names = await colleagues(people)
    confirmed = await accounts.confirmed_among(people)
    licences = await accounts.licences(people) if community.role == "owner" else {}
    found = [
        MemberView(
            who=names[AccountId(row.account)],
            role=cast("Role", row.role),
            joined_at=row.joined_at,
            verified=AccountId(row.account) in good,
            is_me=row.account == community.actor,
            confirmed=AccountId(row.account) in confirmed,
            licence=licences.get(AccountId(row.account), ""),
            seen=versions.get(AccountId(row.account), 0),
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.role != "owner", each.who.name.casefold()))


async def to_be_confirmed(
    community: OpenCommunity, invited: Collection[AccountId]
) -> Mapping[AccountId, str]:
    """Whom an owner may confirm before they come in, with the licence number if they gave one."""
    if community.role != "owner":
        return {}
    unknown = set(invited) - await accounts.confirmed_among(invited)
    numbers = await accounts.licences(unknown)
    return {each: numbers.get(each, "") for each in unknown}


async def address_book(actor: Actor, community_id: CommunityId, words: str) -> list[Entry]:
    """Colleagues whose card holds every word, with what they already are to this community."""
    community = await access.community_for(actor, community_id)
    found = await accounts.find_colleagues(actor, words)
    inside = await access.members_of(community.id)
    # By address book only: of one to an address, nobody learns whose account it is (T22).
    asked = Invitation.filter(community_id=community.id, mail=None, state="pending")
    invited = set(await asked.values_list("account", flat=True))
    confirmed = await accounts.confirmed_among([card.id for card in found])
    return [
        Entry(
            Colleague.of(card),
            "member" if card.id in inside else "invited" if card.id in invited else "",
            card.id in confirmed,
        )
        for card in found
    ]


async def confirm(actor: Actor, community_id: CommunityId, account: AccountId, seen: int) -> None:
    """
    Confirm that a member or somebody invited is a health professional.  Owners only.

    Raises `CardChanged` when the card is no longer in the version that was *seen*.
    """
    community = _owned(await access.community_for(actor, community_id))
    asked = Invitation.filter(community_id=community.id, mail=None, state="pending")
    invited = asked.filter(account=account)
    if account not in await access.members_of(community.id) and not await invited.exists():
        raise Unknown
    await accounts.confirm_and_write(account, actor.id, seen)


async def change_role(
    actor: Actor, community_id: CommunityId, account: AccountId, role: Role
) -> None:
    """Make a member an owner or an owner a member.  Owners only; one owner always stays."""
    if role not in {"owner", "member"}:
        raise Invalid
    community = await access.community_for(actor, community_id)
    async with writing(actor, community) as write:
        current = _owned(write.community)
        people = await rotating.verified(current)
        row = people.get(account)
        if row is None:
            raise Unknown
        if role != "owner" and _owners(people) == {account}:
            raise LastOwner
        public = (await epochs.public_keys([account]))[account]
        row.role = role
        row.mac = epochs.membership_mark(current.root, current.id, public, role, current.epoch)
        await row.save(update_fields=["role", "mac"])
        await write.changed("member")


async def remove(actor: Actor, community_id: CommunityId, account: AccountId) -> None:
    """
    Take somebody out.  Owners only.

    The root changes in the same transaction: what is written from now on is written under a key
    that the removed member never held.
    """
    if account == actor.id:
        raise Invalid
    community = await access.community_for(actor, community_id)
    async with writing(actor, community) as write:
        _owned(write.community)
        if not await Member.filter(community_id=community_id, account=account).delete():
            raise Unknown
        write.community = await rotating.rotate(write.community)
        await write.changed("member")
        await telling.left(community_id, account, by=actor.id)
        announce(MemberLeft(community_id, account))


async def leave(actor: Actor, community_id: CommunityId) -> None:
    """
    Stop being a member.

    Whoever leaves must not choose the next root, so it becomes due and the next member who writes
    changes it first.  The last member takes the community along: its keys and rows are deleted.
    """
    community = await access.membership_of(actor, community_id)
    async with writing(actor, community) as write:
        people = await rotating.verified(write.community)
        if set(people) == {actor.id}:
            await shred(community_id)
            announce(MemberLeft(community_id, actor.id))
            return
        if _owners(people) == {actor.id}:
            raise LastOwner
        await Member.filter(community_id=community_id, account=actor.id).delete()
        await epochs.drop_seals(community_id, write.community.epoch, actor.id)
        await access.community_row(community_id).update(rotation_due=True)
        await write.changed("member")
        await telling.left(community_id, actor.id, by=actor.id)
        announce(MemberLeft(community_id, actor.id))


async def take_over(actor: Actor, community_id: CommunityId) -> None:
    """
    Become the owner of a community that has none any more.

    Raises `OwnerThere` when it has one.
    """
    community = await access.community_for(actor, community_id)
    async with writing(actor, community) as write:
        current = write.community
        people = await rotating.verified(current)
        if _owners(people):
            raise OwnerThere
        row, public = people[actor.id], (await epochs.public_keys([actor.id]))[actor.id]
        row.role = "owner"
        row.mac = epochs.membership_mark(current.root, current.id, public, "owner", current.epoch)
        await row.save(update_fields=["role", "mac"])
        await write.changed("member")


async def ask_for_an_owner(members: Collection[AccountId]) -> None:
    """The only owner's account ended: whoever is left is asked to take over, by mail, too."""
    for member in members:
        await accounts.write_to(member, "owner_wanted")


async def shred(community_id: CommunityId) -> None:
    """Delete the community's keys first, then everything that only they could open."""
    await epochs.forget(community_id)
    await access.community_row(community_id).delete()
    await search.forget(community_id)
    await notices.forget_community(community_id)
    announce(Shredded(community_id))


def _owned(community: OpenCommunity) -> OpenCommunity:
    if community.role != "owner":
        raise OwnersOnly
    return community


def _owners(people: dict[AccountId, Member]) -> set[AccountId]:
    return {account for account, row in people.items() if row.role == "owner"}
