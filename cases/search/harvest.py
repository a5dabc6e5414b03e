"""What there is to find: the words of posts, threads and cases that changed since the last look."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from cases import access
from cases.models import Case, CaseStudy, Change, Post, Thread
from cases.opened import OpenCase, OpenCommunity, opened_case
from portal.indexing import Document

DescribeStudies = Callable[[Collection[UUID]], Awaitable[list[str]]]
"""Words that the images themselves bring along: descriptions, body parts."""


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
    posts = {each.post for each in changes if each.post} - {None}
    threads = {each.thread for each in changes if each.thread and not each.post}
    touched = whole | {each.case for each in changes if each.case}
    opened = await cases_among(community, touched)
    for case_id in whole & opened.keys():
        if opened[case_id].damaged:
            found.remove.append(f"case:{case_id.hex}")
        else:
            found.put.append(await _of_case(opened[case_id], describe))
    rows = await _rows(Post, community, whole, posts)
    _take_posts(community, rows, opened, found)
    for thread in await _threads(community, whole, threads):
        _take_thread(community, thread, opened, found)
    return found


async def cases_among(community: OpenCommunity, ids: Collection[UUID]) -> dict[UUID, OpenCase]:
    """Those of *ids* that are cases of a community whose door was passed, in one query."""
    rows = await Case.filter(id__in=list(ids), community_id=community.id) if ids else []
    return {row.id: opened_case(community, row) for row in await access.settled(community, rows)}


async def _rows(
    table: type[Post], community: OpenCommunity, whole: Collection[UUID], single: Collection[UUID]
) -> list[Post]:
    of_cases = await table.filter(community_id=community.id, case_id__in=list(whole))
    known = {row.id for row in of_cases}
    alone = [each for each in single if each not in known]
    rows = [*of_cases, *await table.filter(community_id=community.id, id__in=alone)]
    return await access.settled(community, rows)


async def _threads(
    community: OpenCommunity, whole: Collection[UUID], single: Collection[UUID]
) -> list[Thread]:
    here = Thread.filter(case__community_id=community.id)
    of_cases = await here.filter(case_id__in=list(whole))
    known = {row.id for row in of_cases}
    alone = [each for each in single if each not in known]
    return await access.settled(community, [*of_cases, *await here.filter(id__in=alone)])


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


async def _of_case(case: OpenCase, describe: DescribeStudies) -> Document:
    about = await CaseStudy.filter(case_id=case.id).values_list("study", flat=True)
    described = await describe([UUID(str(each)) for each in about])
    return Document(
        id=f"case:{case.id.hex}",
        case=case.id.hex,
        text=text_of_case(case, described),
        author=case.row.author.hex,
        created=case.row.opened_at,
        modality=case.words["modality"],
        region=case.words["region"],
        kind="case",
    )


def text_of_case(case: OpenCase, described: Iterable[str] = ()) -> str:
    """A case's own words in one piece, as they are indexed and cut into snippets."""
    return "\n".join([case.words["title"], case.words["question"], *described])
