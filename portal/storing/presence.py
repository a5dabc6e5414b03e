"""
Whether the store is there at all: only then does an object that is missing say something.

A folder without the mark that the first write leaves there is another one: a disk that is not
mounted, or not yet.  Nothing is written there, and nothing is called lost.
"""

from typing import Final

from tortoise.expressions import F

from portal.storing.errors import Away
from portal.storing.models import StoredObject
from portal.storing.store import Store

SAMPLE: Final = 100
"""Objects that are looked for where no mark is: one that is there proves the store."""
PAUSE: Final = 30
"""Seconds after which to try again."""


async def prove(store: Store) -> None:
    """Raises `Away` unless the store is there; marks one that is new, or was put back unmarked."""
    if await store.is_marked():
        return
    # What has its holding's own id lies in rows of the database (`keeping.keep_in_rows`).
    objects = StoredObject.filter(gone_at=None).exclude(id=F("holding"))
    some = await objects.limit(SAMPLE).only("id")
    absent = await store.absent([row.id for row in some])
    # Once more: whoever wrote the very first object marked the store before.
    if some and len(absent) == len(some) and not await store.is_marked():
        raise Away(retry_after=PAUSE)
    await store.mark()
