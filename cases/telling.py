"""Who hears of what happens in a community: notices, committed together with what they tell of."""

from collections.abc import Collection
from typing import Any, Final, cast
from uuid import UUID

from tortoise.queryset import QuerySet

from cases import access
from cases.ids import CaseId, CommunityId
from cases.models import Member, Post, Thread
from cases.vocabulary import PRESSING
from cases.writing import Writing
from portal import accounts, notices
from portal.core.actor import AccountId
from portal.notices import News

OF_POSTS: Final = ("mention", "reply", "post")
OF_A_CASE: Final = ("case", "closure")


async def case_opened(write: Writing, case: CaseId, *, urgency: str) -> None:
    """Every other member hears of a new case; one for today breaks quiet hours."""
    author = write.community.actor
    others = await write.hearers() - {author}
    await notices.tell(
        News(
            others, "case", case, community=write.community.id, by=author,
            urgent=urgency in PRESSING,
        )
    )  # fmt: skip


async def posted(write: Writing, post: Post, called: Collection[AccountId]) -> None:
    """
    Who is called by name, who is answered, and who follows the case: each hears once.

    Following means having opened the case or a thread of it, or having written in it.
    """
    author, case = write.community.actor, CaseId(post.case_id)
    members = await write.hearers() - {author}
    mentioned = members & set(called)
    answered = (members & await _answered(post)) - mentioned
    following = (members & await _followers(case)) - mentioned - answered
    await notices.tell(
        *(
            News(to, kind, case, community=write.community.id, post=post.id, by=author)
            for to, kind in ((mentioned, "mention"), (answered, "reply"), (following, "post"))
        )
    )


async def called(write: Writing, post: Post, newly: Collection[AccountId]) -> None:
    """Who was called by name only when a post was edited hears of it then."""
    author, community = write.community.actor, write.community.id
    to = await write.hearers() & set(newly) - {author}
    case = CaseId(post.case_id)
    await notices.tell(News(to, "mention", case, community=community, post=post.id, by=author))


async def ended(write: Writing, case: CaseId) -> None:
    """Those who follow a case hear that it was closed or reopened."""
    by = write.community.actor
    members = await write.hearers() - {by}
    to = members & await _followers(case)
    await notices.tell(News(to, "closure", case, community=write.community.id, by=by))


async def joined(community: CommunityId, account: AccountId) -> None:
    """Owners hear of a new member, who need not hear of an earlier end any more."""
    await notices.withdraw("removed", community, [account])
    await _owners_hear("joined", community, account)


async def left(community: CommunityId, account: AccountId, *, by: AccountId) -> None:
    """
    The other owners hear that somebody left, who keeps no notice of the community.

    Whoever was removed is told so; nothing of the community is in that, for it is closed to them.
    """
    await notices.leave(account, community)
    if by != account:
        await notices.tell(News([account], "removed", community, by=by))
    await _owners_hear("left", community, account, but=by)


async def invited(
    community: CommunityId, account: AccountId, *, by: AccountId, mailed: bool
) -> None:
    """The invited account hears of it; *mailed* when the invitation itself went by mail."""
    await notices.tell(
        News([account], "invitation", community, community=community, by=by, mailed=mailed)
    )


async def invitation_over(community: CommunityId, account: UUID | None) -> None:
    """An invitation was answered or has ended."""
    if account is not None:
        await notices.withdraw("invitation", community, [AccountId(account)])


async def seen(account: AccountId, case: CaseId, kinds: Collection[str]) -> None:
    """Whoever looks at a case needs no notice of it any more."""
    await notices.read_about(account, case, kinds)


async def _answered(post: Post) -> set[AccountId]:
    if post.reply_to is None:
        return set()
    return await _authors(Post.filter(id=post.reply_to, case_id=post.case_id))


async def _followers(case: CaseId) -> set[AccountId]:
    opened = await _authors(access.case_row(case))
    started = await _authors(Thread.filter(case_id=case))
    return opened | started | await _authors(Post.filter(case_id=case).distinct())


async def _authors(rows: QuerySet[Any]) -> set[AccountId]:
    return set(cast("list[AccountId]", await rows.values_list("author", flat=True)))


async def _owners_hear(
    kind: str, community: CommunityId, account: AccountId, but: AccountId | None = None
) -> None:
    rows = Member.filter(community_id=community, role="owner")
    owners = cast("list[AccountId]", await rows.values_list("account", flat=True))
    to = await accounts.confirmed_among(owners) - {account, but}
    await notices.tell(News(to, kind, community, community=community, by=account))
