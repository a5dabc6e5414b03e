"""Words of findings and reports inside studies that came before words were kept."""

from collections.abc import Iterable
from typing import Final

from portal import keys
from portal.core.actor import Actor
from portal.studies.access import live
from portal.studies.listing import Entry
from portal.studies.shelf import Shelf
from portal.studies.summaries import READ, StudySummary

BATCH: Final = 50
"""Studies that are looked at when a page asks: new ones wait for their frames in the same queue."""


async def look_for(shelf: Shelf, actor: Actor, entries: Iterable[Entry]) -> None:
    """
    Have the words inside some of the actor's studies read soon, if nobody did yet.

    A process asks once for each; what it has not done when it ends, the next one asks for.
    """
    read = [each.study.id for each in entries if each.study and _is_read(each.study)]
    new = [study for study in read if study not in shelf.worded][:BATCH]
    if not new:
        return
    mine = live().filter(owner=actor.id, id__in=new, words__isnull=True)
    lacking = [row.id for row in await mine.only("id")]
    for study, key in (await keys.open_study_keys(actor, lacking, set())).items():
        shelf.preparing.add(study, key)
    for each in new:
        shelf.worded.put(each, None)


def _is_read(study: StudySummary) -> bool:
    """Whether there may be something to read in it; summaries of older versions do not count it."""
    counted = study.documents or not READ.isdisjoint(study.modalities)
    return study.prepared and not study.damaged and bool(counted)
