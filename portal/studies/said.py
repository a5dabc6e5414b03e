"""
What the rows of one's own studies say by themselves: thousands of them, some at a time.

Rows come as plain columns, since a list of thousands needs none of their other faculties; their
boxes are opened in threads, and the event loop has its turn after every `AT_ONCE` of them.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

from portal import keys, vault
from portal.core.actor import Actor, Secret
from portal.studies.access import kept
from portal.studies.labels import opened_label
from portal.studies.models import ASIDE, Segment, Study
from portal.studies.remembering import WORTH_IT, Columns, Remembered, named
from portal.studies.summaries import opened_summary

AT_ONCE: Final = 500
LIGHT: Final = ("id", "generation", "uid_mark", "label")
"""By these it is seen that nothing changed."""
WHOLE: Final = ("id", "uid_mark", "created_at", "label", "summary")


@dataclass(frozen=True, slots=True)
class Said:
    """One study of one's own."""

    id: UUID
    mark: str
    """Of its StudyInstanceUID (`Marks.study`)."""
    added: datetime
    label: str = field(repr=False)
    """What its owner calls it, or empty."""
    facts: dict[str, Any] | None = field(repr=False)
    """`summaries.summary_of`; None where only its manifest says it."""
    is_fresh: bool = False
    """Something came that is not in the row yet."""
    key: Secret | None = field(default=None, repr=False)
    """Where the facts are lacking."""


async def said_of(
    remembered: Remembered,
    actor: Actor,
    wanted: QuerySet[Study],
    damaged: set[UUID] | None = None,
) -> list[Said]:
    """
    Those of the *wanted* that are the actor's own.

    Those of which the key does not open are left out, and added to *damaged*.
    """
    mine = wanted.filter(owner=actor.id)
    # In this order: what is merged after the first look is in the rows of the second.
    fresh = await unmerged(mine)
    rows = await _rows(mine)
    if len(rows) < WORTH_IT:
        return await _opened_anew(actor, [row[0] for row in rows], damaged)
    groups = await asyncio.to_thread(named, rows)
    found, lacking = await asyncio.to_thread(_known, remembered, actor, groups, fresh)
    for name, group in lacking.items():
        unopened = set[UUID]()
        some = await _opened_anew(actor, [row[0] for row in group], unopened)
        if damaged is not None:
            damaged |= unopened
        if not unopened and all(each.facts is not None for each in some):
            plain = [[each.id.hex, each.mark, each.added.isoformat(), each.label, each.facts]
                     for each in some]  # fmt: skip
            await asyncio.to_thread(remembered.put, actor, name, plain)
        found += some
    remembered.used(actor, list(groups))
    return found


async def _rows(mine: QuerySet[Study]) -> list[Columns]:
    """The light columns of all, in the order of their ids."""
    found: list[Columns] = []
    rest = mine.order_by("id").limit(AT_ONCE)
    some: Sequence[Columns] = await rest.values_list(*LIGHT)
    while some:
        found += some
        some = await rest.filter(id__gt=some[-1][0]).values_list(*LIGHT)
    return found


def _known(
    remembered: Remembered,
    actor: Actor,
    groups: Mapping[UUID, list[Columns]],
    fresh: Collection[UUID],
) -> tuple[list[Said], dict[UUID, list[Columns]]]:
    """What is remembered, and the groups of which nothing is, or to which something came."""
    found: list[Said] = []
    lacking = {}
    for name, group in groups.items():
        plain = None
        if not any(row[0] in fresh for row in group):
            plain = remembered.get(actor, name)
        if plain is None:
            lacking[name] = group
            continue
        found += [
            Said(UUID(study), mark, datetime.fromisoformat(added), label, facts)
            for study, mark, added, label, facts in plain
        ]
    return found, lacking


async def _opened_anew(actor: Actor, ids: Sequence[UUID], damaged: set[UUID] | None) -> list[Said]:
    found: list[Said] = []
    for start in range(0, len(ids), AT_ONCE):
        some = list(ids[start : start + AT_ONCE])
        theirs = kept(actor, some)
        fresh = await unmerged(theirs)
        rows = await theirs.values_list(*WHOLE)
        opened = await keys.open_study_keys(actor, some, damaged)
        found += await asyncio.to_thread(lambda: list(_opened(rows, opened, fresh)))  # noqa: B023
    return found


async def unmerged(wanted: QuerySet[Study]) -> set[UUID]:
    """Those of the *wanted* of which the row does not yet say everything."""
    some = Segment.filter(study__in=Subquery(wanted.values("id")))
    return {study for (study,) in await some.distinct().values_list("study")}


def _opened(
    rows: Sequence[Any], opened: Mapping[UUID, Secret], fresh: Collection[UUID]
) -> Iterator[Said]:
    for study, mark, added, label, summary in rows:
        key = opened.get(study)
        if key is not None:
            is_fresh, facts = study in fresh, None
            if summary is not None and not is_fresh and not mark.startswith(ASIDE):
                with suppress(vault.Tampered):  # whoever asks the manifest looks again, and says so
                    facts = opened_summary(study, key, summary)
            called = opened_label(study, label, key)
            yield Said(study, mark, added, called, facts, is_fresh, key)
