"""The box audit of this room (T14): every key names something that is kept."""

from collections.abc import Collection
from uuid import UUID

from portal import documents, keys, records
from portal.studies.access import known


async def stray_keys() -> list[UUID]:
    """Examinations, documents and records that are gone although somebody still has their key."""
    return await keys.stray_keys("study", _there)


async def _there(ids: Collection[UUID]) -> set[UUID]:
    return await known(ids) | await documents.known(ids) | await records.known(ids)
