"""The bin: documents lie in it for 30 days, are seen by nobody else meanwhile, and count."""

from datetime import datetime
from uuid import UUID

from portal import keys, storing
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.documents.access import binned, live
from portal.documents.listing import DocumentSummary, listed
from portal.documents.models import Document
from portal.documents.seeing import done


async def throw(actor: Actor, document_id: UUID) -> None:
    """Put a document of one's own into the bin.  Raises `Unknown`."""
    async with transaction():
        await keys.hold(actor)
        if not await live().filter(id=document_id, owner=actor.id).update(binned_at=now()):
            raise Unknown
        await done(actor, document_id, "binned")


async def take_out(actor: Actor, document_id: UUID) -> None:
    """Take a document of one's own out of the bin while its time lasts.  Raises `Unknown`."""
    async with transaction():
        await keys.hold(actor)
        if not await binned().filter(id=document_id, owner=actor.id).update(binned_at=None):
            raise Unknown
        await done(actor, document_id, "restored")


async def in_bin(actor: Actor, only: UUID | None = None) -> list[tuple[DocumentSummary, datetime]]:
    """The actor's documents in the bin, or *only* one of them, each with the moment it came."""
    mine = binned().filter(owner=actor.id)
    mine = mine if only is None else mine.filter(id=only)
    since = dict(await mine.values_list("id", "binned_at"))
    found = await listed(actor, mine)
    return [(each, since[each.id]) for each in found if each.id in since]


async def is_binned(actor: Actor, document_id: UUID) -> bool:
    """Whether a document of one's own lies in the bin."""
    return await binned().filter(id=document_id, owner=actor.id).exists()


async def forget_binned(limit: datetime) -> int:
    """Drop the documents that went into the bin at *limit* or earlier; how many there were."""
    gone = 0
    for row in await Document.filter(binned_at__lte=limit).only("id"):
        async with transaction():
            # The row decides between this and whoever takes it out just now.
            if await Document.filter(id=row.id, binned_at__lte=limit).delete():
                await keys.drop_study_keys(row.id)
                await storing.let_go_of(row.id)
                gone += 1
    return gone
