"""
Paging: the part of a thread that a page shows, and what lies before and after it.

A page counts and finds in the database and loads only the posts it shows, however long the
discussion is: a thread of thousands costs what one of a hundred does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tortoise.expressions import Q
from tortoise.functions import Count, Max, Min

from cases import access, unread, views
from cases.ids import PostId, ThreadId
from cases.models import Post
from cases.opened import OpenCommunity
from cases.views import PostView
from portal.core.actor import Actor

SHOWN_AT_ONCE: Final = 100
"""Posts of one thread in a page; the rest is fetched when somebody goes there."""
BEFORE_UNREAD: Final = 5
"""Posts shown above the first unread one, so that it has a context."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How long a thread is and how far it has been read; numbers of changes, 0 for none."""

    read_to: int
    marked: bool
    """The reader has looked at the thread before."""
    total: int = 0
    """Deleted posts included: they keep their place."""
    first: int = 0
    last: int = 0
    alive: int = 0
    unread: int = 0
    first_unread: int = 0


async def extents(community: OpenCommunity, threads: Sequence[ThreadId]) -> dict[ThreadId, Extent]:
    """The extent of each thread, by two statements for any number of threads and posts."""
    if not threads:
        return {}
    marks = await unread.marks_of(community, list(threads))
    read_to = {each: max(marks.get(each, 0), community.joined_seq) for each in threads}
    alive = Q(deleted_at__isnull=True)
    fresh = alive & _after(read_to) & ~Q(author=community.actor)
    rows = (
        await Post.filter(thread_id__in=list(threads))
        .annotate(
            total=Count("id"),
            first=Min("seq"),
            last=Max("seq"),
            alive=Count("id", _filter=alive),
            unread=Count("id", _filter=fresh),
            first_unread=Min("seq", _filter=fresh),
        )
        .group_by("thread_id")
        .values_list("thread_id", "total", "first", "last", "alive", "unread", "first_unread")
    )
    measured = {UUID(str(thread)): numbers for thread, *numbers in rows}
    found = {}
    for each in threads:
        numbers = [number or 0 for number in measured.get(each, ())]
        found[each] = Extent(read_to[each], each in marks, *numbers)
    return found


def _after(read_to: Mapping[ThreadId, int]) -> Q:
    """Posts beyond what was read; threads read equally far share a condition."""
    together: dict[int, list[UUID]] = {}
    for thread, seq in read_to.items():
        together.setdefault(seq, []).append(thread)
    return Q(
        *(Q(thread_id__in=same, seq__gt=seq) for seq, same in together.items()), join_type="OR"
    )


async def windows(threads: Mapping[ThreadId, Extent]) -> list[Post]:
    """
    What a page shows of each thread, in order: from just above its first unread post, or its end.

    All short threads come in one statement; each that is longer than a page costs one or two.
    """
    short = [each for each, extent in threads.items() if extent.total <= SHOWN_AT_ONCE]
    shown = await Post.filter(thread_id__in=short).order_by("seq") if short else []
    for each, extent in threads.items():
        if extent.total > SHOWN_AT_ONCE:
            shown += await _window(each, extent)
    return shown


async def _window(thread: ThreadId, extent: Extent) -> list[Post]:
    rows = Post.filter(thread_id=thread)
    if not extent.unread:
        return list(reversed(await rows.order_by("-seq").limit(SHOWN_AT_ONCE)))
    new, old = rows.filter(seq__gte=extent.first_unread), rows.filter(seq__lt=extent.first_unread)
    after = await new.order_by("seq").limit(SHOWN_AT_ONCE)
    room = max(BEFORE_UNREAD, SHOWN_AT_ONCE - len(after))
    before = await old.order_by("-seq").limit(room)
    return [*reversed(before), *after[: SHOWN_AT_ONCE - len(before)]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some posts of a thread, in order, and whether there are more in that direction."""

    posts: Sequence[PostView]
    more: bool
    closed: bool
    """Whether the case is closed by now."""


async def stretch(
    actor: Actor, thread_id: ThreadId, *, before: int | None = None, after: int = 0
) -> Stretch:
    """The posts of a thread next to change *before* or *after*: what the page left out."""
    thread, community = await access.thread_for(actor, thread_id)
    rows = Post.filter(thread_id=thread_id)
    if before is not None:
        found = await rows.filter(seq__lt=before).order_by("-seq").limit(SHOWN_AT_ONCE + 1)
        kept = list(reversed(found[:SHOWN_AT_ONCE]))
    else:
        found = await rows.filter(seq__gt=after).order_by("seq").limit(SHOWN_AT_ONCE + 1)
        kept = found[:SHOWN_AT_ONCE]
    marks = await unread.marks_of(community, [thread_id])
    return Stretch(
        posts=await views.show_posts(community, kept, marks),
        more=len(found) > SHOWN_AT_ONCE,
        closed=thread.case.status == "closed",
    )


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
