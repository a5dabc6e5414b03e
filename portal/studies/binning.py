"""
The bin: what somebody deleted lies in it for 30 days, and can be taken out again.

Meanwhile nobody opens it: it is in no list and no search, and the cases it was put before show it
as withdrawn until it comes out again.  It takes its space, so it counts.  Then it goes as whatever
is deleted at once.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import documents, keys, records, storing
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.core.language import gettext as _
from portal.owing import owe
from portal.studies.access import binned, live
from portal.studies.events import StudyBinned
from portal.studies.listing import delete, summaries_of
from portal.studies.seeing import done
from portal.studies.shelf import Shelf
from portal.studies.summaries import StudySummary


@dataclass(frozen=True, slots=True)
class Thrown:
    """One line of the bin: an examination, a document or a record."""

    thing: StudySummary | documents.DocumentSummary | records.RecordSummary
    thrown_at: datetime

    @property
    def is_study(self) -> bool:
        """Whether it is an examination."""
        return isinstance(self.thing, StudySummary)

    @property
    def base(self) -> str:
        """Where its verbs are."""
        if isinstance(self.thing, records.RecordSummary):
            return f"/records/{self.thing.id}"
        return f"/{'documents' if self.is_study else 'd'}/{self.thing.id}"

    @property
    def title(self) -> str:
        """Its name."""
        return self.thing.title or _("Examination")

    @property
    def days_left(self) -> int:
        """Days in which it can still be taken out, the one that has begun counted."""
        return storing.days_left(self.thrown_at, now())

    @property
    def gone_at(self) -> datetime:
        """The minute in which it goes for good."""
        return self.thrown_at + storing.KEPT


async def throw(actor: Actor, study_id: UUID) -> None:
    """Put a study of one's own into the bin: from here on nobody sees it.  Raises `Unknown`."""
    async with transaction():
        await keys.hold(actor)
        if not await live().filter(id=study_id, owner=actor.id).update(binned_at=now()):
            raise Unknown
        await done(actor, study_id, "binned")
        await owe(StudyBinned(study_id, actor.id))


async def take_out(actor: Actor, study_id: UUID) -> None:
    """Take a study of one's own out of the bin while its time lasts.  Raises `Unknown`."""
    async with transaction():
        await keys.hold(actor)
        if not await binned().filter(id=study_id, owner=actor.id).update(binned_at=None):
            raise Unknown
        await done(actor, study_id, "restored")
        await owe(StudyBinned(study_id, actor.id))


async def in_bin(shelf: Shelf, actor: Actor, only: UUID | None = None) -> list[Thrown]:
    """What the actor has in the bin, what goes last first; or *only* one thing of it."""
    mine = binned().filter(owner=actor.id)
    mine = mine if only is None else mine.filter(id=only)
    since = {row.id: row.binned_at for row in await mine.only("id", "binned_at") if row.binned_at}
    found = await summaries_of(shelf, actor, mine, name="" if only else "bin")
    studies = [each for each in found if each.id in since]
    papers = await documents.in_bin(actor, only)
    thrown = [Thrown(each, since[each.id]) for each in studies]
    thrown += [Thrown(paper, thrown_at) for paper, thrown_at in papers]
    thrown += [Thrown(each, thrown_at) for each, thrown_at in await records.in_bin(actor, only)]
    return sorted(thrown, key=lambda each: each.thrown_at, reverse=True)


async def empty(shelf: Shelf, actor: Actor) -> None:
    """Delete for good whatever the actor has in the bin, one thing after another."""
    for each in await in_bin(shelf, actor):
        match each.thing:
            case StudySummary():
                await delete(actor, each.thing.id)
            case records.RecordSummary():
                await records.delete(actor, each.thing.id)
            case _:
                await documents.delete(actor, each.thing.id)
