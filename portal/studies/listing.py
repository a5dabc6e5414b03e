"""My documents: the studies of an account, and deleting one."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from tortoise.queryset import QuerySet

from portal import documents, keys, records, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import transaction
from portal.core.errors import Unknown
from portal.studies import manifests
from portal.studies.access import kept, kept_study_for, live
from portal.studies.expiring import forget_study
from portal.studies.models import ASIDE, Study
from portal.studies.opening import OpenStudy
from portal.studies.said import LIVE, Said, said_of, unmerged
from portal.studies.seeing import done
from portal.studies.shelf import Shelf
from portal.studies.summaries import (
    StudySummary,
    as_summary,
    damaged_summary,
    opened_summary,
    summary_of,
)


async def my_studies(shelf: Shelf, actor: Actor) -> list[StudySummary]:
    """The actor's own studies, the latest examination first."""
    return await summaries_of(shelf, actor, live(), name=LIVE)


LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of My documents: an examination with its findings, a document by itself, or a record
    that was written here.
    """

    study: StudySummary | None
    papers: tuple[documents.DocumentSummary, ...]
    record: records.RecordSummary | None = None

    @property
    def order(self) -> tuple[str, str]:
        """Later examinations and documents come first."""
        if self.study is not None:
            return self.study.date, self.study.time
        return self.record.day if self.record else self.papers[0].day, ""

    @property
    def name(self) -> str:
        """As the list calls it."""
        if self.study is not None:
            return self.study.title
        return self.record.title if self.record else self.papers[0].title

    @property
    def year(self) -> str:
        """Of the examination or the document; empty when the images do not say."""
        return self.order[0][:4]

    @property
    def added(self) -> datetime:
        """When the latest of it came; of what does not open nobody knows."""
        came = [each.added for each in self.papers]
        came += [self.record.changed] if self.record else []
        if self.study is not None and self.study.added is not None:
            came.append(self.study.added)
        return max(came, default=LONG_AGO)

    @property
    def size(self) -> int:
        """Bytes it takes in the account."""
        images = 0 if self.study is None else self.study.size
        written = self.record.size if self.record else 0
        return images + written + sum(each.size for each in self.papers)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything an account keeps, and the space it takes, seen at the same moment."""

    entries: list[Entry]
    space: storing.Space
    packing: bool
    """Something is still being packed: until then it takes more space than afterwards."""


async def overview(shelf: Shelf, actor: Actor) -> Overview:
    """What My documents shows: the sizes of the entries and what is used fit together."""
    allowed = (await storing.space(actor.id, shelf.free_quota)).allowed
    sizes = await storing.shares_of(actor.id)
    space = storing.Space(sum(sizes.values()), allowed)
    # In this order: what is merged after the first look is prepared in the second.
    fresh = await unmerged(kept(actor))
    written = [Entry(None, (), each) for each in await records.mine(actor, sizes)]
    entries = [*await my_documents(shelf, actor, sizes), *written]
    return await asyncio.to_thread(_seen, entries, space, is_packing=bool(fresh))


def _seen(entries: list[Entry], space: storing.Space, *, is_packing: bool) -> Overview:
    """All of it in order, for a thread."""
    packing = is_packing or not all(each.study.prepared for each in entries if each.study)
    return Overview(_latest_first(entries), space, packing)


def _latest_first(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda each: each.order, reverse=True)


async def my_documents(
    shelf: Shelf, actor: Actor, sizes: Mapping[UUID, int] | None = None
) -> list[Entry]:
    """Everything the actor keeps, the latest first; *sizes* in bytes when somebody knows them."""
    damaged: set[UUID] = set()
    said = await said_of(shelf.remembered, actor, live(), damaged, name=LIVE)
    studies = await _summed_up(shelf, actor, said, damaged, sizes)
    papers = await documents.mine(actor, sizes)
    marks = {each.id: each.mark for each in said}
    return await asyncio.to_thread(_together, studies, papers, marks)


def _together(
    studies: Sequence[StudySummary],
    papers: Sequence[documents.DocumentSummary],
    marks: Mapping[UUID, str],
) -> list[Entry]:
    """Findings stand with their examination, if that is listed; for a thread."""
    listed = {marks[study.id] for study in studies if study.id in marks}
    beside: dict[str, list[documents.DocumentSummary]] = {}
    alone: list[Entry] = []
    for paper in papers:
        if paper.study_mark in listed:
            beside.setdefault(paper.study_mark, []).append(paper)
        else:
            alone.append(Entry(None, (paper,)))
    entries = [Entry(each, tuple(beside.get(marks.get(each.id, ""), ()))) for each in studies]
    return _latest_first(entries + alone)


async def some_of_mine(shelf: Shelf, actor: Actor, wanted: Collection[UUID]) -> list[StudySummary]:
    """Those of *wanted* that are the actor's own and still there."""
    if not wanted:
        return []
    return await summaries_of(shelf, actor, live().filter(id__in=list(wanted)))


async def summaries_of(
    shelf: Shelf, actor: Actor, wanted: QuerySet[Study], *, name: str = ""
) -> list[StudySummary]:
    """
    Those of the *wanted* that are the actor's own, as lists show them, the latest examination
    first; also what does not open any more: its owner sees that it is there, and can delete it.

    What may be long and is wanted often has a *name* (`said.seen_of`).
    """
    damaged: set[UUID] = set()
    said = await said_of(shelf.remembered, actor, wanted, damaged, name=name)
    return await _summed_up(shelf, actor, said, damaged, None)


async def _summed_up(
    shelf: Shelf,
    actor: Actor,
    said: Sequence[Said],
    damaged: set[UUID],
    sizes: Mapping[UUID, int] | None,
) -> list[StudySummary]:
    if sizes is None:
        sizes = await storing.sizes_of([each.id for each in said] + list(damaged))
    lacking = [each.id for each in said if each.facts is None]
    rows = {row.id: row for row in await kept(actor, lacking)} if lacking else {}
    read = dict[UUID, dict[str, Any] | None]()
    for each in said:
        if each.id in rows and each.key is not None:
            try:
                read[each.id] = await _facts(shelf, rows[each.id], each.key, fresh=each.is_fresh)
            except (vault.Tampered, storing.Damaged):
                vault.report("study does not open: row", each.id)
                damaged.add(each.id)
    found = await asyncio.to_thread(_as_owned, said, read, sizes)
    return found + [damaged_summary(each, sizes.get(each, 0)) for each in sorted(damaged)]


def _as_owned(
    said: Sequence[Said], read: Mapping[UUID, dict[str, Any] | None], sizes: Mapping[UUID, int]
) -> list[StudySummary]:
    """With what only their owner sees, the name they gave it and when it came; for a thread."""
    found = []
    for each in said:
        facts = read.get(each.id) if each.facts is None else each.facts
        if facts is not None:
            size = sizes.get(each.id, 0)
            found.append(as_summary(each.id, facts, size, each.label, each.added))
    return _latest(found)


def _latest(found: list[StudySummary]) -> list[StudySummary]:
    return sorted(found, key=lambda each: (each.date, each.time, str(each.id)), reverse=True)


async def summaries_with(shelf: Shelf, opened: Mapping[UUID, Secret]) -> list[StudySummary]:
    """The studies whose keys another room holds for somebody, without deleted and binned ones."""
    return [summary for summary, _ in await listed_with(shelf, opened)]


async def listed_with(
    shelf: Shelf, opened: Mapping[UUID, Secret]
) -> list[tuple[StudySummary, OpenStudy]]:
    """The same, each with the opened study: the page that lists them need not look again."""
    # In this order: what is merged after the first look is in the rows of the second.
    fresh = await unmerged(live().filter(id__in=list(opened)))
    rows = {row.id: row for row in await live().filter(id__in=list(opened))}
    found = await _summarised(shelf, list(rows.values()), opened, fresh)
    return [
        (each, OpenStudy(each.id, opened[each.id], rows[each.id], shelf, each.id not in fresh))
        for each in found
    ]


async def unopened(ids: Collection[UUID]) -> dict[UUID, StudySummary]:
    """Of studies to which nobody could open the key: those still there for all are damaged."""
    rows = await live().filter(id__in=list(ids)).only("id") if ids else []
    return {row.id: damaged_summary(row.id, 0) for row in rows}


async def _summarised(
    shelf: Shelf, rows: Sequence[Study], opened: Mapping[UUID, Secret], fresh: Collection[UUID]
) -> list[StudySummary]:
    """What somebody may see of the studies of others."""
    sizes = await storing.sizes_of([row.id for row in rows])
    known = await asyncio.to_thread(_said, [row for row in rows if row.id not in fresh], opened)
    found = []
    for row in rows:
        key, size, facts = opened.get(row.id), sizes.get(row.id, 0), known.get(row.id)
        try:
            if key is not None and facts is None:
                facts = await _facts(shelf, row, key, fresh=row.id in fresh)
        except (vault.Tampered, storing.Damaged):
            vault.report("study does not open: row", row.id)
            found.append(damaged_summary(row.id, size))
            continue
        if facts is not None:
            found.append(as_summary(row.id, facts, size))
    return _latest(found)


def _said(rows: Sequence[Study], opened: Mapping[UUID, Secret]) -> dict[UUID, dict[str, Any]]:
    """What settled rows say by themselves, all at once and off the event loop: they are many."""
    found = {}
    for row in rows:
        key = opened.get(row.id)
        if key is not None and row.summary is not None and not row.uid_mark.startswith(ASIDE):
            with suppress(vault.Tampered):  # `_facts` looks again, and says so
                found[row.id] = opened_summary(row.id, key, row.summary)
    return found


async def _facts(shelf: Shelf, row: Study, key: Secret, *, fresh: bool) -> dict[str, Any] | None:
    """What lists show, or None for a study that is gone or never got an image."""
    if row.summary is not None and not fresh and not row.uid_mark.startswith(ASIDE):
        try:
            return opened_summary(row.id, key, row.summary)
        except vault.Tampered:
            if row.manifest is None:
                raise
            # The manifest says the same, and is another box.
            vault.report("study does not open: row", row.id)
    try:
        manifest, _ = await manifests.load(shelf.boxes, row, key)
    except Unknown:
        return None
    return summary_of(manifest) if manifest else None


async def delete(actor: Actor, study_id: UUID) -> None:
    """
    Delete a study of one's own, in the bin or not: its keys go now, so nobody reads it from here
    on; its objects free the account's space at once and are removed by the sweeper.
    """
    study = await kept_study_for(actor, study_id)
    async with transaction():
        await keys.hold(actor)
        await done(actor, study.id, "deleted")
        await forget_study(study.id, actor.id)
