"""All studies of an account with what identifies them, for who searches them by that."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.errors import Unknown
from portal.studies import manifests
from portal.studies.access import live
from portal.studies.marks import Marks
from portal.studies.models import ASIDE, Segment, Study
from portal.studies.shelf import Shelf
from portal.studies.summaries import opened_summary, summary_of

AT_ONCE: Final = 500
"""Studies whose rows are read, and opened beside the loop, in one go."""


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """One study of one's own."""

    id: UUID
    uid: str = field(repr=False)
    """StudyInstanceUID."""
    facts: Mapping[str, Any] = field(repr=False)
    """`summaries.summary_of`."""


async def facts_of_mine(
    shelf: Shelf, actor: Actor, uids: Collection[str] | None = None
) -> list[StudyFacts]:
    """
    The actor's studies, those with *uids* alone if they are given; the latest examination first.

    What does not open is left out: nothing of it is known by which it could be found.
    """
    mine = live().filter(owner=actor.id)
    if uids is not None:
        marks = await Marks.of(actor)
        mine = mine.filter(uid_mark__in=[marks.study(uid) for uid in uids])
    rows = await mine.only("id").order_by("id")
    found: list[StudyFacts] = []
    for start in range(0, len(rows), AT_ONCE):
        found += await _some(shelf, actor, [row.id for row in rows[start : start + AT_ONCE]])
    return sorted(found, key=_order, reverse=True)


def _order(study: StudyFacts) -> tuple[str, str, str]:
    return study.facts["date"], study.facts["time"], study.uid


async def _some(shelf: Shelf, actor: Actor, ids: Sequence[UUID]) -> list[StudyFacts]:
    # In this order: what is merged after the first look is in the rows of the second.
    fresh = {row.study for row in await Segment.filter(study__in=list(ids)).only("study")}
    rows = await live().filter(owner=actor.id, id__in=list(ids))
    opened = await keys.open_study_keys(actor, ids)
    known = await asyncio.to_thread(_opened, rows, opened, fresh)
    lacking = [row for row in rows if row.id not in known and row.id in opened]
    for row in lacking:
        facts = await _read(shelf, row, opened[row.id])
        if facts is not None:
            known[row.id] = facts
    return [
        StudyFacts(study, facts["study_uid"], facts)
        for study, facts in known.items()
        if facts["study_uid"]
    ]


def _opened(
    rows: Sequence[Study], opened: Mapping[UUID, Secret], fresh: Collection[UUID]
) -> dict[UUID, Mapping[str, Any]]:
    """What the rows' own boxes say, for a thread; older boxes do not say what identifies."""
    found = dict[UUID, Mapping[str, Any]]()
    for row in rows:
        settled = row.id in opened and row.id not in fresh and not row.uid_mark.startswith(ASIDE)
        if not settled or row.summary is None:
            continue
        try:
            facts = opened_summary(row.id, opened[row.id], row.summary)
        except vault.Tampered:
            continue  # the manifest says the same, and is another box
        if "study_uid" in facts:
            found[row.id] = facts
    return found


async def _read(shelf: Shelf, row: Study, key: Secret) -> Mapping[str, Any] | None:
    """The same from the manifest; None for what is gone, empty, or does not open."""
    try:
        manifest, _ = await manifests.load(shelf.boxes, row, key)
    except Unknown:
        return None
    except (vault.Tampered, storing.Damaged):
        vault.report("study does not open: row", row.id)
        return None
    return await asyncio.to_thread(summary_of, manifest) if manifest else None
