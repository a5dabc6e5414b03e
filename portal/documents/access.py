"""
The doors: an account reaches its own documents, and learns nothing of others.

Nobody sees what lies in the bin except whoever looks into the bin: every other way to a document
goes through `live`.
"""

from collections.abc import Collection
from typing import cast
from uuid import UUID

from tortoise.queryset import QuerySet

from portal import storing
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Unknown
from portal.documents.models import Document


async def known(ids: Collection[UUID]) -> set[UUID]:
    """Which of *ids* are documents, whosever they are."""
    there = await Document.filter(id__in=list(ids)).values_list("id", flat=True)
    return set(cast("list[UUID]", there))


def live() -> QuerySet[Document]:
    """Documents that are not in the bin."""
    return Document.filter(binned_at__isnull=True)


def binned() -> QuerySet[Document]:
    """Documents in the bin whose time is not over."""
    return Document.filter(binned_at__gt=storing.thrown_before(now()))


async def document_for(actor: Actor, document_id: UUID) -> Document:
    """The actor's own document, or `Unknown`."""
    return _found(await live().get_or_none(id=document_id, owner=actor.id))


async def kept_document_for(actor: Actor, document_id: UUID) -> Document:
    """The actor's own document, in the bin or not, or `Unknown`."""
    return _found(await Document.get_or_none(id=document_id, owner=actor.id))


def _found(document: Document | None) -> Document:
    if document is None:
        raise Unknown
    return document
