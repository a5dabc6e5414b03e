"""What an archive takes along is in the log of its owner, who took it."""

from collections.abc import Sequence

from portal import auditing, studies
from portal.auditing import Thing
from portal.core.actor import Actor


async def note_taken(actor: Actor, entries: Sequence[studies.Entry]) -> None:
    """Each examination and document of an archive; call before it is sent."""
    things = [
        (each.study.id, Thing(actor.id, "study", each.study.title))
        for each in entries
        if each.study is not None
    ]
    things += [
        (paper.id, Thing(actor.id, "document", paper.title))
        for each in entries
        for paper in each.papers
    ]
    await auditing.opened_all(actor, "downloaded", things)
