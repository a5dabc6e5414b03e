"""The records of an account as lists show them; each opens one small box."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from babel import dates
from tortoise.queryset import QuerySet

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.errors import Unknown
from portal.core.language import N_, ZONE, gettext, language, ngettext, show_date
from portal.records.access import live
from portal.records.diary import KIND as DIARY
from portal.records.medication import KIND as PLAN
from portal.records.models import Record
from portal.records.sealing import open_summary

NAMES: Final = {PLAN: N_("Medication plan"), DIARY: N_("Health diary, %(month)s")}
PLACES: Final = {PLAN: "/plans", DIARY: "/diary/months"}
ICONS: Final = {PLAN: "pill", DIARY: "diary"}


def show_month(day: date) -> str:
    """The month of *day* as the reader writes it: November 2026."""
    return str(dates.format_date(day, "LLLL y", locale=language()))


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """One record as a list shows it."""

    id: UUID
    kind: str
    """A key of `NAMES`; empty: it does not open."""
    person: str = field(repr=False)
    """Whom it is about, or empty."""
    entries: int
    """Medicines of a plan, entries of a month of the diary."""
    changed: datetime
    size: int
    """Bytes it takes in the account, all versions together."""
    month: str = field(default="", repr=False)
    """`YYYY-MM` of a diary."""

    @property
    def damaged(self) -> bool:
        """It does not open: nothing of it is known, and it can only be deleted."""
        return not self.kind

    @property
    def title(self) -> str:
        """What it is called."""
        if not self.kind:
            return gettext("Damaged document")
        month = show_month(date.fromisoformat(f"{self.month}-01")) if self.month else ""
        return gettext(NAMES[self.kind], month=month)

    @property
    def icon(self) -> str:
        """Its sign in lists."""
        return ICONS.get(self.kind, "file")

    @property
    def counted(self) -> str:
        """How much is in it, in words."""
        if self.kind == DIARY:
            return ngettext("%(num)s entry", "%(num)s entries", self.entries)
        return ngettext("%(num)s medicine", "%(num)s medicines", self.entries)

    @property
    def href(self) -> str:
        """Its page; empty for a damaged one."""
        return f"{PLACES[self.kind]}/{self.id}" if self.kind else ""

    @property
    def delete_href(self) -> str:
        """The page that asks whether to delete it."""
        return f"/records/{self.id}/delete"

    @property
    def day(self) -> str:
        """`YYYYMMDD`: when it was last written, where the portal's people are."""
        return self.changed.astimezone(ZONE).strftime("%Y%m%d")

    @property
    def shown_date(self) -> str:
        """The same as the reader writes dates."""
        return show_date(self.changed.astimezone(ZONE).date())


async def mine(actor: Actor, sizes: Mapping[UUID, int] | None = None) -> list[RecordSummary]:
    """
    The actor's own records, the last written first, those included that do not open any more;
    *sizes* in bytes when somebody knows them.
    """
    return await listed(actor, live().filter(owner=actor.id), sizes)


async def listed(
    actor: Actor, wanted: QuerySet[Record], sizes: Mapping[UUID, int] | None = None
) -> list[RecordSummary]:
    """Those of the actor's records as lists show them, the last written first."""
    found = await wanted
    ids, damaged = [row.id for row in found], set[UUID]()
    opened = await keys.open_study_keys(actor, ids, damaged)
    sizes = await storing.sizes_of(ids) if sizes is None else sizes
    return await asyncio.to_thread(_summaries, found, opened, damaged, sizes)


async def one_of_mine(actor: Actor, record_id: UUID) -> RecordSummary:
    """A record of one's own as the list shows it, in the bin or not.  Raises `Unknown`."""
    for each in await listed(actor, Record.filter(owner=actor.id, id=record_id)):
        return each
    raise Unknown


def _summaries(
    rows: Sequence[Record],
    opened: Mapping[UUID, Secret],
    damaged: Collection[UUID],
    sizes: Mapping[UUID, int],
) -> list[RecordSummary]:
    found = []
    for row in rows:
        if row.id not in opened and row.id not in damaged:
            continue
        said = _said(row, opened.get(row.id))
        moment = said.get("changed")
        changed = datetime.fromisoformat(moment) if moment else row.created_at
        about = (said.get("kind", ""), said.get("person", ""), said.get("entries", 0))
        size, month = sizes.get(row.id, 0), said.get("month", "")
        found.append(RecordSummary(row.id, *about, changed, size, month))
    return sorted(found, key=lambda each: (each.changed, str(each.id)), reverse=True)


def _said(row: Record, key: Secret | None) -> dict[str, Any]:
    """What the box says; nothing when it does not open, which is reported."""
    try:
        return {} if key is None else open_summary(key, row.id, row.summary)
    except vault.Tampered:
        vault.report("record does not open: row", row.id)
        return {}
