"""Reading: the case page, what changed since, older posts, history, pictures of pins."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from cases import access, pins, unread, views
from cases.access import OpenCase, OpenCommunity
from cases.ids import CaseId, PostId, ThreadId
from cases.models import CaseStudy, Change, Closure, PinImage, Post, PostRevision, Thread
from cases.people import Colleague, colleagues
from cases.views import PostView
from portal.core.actor import AccountId, Actor
from portal.core.errors import Unknown

SHOWN_AT_ONCE: Final = 100
"""Posts of one thread in a page; the rest is fetched when somebody goes there."""
BEFORE_UNREAD: Final = 5
"""Posts shown above the first unread one, so that it has a context."""
CHANGES_AT_ONCE: Final = 200

Light = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread as the case page shows it."""

    id: ThreadId
    title: str
    """Empty for the thread that every case begins with."""
    author: Colleague
    started_at: datetime
    count: int
    unread: int
    first_unread: PostId | None
    posts: Sequence[PostView]
    earlier: int
    """Number of the first post shown, when there are earlier ones, else 0."""
    later: int
    """Number of the last post shown, when there are later ones, else 0."""


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything the case page needs."""

    case: OpenCase
    author: Colleague
    may_end: bool
    closed_by: Colleague | None
    closed_at: datetime | None
    threads: Sequence[ThreadView]
    members: Sequence[Colleague]
    studies: Sequence[UUID]
    seq: int


async def case_page(actor: Actor, case_id: CaseId) -> CasePage:
    """The case with its threads, each from its first unread post on."""
    case = await access.case_for(actor, case_id)
    return await page_of(case)


async def page_of(case: OpenCase) -> CasePage:
    """The same for a case that is already open."""
    threads = await Thread.filter(case_id=case.id).order_by("started_at", "id")
    closure = await Closure.get_or_none(case_id=case.id)
    members = await access.members_of(case.community.id)
    asked = {*members, AccountId(case.row.author), *(AccountId(row.author) for row in threads)}
    if closure is not None:
        asked.add(AccountId(closure.by))
    names = await colleagues(asked)
    return CasePage(
        case=case,
        author=names[AccountId(case.row.author)],
        may_end=case.row.author == case.community.actor or case.community.role == "owner",
        closed_by=names[AccountId(closure.by)] if closure else None,
        closed_at=closure.at if closure else None,
        threads=await _threads(case.community, threads, names),
        members=sorted((names[each] for each in members), key=lambda each: each.name.casefold()),
        studies=await studies_of(case.id),
        seq=case.community.seq,
    )


async def studies_of(case_id: CaseId) -> list[UUID]:
    """The case's studies in their order, for whoever has come through the door."""
    found = CaseStudy.filter(case_id=case_id).order_by("position")
    return [UUID(str(each)) for each in await found.values_list("study", flat=True)]


async def _threads(
    community: OpenCommunity, rows: Sequence[Thread], names: Mapping[AccountId, Colleague]
) -> list[ThreadView]:
    ids = [row.id for row in rows]
    marks = await unread.marks_of(community, ids)
    light: defaultdict[UUID, list[Light]] = defaultdict(list)
    for post in (
        await Post.filter(thread_id__in=ids)
        .order_by("seq")
        .values("id", "thread_id", "seq", "author", "deleted_at")
    ):
        light[post["thread_id"]].append(post)
    chosen = {row.id: _window(community, light[row.id], marks.get(row.id, 0)) for row in rows}
    wanted = [post["id"] for window in chosen.values() for post in window]
    shown: defaultdict[UUID, list[PostView]] = defaultdict(list)
    posts = await Post.filter(id__in=wanted).order_by("seq") if wanted else []
    for view in await views.show_posts(community, posts, marks):
        shown[view.thread].append(view)
    return [
        _thread(community, row, light[row.id], marks.get(row.id, 0), shown[row.id], names)
        for row in rows
    ]


def _unread(community: OpenCommunity, posts: Sequence[Light], mark: int) -> list[Light]:
    read_to = max(mark, community.joined_seq)
    return [
        post
        for post in posts
        if post["seq"] > read_to
        and post["author"] != community.actor
        and post["deleted_at"] is None
    ]


def _window(community: OpenCommunity, posts: Sequence[Light], mark: int) -> Sequence[Light]:
    """The part of a thread that a page shows: from just above the first unread, or the end."""
    fresh = _unread(community, posts, mark)
    start = max(0, len(posts) - SHOWN_AT_ONCE)
    if fresh:
        start = min(start, max(0, posts.index(fresh[0]) - BEFORE_UNREAD))
    return posts[start : start + SHOWN_AT_ONCE]


def _thread(
    community: OpenCommunity,
    row: Thread,
    light: Sequence[Light],
    mark: int,
    posts: Sequence[PostView],
    names: Mapping[AccountId, Colleague],
) -> ThreadView:
    fresh = _unread(community, light, mark)
    author = AccountId(row.author)
    return ThreadView(
        id=ThreadId(row.id),
        title=title_of(community, row),
        author=names[author],
        started_at=row.started_at,
        count=sum(post["deleted_at"] is None for post in light),
        unread=len(fresh),
        first_unread=PostId(fresh[0]["id"]) if fresh else None,
        posts=posts,
        earlier=posts[0].seq if posts and light[0]["seq"] < posts[0].seq else 0,
        later=posts[-1].seq if posts and light[-1]["seq"] > posts[-1].seq else 0,
    )


def title_of(community: OpenCommunity, row: Thread) -> str:
    """A thread's title; empty for the first thread of a case."""
    opened = community.open("thread", "title", row.id, row.rev, row.epoch, row.title)
    return str(opened["title"])


async def thread_view(community: OpenCommunity, thread_id: ThreadId) -> ThreadView:
    """One thread, as the page would show it."""
    row = await access.thread_in(community, thread_id)
    names = await colleagues([AccountId(row.author)])
    return (await _threads(community, [row], names))[0]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some posts of a thread, in order, and whether there are more in that direction."""

    posts: Sequence[PostView]
    more: bool


async def stretch(
    actor: Actor, thread_id: ThreadId, *, before: int | None = None, after: int = 0
) -> Stretch:
    """The posts of a thread next to change *before* or *after*: what the page left out."""
    _, community = await access.thread_for(actor, thread_id)
    rows = Post.filter(thread_id=thread_id)
    if before is not None:
        found = await rows.filter(seq__lt=before).order_by("-seq").limit(SHOWN_AT_ONCE + 1)
        kept = list(reversed(found[:SHOWN_AT_ONCE]))
    else:
        found = await rows.filter(seq__gt=after).order_by("seq").limit(SHOWN_AT_ONCE + 1)
        kept = found[:SHOWN_AT_ONCE]
    marks = await unread.marks_of(community, [thread_id])
    return Stretch(await views.show_posts(community, kept, marks), len(found) > SHOWN_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Around:
    """A post with its neighbours; `earlier` and `later` as in `ThreadView`."""

    thread: ThreadId
    closed: bool
    posts: Sequence[PostView]
    earlier: int
    later: int


async def around(actor: Actor, post_id: PostId) -> Around:
    """The stretch of a thread in which a post stands."""
    row, community = await access.post_for(actor, post_id)
    rows = Post.filter(thread_id=row.thread_id)
    before = await rows.filter(seq__lt=row.seq).order_by("-seq").limit(BEFORE_UNREAD + 1)
    after = await rows.filter(seq__gte=row.seq).order_by("seq").limit(SHOWN_AT_ONCE + 1)
    kept = [*reversed(before[:BEFORE_UNREAD]), *after[:SHOWN_AT_ONCE]]
    marks = await unread.marks_of(community, [row.thread_id])
    return Around(
        thread=ThreadId(row.thread_id),
        closed=row.case.status == "closed",
        posts=await views.show_posts(community, kept, marks),
        earlier=kept[0].seq if len(before) > BEFORE_UNREAD else 0,
        later=kept[-1].seq if len(after) > SHOWN_AT_ONCE else 0,
    )


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One line of the record, with the thing as it is now when it is a post."""

    seq: int
    kind: str
    thread: UUID | None
    post: UUID | None
    view: PostView | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened in a case after some change.  Ask again from `seq` while `more`."""

    seq: int
    more: bool
    changes: Sequence[ChangeView]


async def since(actor: Actor, case_id: CaseId, seq: int) -> Missed:
    """
    The changes of a case after number *seq*, oldest first.

    A post that changed several times comes once, with its last change, as it is now.
    """
    case = await access.case_for(actor, case_id)
    found = (
        await Change.filter(case=case_id, community_id=case.community.id, seq__gt=seq)
        .order_by("seq")
        .limit(CHANGES_AT_ONCE + 1)
    )
    rows, more = found[:CHANGES_AT_ONCE], len(found) > CHANGES_AT_ONCE
    last = {PostId(row.post): row.seq for row in rows if row.post is not None}
    posts = await Post.filter(id__in=list(last), case_id=case_id) if last else []
    marks = await unread.marks_of(case.community, [post.thread_id for post in posts])
    shown = {view.id: view for view in await views.show_posts(case.community, posts, marks)}
    changes = [
        ChangeView(row.seq, row.kind, row.thread, row.post, shown.get(_post_of(row)))
        for row in rows
        if row.post is None or last[_post_of(row)] == row.seq
    ]
    return Missed(_reached(rows, more=more, seen=max(seq, case.community.seq)), more, changes)


def _reached(rows: Sequence[Change], *, more: bool, seen: int) -> int:
    """Where to go on: after the last line when there are more, else after all that was there."""
    numbers = [int(row.seq) for row in rows]
    return numbers[-1] if more else max([seen, *numbers])


def _post_of(row: Change) -> PostId:
    return cast("PostId", row.post)


async def post_view(actor: Actor, post_id: PostId) -> PostView:
    """One post as it is now."""
    row, community = await access.post_for(actor, post_id)
    marks = await unread.marks_of(community, [row.thread_id])
    return (await views.show_posts(community, [row], marks))[0]


@dataclass(frozen=True, slots=True)
class Revision:
    """What a post said, and since when."""

    text: str = field(repr=False)
    written_at: datetime


async def history(actor: Actor, post_id: PostId) -> list[Revision]:
    """Every wording of a post, the present one last; empty when it was deleted."""
    row, community = await access.post_for(actor, post_id)
    if row.body is None:
        return []
    old = await PostRevision.filter(post_id=post_id).order_by("rev")
    every = [(each.rev, each.epoch, each.body, each.written_at) for each in old]
    every.append((row.rev, row.epoch, row.body, row.edited_at or row.posted_at))
    return [
        Revision(community.open("post", "body", row.id, rev, epoch, body)["text"], at)
        for rev, epoch, body, at in every
    ]


async def pin_image(actor: Actor, post_id: PostId) -> bytes:
    """The small picture of a post's pin, a JPEG; `Unknown` when there is none."""
    _, community = await access.post_for(actor, post_id)
    row = await PinImage.get_or_none(post_id=post_id)
    if row is None:
        raise Unknown
    root = community.root_at(row.epoch)
    return pins.open_image(root, community.id, row.epoch, post_id, row.image)
