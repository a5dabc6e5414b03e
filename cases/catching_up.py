"""Catching up: what happened in a case since a page last looked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, cast
from uuid import UUID

from cases import access, reading, unread, views
from cases.ids import CaseId, PostId
from cases.models import Change, Post, Thread
from cases.opened import OpenCase
from cases.reading import ThreadView
from cases.views import PostView
from portal.core.actor import Actor

CHANGES_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One line of the record, with the post as it is now, or the thread that began with it."""

    seq: int
    kind: str
    thread: UUID | None
    post: UUID | None
    view: PostView | None = field(default=None, repr=False)
    started: ThreadView | None = field(default=None, repr=False)
    """The thread that began with this change."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened in a case after some change.  Ask again from `seq` while `more`."""

    seq: int
    more: bool
    closed: bool
    """Whether the case is closed by now."""
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
    threads = await _started(case, [row.thread for row in rows if row.kind == "thread"])
    changes = [
        ChangeView(
            seq=row.seq,
            kind=row.kind,
            thread=row.thread,
            post=row.post,
            view=shown.get(_post_of(row)),
            started=threads.get(row.thread) if row.kind == "thread" else None,
        )
        for row in rows
        if row.post is None or last[_post_of(row)] == row.seq
    ]
    reached = _reached(rows, more=more, seen=max(seq, case.community.seq))
    return Missed(reached, more, case.row.status == "closed", changes)


async def _started(case: OpenCase, ids: Sequence[UUID | None]) -> dict[UUID | None, ThreadView]:
    rows = await Thread.filter(id__in=ids, case_id=case.id) if ids else []
    await access.settled(case.community, rows)
    return {each.id: each for each in await reading.started(case.community, rows)}


def _reached(rows: Sequence[Change], *, more: bool, seen: int) -> int:
    """Where to go on: after the last line when there are more, else after all that was there."""
    numbers = [int(row.seq) for row in rows]
    return numbers[-1] if more else max([seen, *numbers])


def _post_of(row: Change) -> PostId:
    return cast("PostId", row.post)
