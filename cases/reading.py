"""Reading: the case page with its threads, one post, its history, the picture of its pin."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cases import access, paging, pins, unread, views
from cases.ids import CaseId, PostId, ThreadId
from cases.models import CaseStudy, Closure, PinImage, Post, PostRevision, Thread
from cases.opened import DAMAGED, OpenCase, OpenCommunity
from cases.paging import Extent
from cases.people import Colleague, colleagues
from cases.views import PostView
from portal import storing, vault
from portal.core.actor import AccountId, Actor
from portal.core.errors import Unknown
from portal.core.language import gettext


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread as the case page shows it."""

    id: ThreadId
    case: CaseId
    title: str
    """Empty for the thread that every case begins with."""
    author: Colleague
    started_at: datetime
    count: int
    unread: int
    first_unread: PostId | None
    looked_at: bool
    """The reader has opened the thread before."""
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

    @property
    def fresh(self) -> bool:
        """The reader has never looked at the case."""
        return not any(each.looked_at for each in self.threads)


async def case_page(actor: Actor, case_id: CaseId) -> CasePage:
    """The case with its threads, each from its first unread post on."""
    case = await access.case_for(actor, case_id)
    return await page_of(case)


async def page_of(case: OpenCase) -> CasePage:
    """The same for a case that is already open."""
    threads = await Thread.filter(case_id=case.id).order_by("started_at", "id")
    await access.settled(case.community, threads)
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
    extents = await paging.extents(community, [ThreadId(row.id) for row in rows])
    marks: dict[UUID, int] = {thread: each.read_to for thread, each in extents.items()}
    shown: defaultdict[UUID, list[PostView]] = defaultdict(list)
    rows_shown = await paging.windows(extents)
    for view in await views.show_posts(community, rows_shown, marks, known=names):
        shown[view.thread].append(view)
    return [
        _thread(community, row, extents[ThreadId(row.id)], shown[row.id], names) for row in rows
    ]


def _thread(
    community: OpenCommunity,
    row: Thread,
    extent: Extent,
    posts: Sequence[PostView],
    names: Mapping[AccountId, Colleague],
) -> ThreadView:
    return ThreadView(
        id=ThreadId(row.id),
        case=CaseId(row.case_id),
        title=title_of(community, row),
        author=names[AccountId(row.author)],
        started_at=row.started_at,
        count=extent.alive,
        unread=extent.unread,
        first_unread=next((each.id for each in posts if each.seq == extent.first_unread), None),
        looked_at=extent.marked,
        posts=posts,
        earlier=posts[0].seq if posts and extent.first < posts[0].seq else 0,
        later=posts[-1].seq if posts and extent.last > posts[-1].seq else 0,
    )


def title_of(community: OpenCommunity, row: Thread) -> str:
    """A thread's title; empty for the first thread of a case."""
    opened = community.shown("thread", "title", row.id, row.rev, row.epoch, row.title)
    return gettext("Damaged title") if opened is None else str(opened["title"])


async def started(community: OpenCommunity, rows: Sequence[Thread]) -> list[ThreadView]:
    """Threads as they began: what is posted in them is told by changes of its own."""
    names = await colleagues([AccountId(row.author) for row in rows])
    return [_thread(community, row, Extent(0, marked=False), [], names) for row in rows]


async def post_view(actor: Actor, post_id: PostId) -> tuple[PostView, bool]:
    """One post as it is now, and whether its case is closed."""
    row, community = await access.post_for(actor, post_id)
    marks = await unread.marks_of(community, [row.thread_id])
    return (await views.show_posts(community, [row], marks))[0], row.case.status == "closed"


@dataclass(frozen=True, slots=True)
class Revision:
    """What a post said, and since when."""

    text: str = field(repr=False)
    written_at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """Every wording of a post, the present one last; none when it was deleted."""

    case: OpenCase
    revisions: Sequence[Revision]


async def history(actor: Actor, post_id: PostId) -> History:
    """What a post of a case said from its first day on."""
    row, community = await access.post_for(actor, post_id)
    case = await access.case_in(community, CaseId(row.case.id))
    return History(case, await _revisions(community, row))


async def _revisions(community: OpenCommunity, row: Post) -> list[Revision]:
    if row.body is None:
        return []
    old = await PostRevision.filter(post_id=row.id).order_by("rev")
    await access.settled(community, old)
    every = [(each.rev, each.epoch, each.body, each.written_at) for each in old]
    every.append((row.rev, row.epoch, row.body, row.edited_at or row.posted_at))
    return [
        Revision(str(opened["text"]) if opened else gettext(DAMAGED), at)
        for rev, epoch, body, at in every
        for opened in [community.shown("post", "body", row.id, rev, epoch, body)]
    ]


async def pin_image(actor: Actor, post_id: PostId) -> bytes:
    """
    The small picture of a post's pin, a JPEG.

    Raises `Unknown` when there is none, `storing.Damaged` when it does not open.
    """
    _, community = await access.post_for(actor, post_id)
    row = await PinImage.get_or_none(post_id=post_id)
    if row is None:
        raise Unknown
    await access.settled(community, [row])
    try:
        root = community.root_at(row.epoch)
        return pins.open_image(root, community.id, row.epoch, post_id, row.image)
    except vault.Tampered:
        vault.report("picture of a pin does not open: row", row.id)
        raise storing.Damaged from None
