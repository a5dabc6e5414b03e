"""The box audit of this room (T14): every key names an examination or a document that there is."""

from collections.abc import Collection
from uuid import UUID

from portal import documents, keys
from portal.studies.access import known


async def stray_keys() -> list[UUID]:
    """Examinations and documents that are gone although somebody still has their key."""
    return await keys.stray_keys("study", _there)


async def _there(ids: Collection[UUID]) -> set[UUID]:
    return await known(ids) | await documents.known(ids)
