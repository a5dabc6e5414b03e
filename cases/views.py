"""What pages show: posts as values, opened and named, with a few queries for any number."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cases import access, mentions, reactions
from cases.ids import PostId, ThreadId
from cases.models import PinImage, Post, Reaction
from cases.opened import DAMAGED, OpenCommunity
from cases.people import Colleague, colleagues
from cases.pins import PinLabel
from cases.reactions import Tally
from portal.core.actor import AccountId
from portal.core.language import gettext

EXCERPT = 120
"""Characters that a reply shows of what it answers."""


@dataclass(frozen=True, slots=True)
class PinShown:
    """A pin under a post: its words, the view for the viewer, and whether there is a picture."""

    label: PinLabel
    study: UUID
    view: Mapping[str, Any] = field(repr=False)
    has_image: bool


@dataclass(frozen=True, slots=True)
class ReplyShown:
    """What a reply answers."""

    id: PostId
    author: str
    excerpt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as `cases/_post.html` shows it."""

    id: PostId
    thread: ThreadId
    seq: int
    rev: int
    client_id: UUID
    author: Colleague
    mine: bool
    may_delete: bool
    unread: bool
    text: str = field(repr=False)
    pieces: tuple[tuple[str, bool], ...] = field(repr=False)
    calls_me: bool
    pin: PinShown | None
    reply: ReplyShown | None
    reactions: tuple[Tally, ...]
    posted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    deleted_by: Colleague | None


@dataclass(frozen=True, slots=True)
class _Around:
    """What the posts of one page share, fetched once for all of them."""

    community: OpenCommunity
    names: Mapping[AccountId, Colleague]
    bodies: Mapping[UUID, dict[str, Any]]
    pictured: Collection[UUID]
    reactions: Mapping[UUID, Sequence[Reaction]]
    marks: Mapping[UUID, int]


async def show_posts(
    community: OpenCommunity,
    rows: Sequence[Post],
    marks: Mapping[UUID, int],
    *,
    known: Mapping[AccountId, Colleague] | None = None,
) -> list[PostView]:
    """
    Open and name *rows*; *marks* tells up to where each thread has been read.

    Whoever is *known* to the page already is not looked up again.
    """
    answered = {row.reply_to for row in rows if row.reply_to} - {row.id for row in rows}
    others = await Post.filter(id__in=list(answered), community_id=community.id) if answered else []
    everything = {row.id: row for row in [*rows, *others]}
    ids = [row.id for row in rows]
    found = defaultdict(list)
    await access.settled(community, everything.values())
    for reaction in await access.settled(community, await Reaction.filter(post_id__in=ids)):
        found[reaction.post_id].append(reaction)
    bodies = {
        row.id: community.shown("post", "body", row.id, row.rev, row.epoch, row.body)
        or {"text": gettext(DAMAGED), "mentions": []}
        for row in everything.values()
        if row.body is not None
    }
    around = _Around(
        community=community,
        names=await _names(_people(everything.values(), bodies.values()), known or {}),
        bodies=bodies,
        pictured={
            row.post_id for row in await PinImage.filter(post_id__in=ids).only("id", "post_id")
        },
        reactions=found,
        marks=marks,
    )
    return [_post(around, row, everything) for row in rows]


async def _names(
    people: Collection[AccountId], known: Mapping[AccountId, Colleague]
) -> Mapping[AccountId, Colleague]:
    others = [each for each in people if each not in known]
    return {**known, **(await colleagues(others) if others else {})}


def _people(rows: Collection[Post], bodies: Collection[dict[str, Any]]) -> set[AccountId]:
    people = {AccountId(row.author) for row in rows}
    people |= {AccountId(row.deleted_by) for row in rows if row.deleted_by is not None}
    return people | {AccountId(UUID(each)) for body in bodies for each in body["mentions"]}


def _post(around: _Around, row: Post, everything: Mapping[UUID, Post]) -> PostView:
    community, me = around.community, around.community.actor
    body = around.bodies.get(row.id, {"text": "", "mentions": []})
    called = [around.names[AccountId(UUID(each))] for each in body["mentions"]]
    read_to = max(around.marks.get(row.thread_id, 0), community.joined_seq)
    return PostView(
        id=PostId(row.id),
        thread=ThreadId(row.thread_id),
        seq=row.seq,
        rev=row.rev,
        client_id=row.client_id,
        author=around.names[AccountId(row.author)],
        mine=row.author == me,
        may_delete=row.author == me or community.role == "owner",
        unread=row.author != me and row.seq > read_to and row.deleted_at is None,
        text=body["text"],
        pieces=tuple(mentions.split(body["text"], called)),
        calls_me=any(each.id == me for each in called),
        pin=_pin(around, row, body),
        reply=_reply(around, everything.get(row.reply_to)) if row.reply_to else None,
        reactions=reactions.tallied(community, row.id, around.reactions.get(row.id, ())),
        posted_at=row.posted_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        deleted_by=around.names.get(AccountId(row.deleted_by)) if row.deleted_by else None,
    )


def _pin(around: _Around, row: Post, body: Mapping[str, Any]) -> PinShown | None:
    if "pin" not in body:
        return None
    view = body["pin"]
    return PinShown(PinLabel.of(view), UUID(view["study"]), view, row.id in around.pictured)


def _reply(around: _Around, answered: Post | None) -> ReplyShown | None:
    if answered is None:
        return None
    text = str(around.bodies.get(answered.id, {"text": ""})["text"])
    return ReplyShown(
        id=PostId(answered.id),
        author=around.names[AccountId(answered.author)].name,
        excerpt=text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…",
    )
