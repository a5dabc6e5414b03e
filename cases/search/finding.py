"""One search over everything the actor may read: exactly that, and not a count of the rest."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from cases import access
from cases.access import OpenCommunity
from cases.ids import CaseId, CommunityId
from cases.models import Post, Thread
from cases.people import Colleague, colleagues
from cases.reading import title_of
from cases.search.archive import Archive
from cases.search.harvest import DescribeStudies, text_of_case
from cases.search.index import Found
from cases.search.query import snippet, stems_of
from cases.search.reading import Wanted, read
from portal.core.actor import AccountId, Actor
from portal.core.language import gettext

PAGE: Final = 20
"""Hits on one page."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found, with the words around the match as (text, whether it matches)."""

    kind: str
    id: UUID
    case: CaseId
    case_title: str
    community: str
    status: str
    author: Colleague
    at: datetime
    pinned: bool
    words: list[tuple[str, bool]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits, how many there are in all, and how they spread."""

    hits: list[Hit]
    total: int
    page: int
    pages: int
    modalities: Mapping[str, int]
    regions: Mapping[str, int]
    communities: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Ranked:
    found: Found
    community: OpenCommunity


async def search(
    actor: Actor,
    archive: Archive,
    describe: DescribeStudies,
    text: str,
    *,
    community: CommunityId | None = None,
    page: int = 1,
) -> Results:
    """
    What the actor's communities (or the one named) know about *text*, best first.

    Raises `BadSearch` for what cannot be read and `Unknown` for a community of others.
    """
    wanted = read(text)
    asked = (
        [await access.community_for(actor, community)]
        if community
        else await access.my_communities(actor)
    )
    if wanted.is_empty:
        return Results([], 0, 1, 0, {}, {}, {})
    answers = [(each, await archive.ask(each, wanted, describe)) for each in asked]
    ranked = [_Ranked(found, each) for each, answer in answers for found in answer.best]
    ranked.sort(key=lambda one: (one.found.score, one.found.created), reverse=True)
    pages = max(1, -(-len(ranked) // PAGE))
    page = min(max(1, page), pages)
    shown = ranked[(page - 1) * PAGE : page * PAGE]
    return Results(
        hits=await _hits(shown, wanted),
        total=sum(answer.total for _, answer in answers),
        page=page,
        pages=pages,
        modalities=_sum(answer.facets["modality"] for _, answer in answers),
        regions=_sum(answer.facets["region"] for _, answer in answers),
        communities={each.name: answer.total for each, answer in answers if answer.total},
    )


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total.most_common())


async def _hits(ranked: list[_Ranked], wanted: Wanted) -> list[Hit]:
    """The words of each hit, fetched now: what was deleted a moment ago is left out."""
    stems = stems_of(wanted)
    found: list[Hit] = []
    authors: list[AccountId] = []
    for one in ranked:
        kind, hex_id = one.found.id.split(":")
        opened = await _opened(one.community, kind, UUID(hex=hex_id))
        if opened is None:
            continue
        case_id, text, author, at, pinned = opened
        case = await access.case_in(one.community, CaseId(case_id))
        authors.append(AccountId(author))
        found.append(
            Hit(
                kind=kind,
                id=UUID(hex=hex_id),
                case=case.id,
                case_title=case.words["title"],
                community=one.community.name,
                status=case.row.status,
                author=Colleague(AccountId(author), ""),
                at=at,
                pinned=pinned,
                words=snippet(text, stems),
            )
        )
    names = await colleagues(authors)
    return [replace(hit, author=names[hit.author.id]) for hit in found]


async def _opened(
    community: OpenCommunity, kind: str, row_id: UUID
) -> tuple[UUID, str, UUID, datetime, bool] | None:
    """Case, text, author, moment and whether it has a pin; None when it is gone."""
    if kind == "post":
        post = await Post.get_or_none(id=row_id, community_id=community.id)
        if post is None or post.body is None:
            return None
        words = community.shown("post", "body", post.id, post.rev, post.epoch, post.body)
        words = words or {"text": gettext(access.DAMAGED)}
        return post.case_id, words["text"], post.author, post.posted_at, bool(words.get("pin"))
    if kind == "thread":
        thread = await Thread.get_or_none(id=row_id, case__community_id=community.id)
        if thread is None:
            return None
        title = title_of(community, thread)
        return thread.case_id, title, thread.author, thread.started_at, False
    case = await access.case_in(community, CaseId(row_id))
    return case.row.id, text_of_case(case), case.row.author, case.row.opened_at, False
