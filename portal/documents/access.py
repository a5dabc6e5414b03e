"""The door: an account reaches its own documents, and learns nothing of others."""

from collections.abc import Collection
from typing import cast
from uuid import UUID

from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.documents.models import Document


async def known(ids: Collection[UUID]) -> set[UUID]:
    """Which of *ids* are documents, whosever they are."""
    there = await Document.filter(id__in=list(ids)).values_list("id", flat=True)
    return set(cast("list[UUID]", there))


async def document_for(actor: Actor, document_id: UUID) -> Document:
    """The actor's own document, or `Unknown`."""
    document = await Document.get_or_none(id=document_id, owner=actor.id)
    if document is None:
        raise Unknown
    return document
