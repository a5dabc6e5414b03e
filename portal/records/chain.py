"""
Records and the versions of what is in them: begun, written on, read back, deleted.

Nothing is ever replaced: what is saved becomes the newest version, and every older one stays.  A
version says which one it follows; whoever meanwhile wrote another gets a `Conflict`, not a loss.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Conflict, Unknown
from portal.core.language import N_
from portal.records.access import live, record_for
from portal.records.models import Record, RecordVersion
from portal.records.sealing import (
    Place,
    moved,
    open_summary,
    open_version,
    seal_summary,
    seal_version,
)

SHOWN: Final = 100
"""Versions that a history shows, the newest ones."""


class SavedElsewhere(Conflict):
    """Another window was faster."""

    code = "saved_elsewhere"
    message = N_(
        "This was saved in another window meanwhile. Nothing is lost: below is what you "
        "entered, and beside it the other version."
    )


class WentAway(Unknown):
    """What somebody wrote on is not there any more."""

    code = "went_away"


@dataclass(frozen=True, slots=True)
class Written:
    """One new version as its author hands it over."""

    client_id: UUID
    """The same one again writes nothing."""
    rev: int
    """The version it follows; 0: there is none yet."""
    by: str = field(repr=False)
    """The author's name."""
    said: Mapping[str, Any] = field(repr=False)
    summary: Mapping[str, Any] = field(repr=False)
    """What lists say of the record from now on; `kind` says what it is."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it is read back."""

    item: UUID
    rev: int
    at: datetime
    by: str = field(repr=False)
    said: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """A record of the actor's with its key, for the length of a request."""

    id: UUID
    key: Secret = field(repr=False)
    summary: Mapping[str, Any] = field(repr=False)


async def open_own(actor: Actor, record_id: UUID, kind: str) -> OpenRecord:
    """The actor's own record of that kind, or `Unknown`.  Raises `vault.Tampered`."""
    row, key = await record_for(actor, record_id)
    summary = open_summary(key, row.id, row.summary)
    if summary["kind"] != kind:
        raise Unknown
    return OpenRecord(row.id, key, summary)


async def begin(actor: Actor, new: Written, free_quota: int) -> UUID:
    """
    A new record, whose own first item this is; the one that is there when the form comes twice.

    Raises `storing.QuotaFull`, and `SignInNeeded` when the account is going or was secured.
    """
    async with transaction():
        await keys.hold(actor)  # orders everything that one account writes
        known = await Record.get_or_none(owner=actor.id, client_id=new.client_id)
        if known is not None:
            return known.id
        record = await create(actor, new.client_id, new.summary, free_quota)
        more = await _append(record, record.id, new)
        await storing.keep_in_rows(actor.id, record.id, more, free_quota)
    return record.id


async def create(
    actor: Actor, client_id: UUID, summary: Mapping[str, Any], free_quota: int | None
) -> OpenRecord:
    """A record in which nothing is written yet; joins the transaction that writes into it."""
    record, key = uuid4(), vault.new_secret()
    box = seal_summary(key, record, summary)
    await Record.create(
        id=record, owner=actor.id, client_id=client_id, created_at=now(), summary=box
    )
    await keys.keep_study_key(actor, record, key)
    await storing.keep_in_rows(actor.id, record, len(box), free_quota)
    return OpenRecord(record, key, summary)


async def write(
    actor: Actor, record: OpenRecord, item: UUID, new: Written, free_quota: int
) -> None:
    """
    A new version of an item, which follows version `new.rev`.

    Raises `SavedElsewhere` when that is no longer the newest one, `storing.QuotaFull`, `Unknown`
    when the record was deleted or binned meanwhile.  The same form once more writes nothing.
    """
    async with transaction():
        await keys.hold(actor)
        if await RecordVersion.exists(record=record.id, client_id=new.client_id):
            return
        before = await RecordVersion.get_or_none(record=record.id, item=item, newest=True)
        if (before.rev if before else 0) != new.rev:
            raise SavedElsewhere
        more = await _resummarise(actor, record, new.summary)
        more += await _append(record, item, new)
        await storing.keep_in_rows(actor.id, record.id, more, free_quota)


async def resummarise(actor: Actor, record: OpenRecord, summary: Mapping[str, Any]) -> None:
    """Say something else of it in lists; joins the transaction that changed it."""
    more = await _resummarise(actor, record, summary)
    await storing.keep_in_rows(actor.id, record.id, more, None)


async def _resummarise(actor: Actor, record: OpenRecord, summary: Mapping[str, Any]) -> int:
    row, key = await record_for(actor, record.id)
    box = seal_summary(key, row.id, summary)
    if not await live().filter(id=row.id, owner=actor.id).update(summary=box):
        raise Unknown
    return len(box) - len(row.summary)


async def _append(record: OpenRecord, item: UUID, new: Written) -> int:
    """Write the version behind the others: the bytes it takes."""
    rev = new.rev + 1
    told = {"at": now().isoformat(), "by": new.by, "said": dict(new.said)}
    body = seal_version(record.key, Place(record.id, item, rev), told)
    await RecordVersion.filter(record=record.id, item=item, newest=True).update(newest=False)
    await RecordVersion.create(
        id=uuid4(),
        record=record.id,
        item=item,
        rev=rev,
        newest=True,
        client_id=new.client_id,
        body=body,
    )
    return len(body)


async def came(actor: Actor, client_id: UUID) -> UUID | None:
    """The item that a form wrote which came before, in whatever record of the actor's."""
    mine = await Record.filter(owner=actor.id).values_list("id", flat=True)
    row = await RecordVersion.filter(record__in=mine, client_id=client_id).first()
    return None if row is None else row.item


async def move(actor: Actor, source: OpenRecord, target: OpenRecord, item: UUID) -> None:
    """
    An item goes from one record of the actor's into another with all its versions; joins the
    transaction.  One that does not open any more goes along inside a box.  Raises `Unknown`.
    """
    rows = await RecordVersion.filter(record=source.id, item=item).order_by("rev")
    if not rows:
        raise Unknown
    more = 0
    for row in rows:
        here, there = Place(source.id, item, row.rev), Place(target.id, item, row.rev)
        body = moved(source.key, here, row.body, target.key, there)
        await RecordVersion.filter(id=row.id).update(record=target.id, body=body)
        more += len(body)
    await storing.keep_in_rows(actor.id, source.id, -sum(len(row.body) for row in rows), None)
    await storing.keep_in_rows(actor.id, target.id, more, None)


async def newest(record: OpenRecord, item: UUID) -> Version:
    """The version that counts.  Raises `Unknown`, `vault.Tampered`."""
    row = await RecordVersion.get_or_none(record=record.id, item=item, newest=True)
    if row is None:
        raise Unknown
    return _opened(record, row)


async def one(record: OpenRecord, item: UUID, rev: int) -> Version:
    """Version number *rev* (from 1).  Raises `Unknown`, `vault.Tampered`."""
    row = await RecordVersion.get_or_none(record=record.id, item=item, rev=rev)
    if row is None:
        raise Unknown
    return _opened(record, row)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A version that does not open any more."""

    rev: int


async def history(record: OpenRecord, item: UUID) -> list[Version | Damaged]:
    """
    The last versions, the newest first, those included that do not open any more.

    One more than `SHOWN` when there are more: the last one shown is compared with it.
    """
    rows = RecordVersion.filter(record=record.id, item=item).order_by("-rev").limit(SHOWN + 1)
    return [opened_or_reported(record, row) or Damaged(row.rev) for row in await rows]


async def whole(record: OpenRecord) -> tuple[list[Version], int]:
    """Every version of every item, the oldest first, and how many do not open any more."""
    rows = await RecordVersion.filter(record=record.id).order_by("item", "rev")
    return await asyncio.to_thread(_opened_all, record, rows)


def _opened_all(record: OpenRecord, rows: Sequence[RecordVersion]) -> tuple[list[Version], int]:
    opened = [opened_or_reported(record, row) for row in rows]
    found = [each for each in opened if each is not None]
    return found, len(opened) - len(found)


def opened_or_reported(record: OpenRecord, row: RecordVersion) -> Version | None:
    """The version in *row*; None and a report when it does not open any more."""
    try:
        return _opened(record, row)
    except vault.Tampered:
        vault.report("version of a record does not open: row", row.id)
        return None


def _opened(record: OpenRecord, row: RecordVersion) -> Version:
    told = open_version(record.key, Place(record.id, row.item, row.rev), row.body)
    at = datetime.fromisoformat(told["at"])
    return Version(row.item, row.rev, at, told["by"], told["said"])


async def delete(actor: Actor, record_id: UUID) -> None:
    """
    Delete a record of one's own, in the bin or not, with every version: its key goes now, so nobody
    reads it from here on, and its space is free at once.  Also one that does not open any more.
    """
    async with transaction():
        await keys.hold(actor)
        if not await Record.filter(id=record_id, owner=actor.id).delete():
            raise Unknown
        await RecordVersion.filter(record=record_id).delete()
        await keys.drop_study_keys(record_id)
        await storing.let_go_of(record_id)
