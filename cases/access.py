"""
The doors.  A community, case, thread, post or invitation is reached through here and nowhere else.

Membership is part of the query, and whoever passes leaves with the community's root: permission
and decryption are one fact.  A stranger, a wrong id and a forged membership get the same answer.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar, cast
from uuid import UUID

from tortoise.queryset import QuerySet

from cases import epochs
from cases.errors import RootMoved
from cases.ids import CaseId, CommunityId, InvitationId, PostId, ThreadId
from cases.models import Case, Community, Invitation, Member, Post, Thread
from cases.opened import OpenCase, OpenCommunity, about_of, opened_case
from cases.vocabulary import Role
from portal import accounts, vault
from portal.core.actor import AccountId, Actor, Secret
from portal.core.errors import Unknown
from portal.core.language import gettext

log = logging.getLogger(__name__)


class Boxed(Protocol):
    """A row with a box, and the generation of the root that opens it."""

    epoch: int


Rows = TypeVar("Rows", bound=Iterable[Boxed])


async def community_for(actor: Actor, community_id: CommunityId) -> OpenCommunity:
    """The community, opened for a member; `Unknown` for everybody else."""
    return await _enter(actor, Member.filter(community_id=community_id))


async def membership_of(actor: Actor, community_id: CommunityId) -> OpenCommunity:
    """The same for who is no longer confirmed, too: to leave it, or to secure the account."""
    return await _enter(actor, Member.filter(community_id=community_id), unconfirmed=True)


async def known(ids: Collection[UUID]) -> set[UUID]:
    """Which of *ids* are communities, whoever belongs to them."""
    there = await Community.filter(id__in=list(ids)).values_list("id", flat=True)
    return set(cast("list[UUID]", there))


async def my_communities(actor: Actor) -> list[OpenCommunity]:
    """Every community the actor is a member of, opened, by name."""
    await accounts.must_be_confirmed(actor)
    rows = await Member.filter(account=actor.id).select_related("community")
    return sorted(await _open_all(actor, rows), key=lambda each: each.name.casefold())


async def communities_with(actor: Actor, study_id: UUID) -> list[OpenCommunity]:
    """The actor's communities that have a case about this study."""
    await accounts.must_be_confirmed(actor)
    rows = (
        await Member.filter(account=actor.id, community__cases__studies__study=study_id)
        .distinct()
        .select_related("community")
    )
    return await _open_all(actor, rows)


async def case_for(actor: Actor, case_id: CaseId) -> OpenCase:
    """The case, opened for a member of its community."""
    community = await _enter(actor, Member.filter(community__cases__id=case_id))
    return await case_in(community, case_id)


async def case_in(community: OpenCommunity, case_id: CaseId) -> OpenCase:
    """A case of a community that is already open."""
    row = await Case.get_or_none(id=case_id, community_id=community.id)
    if row is None:
        raise Unknown
    await settled(community, [row])
    return opened_case(community, row)


async def cases_of(community: OpenCommunity) -> list[OpenCase]:
    """Every case of an open community, the last changed first."""
    rows = await Case.filter(community_id=community.id).order_by("-changed_at")
    await settled(community, rows)
    return [opened_case(community, row) for row in rows]


async def thread_for(actor: Actor, thread_id: ThreadId) -> tuple[Thread, OpenCommunity]:
    """A thread's row and its opened community."""
    community = await _enter(actor, Member.filter(community__cases__threads__id=thread_id))
    return await thread_in(community, thread_id), community


async def thread_in(community: OpenCommunity, thread_id: ThreadId) -> Thread:
    """A thread of a community that is already open, with its case."""
    inside = Thread.filter(id=thread_id, case__community_id=community.id)
    row = await inside.select_related("case").first()
    if row is None:
        raise Unknown
    await settled(community, [row])
    return row


async def post_for(actor: Actor, post_id: PostId) -> tuple[Post, OpenCommunity]:
    """A post's row and its opened community."""
    community = await _enter(actor, Member.filter(community__posts__id=post_id))
    return await post_in(community, post_id), community


async def post_in(community: OpenCommunity, post_id: PostId) -> Post:
    """A post of a community that is already open, with its case."""
    row = await Post.get_or_none(id=post_id, community_id=community.id).select_related("case")
    if row is None:
        raise Unknown
    await settled(community, [row])
    return row


async def invitation_for(actor: Actor, invitation_id: InvitationId) -> Invitation:
    """An invitation that waits for the actor's answer; who is not confirmed may say no."""
    mine = Invitation.filter(id=invitation_id, account=actor.id, state="pending")
    row = await mine.select_related("community").first()
    if row is None:
        raise Unknown
    return row


async def readers_of(account: AccountId, case_id: CaseId) -> frozenset[AccountId]:
    """The confirmed members of the case's community, if *account* is one; needs no root."""
    readers = await _accounts(Member.filter(community__cases__id=case_id))
    if account not in readers:
        raise Unknown
    await accounts.must_be_confirmed_as(account)
    return await accounts.confirmed_among(readers)


async def members_of(community_id: CommunityId) -> frozenset[AccountId]:
    """Whoever has a row in the community, whether somebody confirms them or not."""
    return await _accounts(Member.filter(community_id=community_id))


async def communities_of(
    accounts: Collection[AccountId],
) -> dict[AccountId, frozenset[CommunityId]]:
    """Where each of *accounts* has a row as a member; open sockets are asked about all the time."""
    found = defaultdict[AccountId, set[CommunityId]](set)
    rows = Member.filter(account__in=list(accounts)).values_list("account", "community_id")
    for account, community in cast("Iterable[tuple[AccountId, CommunityId]]", await rows):
        found[account].add(community)
    return {account: frozenset(communities) for account, communities in found.items()}


async def _accounts(members: QuerySet[Member]) -> frozenset[AccountId]:
    # Values and not rows: every post asks, and a community may have a thousand members.
    found = await members.values_list("account", flat=True)
    return frozenset(cast("Iterable[AccountId]", found))


async def settled(community: OpenCommunity, rows: Rows) -> Rows:
    """
    *rows*, just fetched, all of generations that this look at the community knows or nobody does.

    Raises `RootMoved` when one was written under a root that began after the look: the next look
    opens it.  A generation is in the community's row before anything is written under it, so one
    that is not there, asked after the rows, never was: somebody edited that row, and it is damaged.
    """
    ahead = [row.epoch for row in rows if row.epoch > community.epoch]
    if ahead:
        present = await community_row(community.id).values_list("epoch", flat=True)
        if not present or min(ahead) <= cast("int", present[0]):
            raise RootMoved(retry_after=1)
    return rows


def community_row(community_id: CommunityId) -> QuerySet[Community]:
    """The row, for changing it under the lock; whoever does has come through a door before."""
    return Community.filter(id=community_id)


def case_row(case_id: UUID) -> QuerySet[Case]:
    """The row, for changing it under the lock; whoever does has come through a door before."""
    return Case.filter(id=case_id)


async def _enter(
    actor: Actor, rows: QuerySet[Member], *, unconfirmed: bool = False
) -> OpenCommunity:
    if not unconfirmed:
        await accounts.must_be_confirmed(actor)
    seen = None
    while True:
        row = await rows.filter(account=actor.id).select_related("community").first()
        if row is None:
            raise Unknown
        opened = await _opened(actor, row)
        if opened is not None:
            return opened
        if row.community.epoch == seen:
            # Somebody who can write the database but holds no key put this row there (F4).
            where, who = row.community.id, row.id
            log.critical("membership not vouched for: community %s member %s", where, who)
            raise Unknown
        # The root may have changed between the row and the seal: look once more.
        seen = row.community.epoch


async def _open_all(actor: Actor, rows: Sequence[Member]) -> list[OpenCommunity]:
    present = {row.community.id: row.community.epoch for row in rows}
    roots = await epochs.open_roots(actor, present)
    opened = []
    for row in rows:
        with suppress(Unknown):  # a forged membership is reported, not shown
            opened.append(
                _with_roots(actor, row, roots.get(CommunityId(row.community.id)))
                or await _enter(actor, Member.filter(community_id=row.community.id))
            )
    return opened


async def reopened(actor: Actor, community: OpenCommunity) -> OpenCommunity:
    """The same community as it is now, under its lock; roots are reused while they are current."""
    mine = Member.filter(community_id=community.id, account=actor.id)
    row = await mine.select_related("community").first()
    if row is None:
        raise Unknown
    current = row.community.epoch == community.epoch
    opened = _with_roots(actor, row, community.roots) if current else await _opened(actor, row)
    if opened is None:
        raise Unknown
    return opened


async def _opened(actor: Actor, row: Member) -> OpenCommunity | None:
    """The root is this member's seal opened."""
    community = CommunityId(row.community.id)
    roots = await epochs.open_roots(actor, {community: row.community.epoch})
    return _with_roots(actor, row, roots.get(community))


def _with_roots(
    actor: Actor, row: Member, roots: Mapping[int, Secret] | None
) -> OpenCommunity | None:
    """The row itself must carry the root's own mark."""
    found = row.community
    mine = epochs.own_fingerprint(actor)
    if roots is None or not epochs.vouched(
        roots[found.epoch], found.id, found.epoch, actor.id, mine, row.role, row.mac
    ):
        return None
    try:
        about = about_of(found, roots)
    except (vault.Tampered, KeyError):
        vault.report("community does not open: row", found.id)
        about = {"name": gettext("Damaged name"), "department": "", "location": ""}
    return OpenCommunity(
        id=CommunityId(found.id),
        actor=actor.id,
        role=cast("Role", row.role),
        epoch=found.epoch,
        rotation_due=found.rotation_due,
        seq=found.next_seq,
        joined_seq=row.joined_seq,
        name=about["name"],
        department=about["department"],
        location=about["location"],
        about_rev=found.about_rev,
        mac=bytes(row.mac),
        roots=roots,
    )
