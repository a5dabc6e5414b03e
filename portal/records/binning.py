"""The bin: records lie in it for 30 days, are seen by nobody meanwhile, and count."""

from datetime import datetime
from uuid import UUID

from portal import keys, storing
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.records.access import binned, live
from portal.records.listing import RecordSummary, listed
from portal.records.models import Record, RecordVersion


async def throw(actor: Actor, record_id: UUID) -> None:
    """
    Put a record of one's own into the bin.  Raises `Unknown`.

    Before or after what is being written into it, and not meanwhile: that would lie there unseen.
    """
    async with transaction():
        await keys.hold(actor)
        if not await live().filter(id=record_id, owner=actor.id).update(binned_at=now()):
            raise Unknown


async def take_out(actor: Actor, record_id: UUID) -> None:
    """Take a record of one's own out of the bin while its time lasts.  Raises `Unknown`."""
    if not await binned().filter(id=record_id, owner=actor.id).update(binned_at=None):
        raise Unknown


async def in_bin(actor: Actor, only: UUID | None = None) -> list[tuple[RecordSummary, datetime]]:
    """The actor's records in the bin, or *only* one of them, each with the moment it came."""
    mine = binned().filter(owner=actor.id)
    mine = mine if only is None else mine.filter(id=only)
    since = dict(await mine.values_list("id", "binned_at"))
    return [(each, since[each.id]) for each in await listed(actor, mine) if each.id in since]


async def is_binned(actor: Actor, record_id: UUID) -> bool:
    """Whether a record of one's own lies in the bin."""
    return await binned().filter(id=record_id, owner=actor.id).exists()


async def forget_binned(limit: datetime) -> int:
    """Drop the records that went into the bin at *limit* or earlier; how many there were."""
    gone = 0
    for row in await Record.filter(binned_at__lte=limit).only("id"):
        async with transaction():
            # The row decides between this and whoever takes it out just now.
            if await Record.filter(id=row.id, binned_at__lte=limit).delete():
                await RecordVersion.filter(record=row.id).delete()
                await keys.drop_study_keys(row.id)
                await storing.let_go_of(row.id)
                gone += 1
    return gone
