"""The box audit of this room (T14): every key names something that is kept."""

from collections.abc import Collection
from uuid import UUID

from portal import auditing, documents, keys, records
from portal.studies.access import known


async def stray_keys() -> list[UUID]:
    """What is gone although somebody has its key: studies, documents, records, lines of logs."""
    return await keys.stray_keys("study", _there)


async def _there(ids: Collection[UUID]) -> set[UUID]:
    kept = await known(ids) | await documents.known(ids) | await records.known(ids)
    return kept | await auditing.known(ids)
