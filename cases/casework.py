"""Cases: open one about one's own studies, edit, close, reopen, list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from cases import access, telling, unread
from cases.errors import CaseClosed, NoStudy, NotYours, Outdated
from cases.forms import CaseWords, Closing, NewCase
from cases.ids import CaseId
from cases.models import Case, CaseStudy, Closure, Thread
from cases.opened import Document, OpenCase, OpenCommunity
from cases.people import Colleague, colleagues
from cases.vocabulary import PRESSING
from cases.writing import Writing, writing
from portal import keys, studies
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import now
from portal.core.errors import Unknown


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A case in a list."""

    id: CaseId
    title: str
    modality: str
    region: str
    age_band: str
    status: str
    urgency: str
    answer_by: datetime | None
    overdue: bool
    """Still open although an answer was wanted by now."""
    author: Colleague
    opened_at: datetime
    changed_at: datetime
    studies: int
    posts: int
    unread: int
    fresh: bool
    """The reader has not opened it yet."""
    mentioned: bool
    """Somebody called the reader by name in a post that is still unread."""


async def open_case(actor: Actor, new: NewCase) -> CaseId:
    """
    Put a question to a community, over one or more of the actor's own studies.

    The studies' keys are sealed to the community.  The same client id again gives the first case.
    """
    community = await access.community_for(actor, new.community)
    study_keys = await _own_keys(actor, new.studies)
    async with writing(actor, community) as write:
        known = await Case.get_or_none(author=actor.id, client_id=new.client_id)
        if known is not None:
            await write.nothing()
            return CaseId(known.id)
        case_id = await _create(actor, write, new)
        for position, (study, key) in enumerate(study_keys.items()):
            await keys.seal_study_key(study, key, ("community", write.community.id))
            await CaseStudy.create(
                id=uuid4(), case_id=case_id, study=study, added_by=actor.id, position=position
            )
            await studies.done(actor, study, "shared", key, write.community.name)
        await write.changed("case", case=case_id)
        await telling.case_opened(write, case_id, urgency=new.words.urgency)
    return case_id


async def _own_keys(actor: Actor, wanted: tuple[UUID, ...]) -> dict[UUID, Secret]:
    """The keys of the actor's own studies; somebody else's and none at all are the same."""
    found = {}
    for study in wanted:
        try:
            found[study] = await studies.own_key(actor, study)
        except Unknown:
            raise NoStudy from None
    return found


async def _create(actor: Actor, write: Writing, new: NewCase) -> CaseId:
    """The case's row and its first thread, which has no title of its own."""
    community, case_id, thread_id = write.community, CaseId(uuid4()), uuid4()
    await Case.create(
        id=case_id,
        community_id=community.id,
        author=actor.id,
        client_id=new.client_id,
        status="open",
        epoch=community.epoch,
        document=community.box("discussion_case", "document", case_id, 1, _document(new.words)),
        opened_at=write.at,
        changed_at=write.at,
    )
    await Thread.create(
        id=thread_id,
        case_id=case_id,
        author=actor.id,
        client_id=uuid4(),
        epoch=community.epoch,
        title=community.box("thread", "title", thread_id, 1, {"title": ""}),
        started_at=write.at,
    )
    return case_id


async def edit(actor: Actor, case_id: CaseId, words: CaseWords, rev: int) -> None:
    """Change what the case says.  Its author only; raises `Outdated` when *rev* is not the last."""
    case = await access.case_for(actor, case_id)
    if case.row.author != actor.id:
        raise NotYours
    async with writing(actor, case.community) as write:
        current = await access.case_in(write.community, case_id)
        if current.row.status != "open":
            raise CaseClosed
        if current.row.rev != rev:
            raise Outdated
        document = write.community.box(
            "discussion_case", "document", case_id, rev + 1, _document(words)
        )
        await access.case_row(case_id).update(
            document=document, epoch=write.community.epoch, rev=rev + 1
        )
        await write.changed("case", case=case_id)


async def close(actor: Actor, case_id: CaseId, closing: Closing | None = None) -> None:
    """
    End the discussion; it stays readable and searchable.  Its author or an owner.

    With a day in *closing* the author is asked for the outcome from then on.
    """
    case = await ending(actor, case_id)
    async with writing(actor, case.community) as write:
        current = await access.case_in(write.community, case_id)
        if current.row.status == "closed":
            await write.nothing()
            return
        await access.case_row(case_id).update(status="closed")
        ask_on = closing.ask_on if closing else None
        await Closure.create(id=uuid4(), case_id=case_id, by=actor.id, at=write.at, ask_on=ask_on)
        await write.changed("closure", case=case_id)
        await telling.ended(write, case_id)


async def reopen(actor: Actor, case_id: CaseId) -> None:
    """Go on with a closed case.  Its author or an owner."""
    case = await ending(actor, case_id)
    async with writing(actor, case.community) as write:
        current = await access.case_in(write.community, case_id)
        if current.row.status == "open":
            await write.nothing()
            return
        await access.case_row(case_id).update(status="open")
        await Closure.filter(case_id=case_id).delete()
        await write.changed("closure", case=case_id)
        await telling.ended(write, case_id)


async def overview(community: OpenCommunity) -> list[CaseCard]:
    """
    The community's cases with what the reader has not read, in the order in which they want
    attention: open ones before closed ones, pressing ones first, then the last changed.
    """
    found = await access.cases_of(community)
    counts = await unread.by_case(community)
    names = await colleagues([AccountId(each.row.author) for each in found])
    about = await _studies_by_case(community)
    return [
        CaseCard(
            id=each.id,
            title=each.words["title"],
            modality=each.words["modality"],
            region=each.words["region"],
            age_band=each.words["age_band"],
            status=each.row.status,
            urgency=each.words["urgency"],
            answer_by=answer_by(each.words),
            overdue=is_overdue(each),
            author=names[AccountId(each.row.author)],
            opened_at=each.row.opened_at,
            changed_at=each.row.changed_at,
            studies=about[each.row.id],
            posts=counts.posts[each.row.id],
            unread=counts.unread[each.row.id],
            fresh=each.row.id in counts.fresh,
            mentioned=each.row.id in counts.mentioned,
        )
        for each in sorted(found, key=_attention)  # keeps the last changed first
    ]


def _attention(case: OpenCase) -> tuple[bool, bool]:
    closed = case.row.status == "closed"
    return closed, closed or case.words["urgency"] not in PRESSING


def answer_by(words: Document) -> datetime | None:
    """Until when the author of a case hopes for an answer."""
    wanted = words["answer_by"]
    return datetime.fromisoformat(wanted) if wanted else None


def is_overdue(case: OpenCase) -> bool:
    """Whether the case is open after its answer-by, by the server's clock."""
    wanted = answer_by(case.words)
    return case.row.status == "open" and wanted is not None and wanted < now()


async def _studies_by_case(community: OpenCommunity) -> Counter[UUID]:
    rows = await CaseStudy.filter(case__community_id=community.id).only("id", "case_id")
    return Counter(row.case_id for row in rows)


async def study_key(actor: Actor, study_id: UUID) -> tuple[Secret, str] | None:
    """
    The key of a study that somebody put before a community of the actor's, and what that community
    is called; None without one.
    """
    for community in await access.communities_with(actor, study_id):
        found = await keys.unseal_study_key(study_id, ("community", community.id), community.roots)
        if found is not None:
            return found, community.name
    return None


async def study_keys(community: OpenCommunity, wanted: Sequence[UUID]) -> dict[UUID, Secret]:
    """The keys of studies in the community's cases, in one query; a withdrawn one has none."""
    return await keys.unseal_study_keys(wanted, ("community", community.id), community.roots)


async def ending(actor: Actor, case_id: CaseId) -> OpenCase:
    """The case, for whoever may close and reopen it: its author or an owner; else `NotYours`."""
    case = await access.case_for(actor, case_id)
    if actor.id != case.row.author and case.community.role != "owner":
        raise NotYours
    return case


def _document(words: CaseWords) -> Document:
    return {
        "title": words.title,
        "question": words.question,
        "modality": words.modality,
        "region": words.region,
        "age_band": words.age_band,
        "urgency": words.urgency,
        "answer_by": words.answer_by.isoformat() if words.answer_by else None,
    }
