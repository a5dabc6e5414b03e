"""One search over everything the actor may read: exactly that, and not a count of the rest."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from cases import access
from cases.ids import CaseId, CommunityId
from cases.models import Post, Thread
from cases.opened import DAMAGED, OpenCase, OpenCommunity
from cases.people import Colleague, colleagues
from cases.reading import title_of
from cases.search.archive import Archive
from cases.search.harvest import DescribeStudies, cases_among, said_in, text_of_case
from cases.search.reading import read
from portal.core.actor import AccountId, Actor
from portal.core.language import gettext
from portal.indexing import MOST_HITS, Found, Wanted, snippet, stems_of

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
    examinations: list[list[tuple[str, bool]]] = field(default_factory=list, repr=False)
    """What the images of a case say, where that and not its own words was looked for."""

    @property
    def matches(self) -> bool:
        """Something that was asked for stands in its own words."""
        return any(match for _, match in self.words)


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits, how many there are in all, and how they spread."""

    hits: list[Hit]
    total: int
    shown: int
    """The best of them, which the pages hold: all, or `MOST_HITS`."""
    page: int
    pages: int
    modalities: Mapping[str, int]
    regions: Mapping[str, int]
    communities: Mapping[CommunityId, tuple[str, int]]
    """The name of each and its hits: two may have the same name."""


NOTHING: Final = Results([], 0, 0, 1, 1, {}, {}, {})


@dataclass(frozen=True, slots=True)
class _Row:
    """What the row of a hit says now."""

    case: UUID
    author: AccountId
    at: datetime
    text: str = field(repr=False)
    pinned: bool = False


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
        return NOTHING
    answers = [(each, await archive.ask(each, wanted, describe)) for each in asked]
    ranked = [_Ranked(found, each) for each, answer in answers for found in answer.best]
    ranked.sort(key=lambda one: (one.found.score, one.found.created), reverse=True)
    # Each community names its best, so these are the best of all.
    ranked = ranked[:MOST_HITS]
    pages = max(1, -(-len(ranked) // PAGE))
    page = min(max(1, page), pages)
    return Results(
        hits=await _hits(ranked[(page - 1) * PAGE : page * PAGE], wanted, describe),
        total=sum(answer.total for _, answer in answers),
        shown=len(ranked),
        page=page,
        pages=pages,
        modalities=_sum(answer.facets["modality"] for _, answer in answers),
        regions=_sum(answer.facets["region"] for _, answer in answers),
        communities={each.id: (each.name, found.total) for each, found in answers if found.total},
    )


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total.most_common())


async def _hits(ranked: list[_Ranked], wanted: Wanted, describe: DescribeStudies) -> list[Hit]:
    """The words of each hit, fetched now: what was deleted a moment ago is left out."""
    stems = stems_of(wanted)
    rows: dict[tuple[str, UUID], _Row] = {}
    cases: dict[UUID, OpenCase] = {}
    for community in {one.community.id: one.community for one in ranked}.values():
        keys = [one.found.key for one in ranked if one.community is community]
        fresh = await _rows_of(community, keys)
        rows |= fresh
        about = {row.case for row in fresh.values()} | {key for kind, key in keys if kind == "case"}
        cases |= await cases_among(community, about)
    rows |= {("case", each.row.id): _row_of_case(each) for each in cases.values()}
    shown = [
        (one, rows[one.found.key])
        for one in ranked
        if one.found.key in rows and rows[one.found.key].case in cases
    ]
    names = await colleagues([row.author for _, row in shown])
    hits = [_hit(one, row, cases[row.case], names[row.author], stems) for one, row in shown]
    mute = [cases[hit.case] for hit in hits if stems and hit.kind == "case" and not hit.matches]
    said = await said_in(mute, describe)
    # Beside the event loop: there may be pages of findings in them.
    return await asyncio.to_thread(
        lambda: [
            _with_examinations(hit, said[hit.case], stems)
            if hit.kind == "case" and hit.case in said
            else hit
            for hit in hits
        ]
    )


def _with_examinations(hit: Hit, said: Iterable[str], stems: Collection[str]) -> Hit:
    """A case whose own words hold nothing that was asked for shows which examination does."""
    shown = [snippet(each, stems) for each in said]
    return replace(hit, examinations=[each for each in shown if any(match for _, match in each)])


def _hit(one: _Ranked, row: _Row, case: OpenCase, author: Colleague, stems: Collection[str]) -> Hit:
    kind, key = one.found.key
    return Hit(
        kind=kind,
        id=key,
        case=case.id,
        case_title=case.words["title"],
        community=one.community.name,
        status=case.row.status,
        author=author,
        at=row.at,
        pinned=row.pinned,
        words=snippet(row.text, stems),
    )


async def _rows_of(
    community: OpenCommunity, keys: Collection[tuple[str, UUID]]
) -> dict[tuple[str, UUID], _Row]:
    """What the posts and threads among *keys* say that are still there, in two queries."""
    found: dict[tuple[str, UUID], _Row] = {}
    posts = [key for kind, key in keys if kind == "post"]
    wrote = await Post.filter(id__in=posts, community_id=community.id) if posts else []
    for post in await access.settled(community, wrote):
        if post.body is not None:
            words = community.shown("post", "body", post.id, post.rev, post.epoch, post.body)
            words = words or {"text": gettext(DAMAGED)}
            found["post", post.id] = _Row(
                post.case_id, AccountId(post.author), post.posted_at, words["text"],
                pinned=bool(words.get("pin")),
            )  # fmt: skip
    threads = [key for kind, key in keys if kind == "thread"]
    here = Thread.filter(id__in=threads, case__community_id=community.id)
    for thread in await access.settled(community, await here if threads else []):
        found["thread", thread.id] = _Row(
            thread.case_id, AccountId(thread.author), thread.started_at,
            title_of(community, thread),
        )  # fmt: skip
    return found


def _row_of_case(case: OpenCase) -> _Row:
    row = case.row
    return _Row(row.id, AccountId(row.author), row.opened_at, text_of_case(case))
