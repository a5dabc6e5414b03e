"""What there is to find: the words of posts, threads and cases that changed since the last look."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from tortoise.queryset import QuerySet

from cases import access, casework
from cases.models import Case, CaseStudy, Change, Post, Thread
from cases.opened import OpenCase, OpenCommunity, opened_case
from portal.core.actor import Secret
from portal.indexing import Document

Row = TypeVar("Row", Post, Thread)

DescribeStudies = Callable[[Mapping[UUID, Secret]], Awaitable[Mapping[UUID, str]]]
"""Words that the images of the studies with these keys bring along: description, body part."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """What to add to an index and what to forget, up to and including change `seq`."""

    seq: int
    put: list[Document] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)


async def since(community: OpenCommunity, seq: int, describe: DescribeStudies) -> Harvest:
    """Everything findable that changed after *seq*."""
    changes = await Change.filter(
        community_id=community.id, seq__gt=seq, seq__lte=community.seq
    ).order_by("seq")
    found = Harvest(community.seq)
    # A case's own words (modality, region) are on each of its documents, so they all follow.
    whole = {each.case for each in changes if each.case and each.kind == "case"}
    posts = {each.post for each in changes if each.post}
    threads = {each.thread for each in changes if each.thread and not each.post}
    opened = await cases_among(community, {each.case for each in changes if each.case})
    anew = [opened[case_id] for case_id in whole & opened.keys()]
    found.remove.extend(f"case:{each.id.hex}" for each in anew if each.damaged)
    legible = [each for each in anew if not each.damaged]
    said = await said_in(legible, describe)
    found.put.extend(_of_case(each, said[each.id]) for each in legible)
    of_posts = Post.filter(community_id=community.id)
    _take_posts(community, await _rows(community, of_posts, whole, posts), opened, found)
    of_threads = Thread.filter(case__community_id=community.id)
    for thread in await _rows(community, of_threads, whole, threads):
        _take_thread(community, thread, opened, found)
    return found


async def cases_among(community: OpenCommunity, ids: Collection[UUID]) -> dict[UUID, OpenCase]:
    """Those of *ids* that are cases of a community whose door was passed, in one query."""
    rows = await Case.filter(id__in=list(ids), community_id=community.id) if ids else []
    return {row.id: opened_case(community, row) for row in await access.settled(community, rows)}


async def said_in(
    cases: Collection[OpenCase], describe: DescribeStudies
) -> Mapping[UUID, list[str]]:
    """What the images of each case say, in the order of its studies; one look for all cases."""
    shown = CaseStudy.filter(case_id__in=[each.id for each in cases]).order_by("position")
    about: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for row in await shown if cases else []:
        about[row.case_id].append(row.study)
    opened: dict[UUID, Secret] = {}
    for community in {each.community.id: each.community for each in cases}.values():
        here = [each.id for each in cases if each.community.id == community.id]
        wanted = [study for case in here for study in about[case]]
        opened |= await casework.study_keys(community, wanted)
    words = await describe(opened) if opened else {}
    return {each.id: [words[study] for study in about[each.id] if study in words] for each in cases}


async def _rows(
    community: OpenCommunity, here: QuerySet[Row], whole: Collection[UUID], single: Collection[UUID]
) -> list[Row]:
    """Of what is *here*, all that belongs to the *whole* cases, and the *single* ones besides."""
    found: list[Row] = await here.filter(case_id__in=list(whole))
    known = {row.id for row in found}
    found += await here.filter(id__in=[each for each in single if each not in known])
    return await access.settled(community, found)


def _take_posts(
    community: OpenCommunity, rows: Iterable[Post], opened: dict[UUID, OpenCase], found: Harvest
) -> None:
    for row in rows:
        case = opened.get(row.case_id)
        if row.body is None or case is None:
            found.remove.append(f"post:{row.id.hex}")
            continue
        words = community.shown("post", "body", row.id, row.rev, row.epoch, row.body)
        if words is None:
            found.remove.append(f"post:{row.id.hex}")
            continue
        found.put.append(
            Document(
                id=f"post:{row.id.hex}",
                case=row.case_id.hex,
                text=words["text"],
                author=row.author.hex,
                created=row.posted_at,
                modality=case.words["modality"],
                region=case.words["region"],
            )
        )


def _take_thread(
    community: OpenCommunity, row: Thread, opened: dict[UUID, OpenCase], found: Harvest
) -> None:
    case = opened.get(row.case_id)
    words = community.shown("thread", "title", row.id, row.rev, row.epoch, row.title)
    title = words["title"] if words else ""
    if case is None or not title:
        return
    found.put.append(
        Document(
            id=f"thread:{row.id.hex}",
            case=row.case_id.hex,
            text=title,
            author=row.author.hex,
            created=row.started_at,
            modality=case.words["modality"],
            region=case.words["region"],
            kind="thread",
        )
    )


def _of_case(case: OpenCase, said: Iterable[str]) -> Document:
    return Document(
        id=f"case:{case.id.hex}",
        case=case.id.hex,
        text=text_of_case(case, said),
        author=case.row.author.hex,
        created=case.row.opened_at,
        modality=case.words["modality"],
        region=case.words["region"],
        kind="case",
    )


def text_of_case(case: OpenCase, said: Iterable[str] = ()) -> str:
    """A case's own words in one piece, as they are indexed and cut into snippets."""
    return "\n".join([case.words["title"], case.words["question"], *said])
