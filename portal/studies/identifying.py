"""All studies of an account with what identifies them, for who searches them by that."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from portal import storing, vault
from portal.core.actor import Actor, Secret
from portal.core.errors import Unknown
from portal.studies import manifests
from portal.studies.access import kept, live
from portal.studies.marks import Marks
from portal.studies.models import Study
from portal.studies.said import Said, said_of
from portal.studies.shelf import Shelf
from portal.studies.summaries import summary_of


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
    said = await said_of(shelf.remembered, actor, mine)
    lacking = {each.id for each in said if not _identifies(each)}
    read = {row.id: row for row in await kept(actor, lacking)} if lacking else {}
    known = dict[UUID, Mapping[str, Any] | None]()
    for each in said:
        if each.id in read and each.key is not None:
            known[each.id] = await _read(shelf, read[each.id], each.key)
    return await asyncio.to_thread(_identified, said, known)


def _identifies(study: Said) -> bool:
    """Whether its row says enough; older boxes do not say what identifies."""
    return study.facts is not None and "study_uid" in study.facts


def _identified(
    said: Sequence[Said], read: Mapping[UUID, Mapping[str, Any] | None]
) -> list[StudyFacts]:
    """Those that something is known of, in order; for a thread."""
    found = []
    for each in said:
        facts = each.facts if _identifies(each) else read.get(each.id)
        if facts is not None and facts["study_uid"]:
            found.append(StudyFacts(each.id, facts["study_uid"], facts))
    return sorted(found, key=_order, reverse=True)


def _order(study: StudyFacts) -> tuple[str, str, str]:
    return study.facts["date"], study.facts["time"], study.uid


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
