"""
What a member has not seen yet: posts of others after the read mark, or after joining, and cases of
others that were opened since and never looked at.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import F
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from cases.ids import CommunityId
from cases.models import Case, Mention, Post, ReadMark
from cases.opened import OpenCommunity
from portal.core.actor import AccountId


@dataclass(frozen=True, slots=True)
class Counts:
    """Per case: how many posts there are, how many are unread, and where the reader is called."""

    posts: Counter[UUID]
    unread: Counter[UUID]
    mentioned: frozenset[UUID]
    fresh: frozenset[UUID]
    """Cases that the reader has not opened yet."""


async def by_community(actor: AccountId, communities: Collection[CommunityId]) -> Counter[UUID]:
    """Unread posts and cases of each community, by four statements for any number of them."""
    foreign = Post.filter(
        community_id__in=list(communities),
        deleted_at=None,
        community__members__account=actor,
        seq__gt=F("community__members__joined_seq"),
    ).exclude(author=actor)
    read = foreign.filter(thread__read_marks__account=actor, seq__lte=F("thread__read_marks__seq"))
    unread = await _counted(foreign, "community_id")
    unread.subtract(await _counted(read, "community_id"))
    for _, community in await _fresh(actor, communities):
        unread[community] += 1
    return unread


async def by_case(community: OpenCommunity) -> Counts:
    """Six statements, however many cases and posts there are."""
    there = Post.filter(community_id=community.id, deleted_at=None)
    foreign = there.filter(seq__gt=community.joined_seq).exclude(author=community.actor)
    read = foreign.filter(
        thread__read_marks__account=community.actor, seq__lte=F("thread__read_marks__seq")
    )
    unread = await _counted(foreign)
    unread.subtract(await _counted(read))
    fresh = await _fresh(community.actor, [community.id])
    return Counts(
        await _counted(there),
        unread,
        await _mentioned(community),
        frozenset(case for case, _ in fresh),
    )


async def _fresh(actor: AccountId, communities: Collection[CommunityId]) -> set[tuple[UUID, UUID]]:
    """Cases of others, each with its community, that were opened since and never looked at."""
    foreign = Case.filter(
        community_id__in=list(communities),
        community__members__account=actor,
        opened_at__gt=F("community__members__joined_at"),
    ).exclude(author=actor)
    found = await foreign.values_list("id", "community_id")
    if not found:
        return set()
    looked_at = await ReadMark.filter(
        account=actor, case__community_id__in=list(communities)
    ).values_list("case_id", flat=True)
    seen = set(looked_at)
    return {(case, community) for case, community in found if case not in seen}


async def _counted(posts: QuerySet[Post], by: str = "case_id") -> Counter[UUID]:
    rows = await posts.annotate(many=Count("id")).group_by(by).values_list(by, "many")
    return Counter({UUID(str(one)): many for one, many in rows})


async def _mentioned(community: OpenCommunity) -> frozenset[UUID]:
    called = await Mention.filter(
        account=community.actor,
        post__community_id=community.id,
        post__seq__gt=community.joined_seq,
        post__deleted_at=None,
    ).values_list("post__case_id", "post__thread_id", "post__seq")
    if not called:
        return frozenset()
    marks = await marks_of(community, [thread for _, thread, _ in called])
    return frozenset(case for case, thread, seq in called if seq > marks.get(thread, 0))


async def marks_of(community: OpenCommunity, threads: list[UUID]) -> dict[UUID, int]:
    """Up to which change the reader has read each thread, where there is a mark."""
    rows = await ReadMark.filter(account=community.actor, thread_id__in=threads).values_list(
        "thread_id", "seq"
    )
    return dict(rows)
