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
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

from portal import keys, vault
from portal.core.actor import Actor, Secret
from portal.studies.access import kept
from portal.studies.labels import opened_label
from portal.studies.models import ASIDE, Segment, Study
from portal.studies.remembering import Columns, Remembered, state_of
from portal.studies.summaries import opened_summary, summary_of

LIVE: Final = "live"
"""The name of everything that is not in the bin."""
WORTH_IT: Final = 500
"""Studies in one list below which every one is opened anew."""
MOST_ANEW: Final = 64
"""Studies of a remembered list that changed since: for one more, the list is remembered anew."""
AT_ONCE: Final = 500
IN_ROW: Final = 2000
"""The same of rows of which nothing is opened."""
IN_SIGHT: Final = ("id", "generation", "uid_mark", "label")
"""By these it is seen that nothing changed."""
ID: Final = 36
"""Characters of an id, which begins what is seen."""
WHOLE: Final = ("id", "generation", "uid_mark", "created_at", "label", "summary")
FACTS: Final = tuple(summary_of({}))
"""What is known of a study, by name; older boxes say less."""
_NAMES: Final = frozenset(FACTS)


Row = tuple[UUID, int, str, bytes | None]
"""What is in sight."""


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
    sight: str = field(default="", repr=False)
    """What changes when anything in its row does; empty of what is remembered."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered and still true, and what was opened anew beside it."""

    anew: list[Said]
    columns: Columns | None = None
    places: Sequence[int] = ()
    """Of what is remembered, where in the columns it stands."""

    def said(self) -> Iterator[Said]:
        """Every study by itself; for a thread."""
        if self.columns is not None:
            facts = zip(*(self.columns[name] for name in FACTS), strict=True)
            every = [dict(zip(FACTS, each, strict=True)) for each in facts]
            sights, marks = self.columns["sight"], self.columns["mark"]
            added, labels = self.columns["added"], self.columns["label"]
            for at in self.places:
                came = datetime.fromisoformat(added[at])
                yield Said(UUID(sights[at][:ID]), marks[at], came, labels[at], every[at])
        yield from self.anew


async def said_of(
    remembered: Remembered,
    actor: Actor,
    wanted: QuerySet[Study],
    damaged: set[UUID] | None = None,
    *,
    name: str = "",
) -> list[Said]:
    """
    Those of the *wanted* that are the actor's own.

    Those of which the key does not open are left out, and added to *damaged*.  What is wanted
    again and again has a *name* to be remembered by.
    """
    found = await seen_of(remembered, actor, wanted, damaged, name=name)
    return await asyncio.to_thread(lambda: list(found.said()))


async def seen_of(
    remembered: Remembered,
    actor: Actor,
    wanted: QuerySet[Study],
    damaged: set[UUID] | None = None,
    *,
    name: str = "",
) -> Seen:
    """The same, by columns where they are remembered."""
    mine = wanted.filter(owner=actor.id)
    # In this order: what is merged after the first look is in the rows of the second.
    fresh = await unmerged(mine)
    rows = await _in_sight(mine)
    if len(rows) < WORTH_IT or not name:
        ids = [row[0] for row in rows]
        return Seen(await _opened_anew(actor, ids, damaged))
    columns = remembered.get(actor, name)
    columns, places, changed = await asyncio.to_thread(_still_true, actor, columns, rows, fresh)
    found = Seen(await _opened_anew(actor, changed, damaged), columns, places)
    settled = [each for each in found.anew if each.facts and each.facts.keys() == _NAMES]
    gone = 0 if columns is None else columns.count - len(places)
    if gone + len(settled) > MOST_ANEW:
        await asyncio.to_thread(_remember, remembered, actor, name, found, settled)
    return found


async def _in_sight(mine: QuerySet[Study]) -> list[Row]:
    """The light columns of all, in the order of their marks, by which an index finds them."""
    found: list[Row] = []
    rest = mine.order_by("uid_mark").limit(IN_ROW)
    some: Sequence[Row] = await rest.values_list(*IN_SIGHT)
    while some:
        found += some
        some = await rest.filter(uid_mark__gt=some[-1][2]).values_list(*IN_SIGHT)
    return found


def _still_true(
    actor: Actor,
    columns: Columns | None,
    rows: Sequence[Row],
    fresh: Collection[UUID],
) -> tuple[Columns | None, Sequence[int], list[UUID]]:
    """What is remembered if it opens, where in it the rows stand, and who is not there."""
    listed = [_sight(*row) for row in rows]
    if columns is not None and not fresh and columns.state == state_of(actor, listed):
        return columns, range(columns.count), []
    there, known, places = set(listed), set[str](), list[int]()
    if columns is not None:
        with suppress(vault.Tampered):  # sealed under a root that was replaced meanwhile
            sights, some = columns["sight"], frozenset(map(str, fresh))
            known = {each for each in there.intersection(sights) if each[:ID] not in some}
            places = [at for at, sight in enumerate(sights) if sight in known]
    changed = [UUID(each[:ID]) for each in there - known]
    return columns if known else None, places, changed


def _sight(study: UUID, generation: int, mark: str, label: bytes | None) -> str:
    sight = f"{study} {generation} {mark}"
    return sight if label is None else f"{sight} {blake2b(label, digest_size=16).hexdigest()}"


def _remember(
    remembered: Remembered, actor: Actor, name: str, found: Seen, settled: Sequence[Said]
) -> None:
    """Put everything that is known together again, the latest examination first."""
    columns = {each: _standing(found, each) for each in (*FACTS, "sight", "mark", "added", "label")}
    for each in settled:
        plain = {"sight": each.sight, "mark": each.mark, "label": each.label,
                 "added": each.added.isoformat(), **(each.facts or {})}  # fmt: skip
        for column, values in columns.items():
            values.append(plain[column])
    by = list(zip(columns["date"], columns["time"], columns["study_uid"], strict=True))
    order = sorted(range(len(by)), key=by.__getitem__, reverse=True)
    ordered = {each: [values[at] for at in order] for each, values in columns.items()}
    remembered.put(actor, name, ordered, state_of(actor, ordered["sight"]))


def _standing(found: Seen, name: str) -> list[Any]:
    if found.columns is None:
        return []
    values = found.columns[name]
    return [values[at] for at in found.places]


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
    # Little waits at a time, of all accounts: whose it is costs less than looking for thousands.
    # By the index, from its beginning: the table itself is not read.
    waits = Segment.filter(study__gt=UUID(int=0)).distinct().limit(AT_ONCE)
    some = [study for (study,) in await waits.values_list("study")]
    if len(some) < AT_ONCE:
        found = await wanted.filter(id__in=some).values_list("id") if some else ()
        return {study for (study,) in found}
    theirs = Segment.filter(study__in=Subquery(wanted.values("id")))
    return {study for (study,) in await theirs.distinct().values_list("study")}


def _opened(
    rows: Sequence[Any], opened: Mapping[UUID, Secret], fresh: Collection[UUID]
) -> Iterator[Said]:
    for study, generation, mark, added, label, summary in rows:
        key = opened.get(study)
        if key is not None:
            is_fresh, facts = study in fresh, None
            if summary is not None and not is_fresh and not mark.startswith(ASIDE):
                with suppress(vault.Tampered):  # whoever asks the manifest looks again, and says so
                    facts = opened_summary(study, key, summary)
            called = opened_label(study, label, key)
            sight = _sight(study, generation, mark, label)
            yield Said(study, mark, added, called, facts, is_fresh, key, sight)
