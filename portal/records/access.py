"""
The doors: an account reaches its own records, and learns nothing of others.

Nobody sees what lies in the bin except whoever looks into the bin: every other way to a record goes
through `live`.
"""

from collections.abc import Collection
from typing import cast
from uuid import UUID

from tortoise.queryset import QuerySet

from portal import keys, storing
from portal.core.actor import Actor, Secret
from portal.core.db import now
from portal.core.errors import Unknown
from portal.records.models import Record


def live() -> QuerySet[Record]:
    """Records that are not in the bin."""
    return Record.filter(binned_at__isnull=True)


def binned() -> QuerySet[Record]:
    """Records in the bin whose time is not over."""
    return Record.filter(binned_at__gt=storing.thrown_before(now()))


async def record_for(actor: Actor, record_id: UUID) -> tuple[Record, Secret]:
    """The actor's own record with its key, or `Unknown`."""
    record = await live().get_or_none(id=record_id, owner=actor.id)
    key = None if record is None else await keys.open_study_key(actor, record_id)
    if record is None or key is None:
        raise Unknown
    return record, key


async def begun_with(actor: Actor, client_id: UUID) -> bool:
    """Whether a record of the actor's own began with this form, in the bin or not."""
    return await Record.exists(owner=actor.id, client_id=client_id)


async def known(ids: Collection[UUID]) -> set[UUID]:
    """Which of *ids* are records, whosever they are."""
    there = await Record.filter(id__in=list(ids)).values_list("id", flat=True)
    return set(cast("list[UUID]", there))
