"""
What somebody wrote in the cases of their communities, for them to take away.

Their own words with what says where they stand: the case's title, the community, the thread, the
day.  What colleagues wrote stays with the community, and so do communities that they left: nobody
holds a key to those any more.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from cases import access
from cases.answers import steady
from cases.models import Case, CaseStudy, Outcome, Post, Thread
from cases.opened import DAMAGED, Document, OpenCommunity, opened_case
from cases.people import colleagues
from cases.pins import PinLabel
from cases.reading import title_of
from portal import accounts
from portal.core.actor import Actor
from portal.core.language import gettext

Kind = Literal["question", "post", "outcome"]
ORDER: Final = {"question": 0, "post": 1, "outcome": 2}
AT_ONCE: Final = 500
"""Posts that are fetched together."""


@dataclass(frozen=True, slots=True)
class OwnWords:
    """Something that the actor wrote, as it stands now."""

    kind: Kind
    at: datetime
    edited: datetime | None
    thread: str = field(repr=False)
    """Title of the thread; empty for the first one of a case."""
    text: str = field(repr=False)
    pin: PinLabel | None = None
    """The image that it talks about, in numbers."""


@dataclass(frozen=True, slots=True)
class OwnCase:
    """A case the actor wrote in, or showed an examination of theirs in."""

    id: UUID
    community: str = field(repr=False)
    title: str = field(repr=False)
    opened: datetime
    words: tuple[OwnWords, ...] = field(repr=False)
    shown: tuple[UUID, ...]
    """Examinations that the actor put in."""
    readers: tuple[str, ...] = field(repr=False)
    """Names of those who can open what was put in; empty when nothing was."""


@steady
async def written_by(actor: Actor) -> list[OwnCase]:
    """
    Every case of the actor's communities with words or examinations of theirs, the latest first.

    Nobody's confirmation, no community: an empty list.
    """
    try:
        communities = await access.my_communities(actor)
    except accounts.NotConfirmed:
        return []
    found = [each for community in communities for each in await _in(community)]
    return sorted(found, key=lambda each: (each.opened, str(each.id)), reverse=True)


async def put_in_by(actor: Actor) -> int:
    """How often the actor's examinations lie in cases, also of communities they cannot enter."""
    return await CaseStudy.filter(added_by=actor.id).count()


async def _in(community: OpenCommunity) -> list[OwnCase]:
    words = await _posts(community)
    shown = defaultdict[UUID, list[UUID]](list)
    put_in = CaseStudy.filter(case__community_id=community.id, added_by=community.actor)
    for row in await put_in.order_by("position"):
        shown[row.case_id].append(row.study)
    mine = await Case.filter(community_id=community.id, author=community.actor)
    others = {*words, *shown} - {row.id for row in mine}
    here = Case.filter(community_id=community.id, id__in=list(others))
    rows = [*mine, *(await here if others else [])]
    await access.settled(community, rows)
    outcomes = {row.case_id: row for row in await _outcomes(community)}  # type: ignore[attr-defined]
    readers = await _readers(community) if shown else ()
    return [
        _case(community, row, [*words[row.id], *_outcome(community, outcomes.get(row.id))],
              tuple(shown[row.id]), readers)
        for row in rows
    ]  # fmt: skip


def _case(
    community: OpenCommunity,
    row: Case,
    words: Sequence[OwnWords],
    shown: tuple[UUID, ...],
    readers: tuple[str, ...],
) -> OwnCase:
    case = opened_case(community, row)
    said = list(words)
    if row.author == community.actor:
        said.append(OwnWords("question", row.opened_at, None, "", str(case.words["question"])))
    said.sort(key=lambda each: (ORDER[each.kind], each.at))
    title = str(case.words["title"])
    return OwnCase(row.id, community.name, title, row.opened_at, tuple(said), shown,
                   readers if shown else ())  # fmt: skip


async def _posts(community: OpenCommunity) -> defaultdict[UUID, list[OwnWords]]:
    """By case; a deleted post says nothing any more."""
    found, after = defaultdict[UUID, list[OwnWords]](list), 0
    mine = Post.filter(community_id=community.id, author=community.actor, body__isnull=False)
    titles: dict[UUID, str] = {}
    while rows := await mine.filter(seq__gt=after).order_by("seq").limit(AT_ONCE):
        await access.settled(community, rows)
        await _name_threads(community, {row.thread_id for row in rows} - titles.keys(), titles)
        for row in rows:
            found[row.case_id].append(_post(community, row, titles))
        after = rows[-1].seq
    return found


async def _name_threads(
    community: OpenCommunity, wanted: set[UUID], titles: dict[UUID, str]
) -> None:
    here = Thread.filter(case__community_id=community.id, id__in=list(wanted))
    rows = await here if wanted else []
    for row in await access.settled(community, rows):
        titles[row.id] = title_of(community, row)


def _post(community: OpenCommunity, row: Post, titles: Mapping[UUID, str]) -> OwnWords:
    assert row.body is not None  # noqa: S101 -- those without were not asked for
    body: Document = community.shown(
        "post", "body", row.id, row.rev, row.epoch, row.body
    ) or {"text": gettext(DAMAGED)}  # fmt: skip
    pin = PinLabel.of(body["pin"]) if "pin" in body else None
    return OwnWords("post", row.posted_at, row.edited_at, titles.get(row.thread_id, ""),
                    str(body["text"]), pin)  # fmt: skip


async def _outcomes(community: OpenCommunity) -> Sequence[Outcome]:
    rows = await Outcome.filter(case__community_id=community.id, by=community.actor)
    return await access.settled(community, rows)


def _outcome(community: OpenCommunity, row: Outcome | None) -> list[OwnWords]:
    if row is None:
        return []
    said = community.shown("case_outcome", "document", row.id, row.rev, row.epoch, row.document)
    text = gettext(DAMAGED) if said is None else str(said["text"])
    return [OwnWords("outcome", row.at, None, "", text)]


async def _readers(community: OpenCommunity) -> tuple[str, ...]:
    """Colleagues by name; the actor is not told of themselves."""
    others = await access.members_of(community.id) - {community.actor}
    names = (each.name for each in (await colleagues(others)).values())
    return tuple(sorted(names, key=str.casefold))
