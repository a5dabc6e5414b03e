"""The door: an account reaches its own records, and learns nothing of others."""

from collections.abc import Collection
from typing import cast
from uuid import UUID

from portal import keys
from portal.core.actor import Actor, Secret
from portal.core.errors import Unknown
from portal.records.models import Record


async def record_for(actor: Actor, record_id: UUID) -> tuple[Record, Secret]:
    """The actor's own record with its key, or `Unknown`."""
    record = await Record.get_or_none(id=record_id, owner=actor.id)
    key = None if record is None else await keys.open_study_key(actor, record_id)
    if record is None or key is None:
        raise Unknown
    return record, key


async def known(ids: Collection[UUID]) -> set[UUID]:
    """Which of *ids* are records, whosever they are."""
    there = await Record.filter(id__in=list(ids)).values_list("id", flat=True)
    return set(cast("list[UUID]", there))
