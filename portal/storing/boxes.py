"""
Reading and writing the sealed objects of a holding, whole or by range.

An object is one box under the holding's key, bound to holding, object and role (security.md 5.3),
so no object can stand in for another.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID, uuid4

from portal import vault
from portal.core.actor import Secret
from portal.core.errors import Busy
from portal.storing.store import Store

Role = Literal[
    "pack", "frames", "manifest", "view", "segment", "summary", "piece", "document", "preview"
]

MOST_UNBOOKED: Final = timedelta(minutes=30)
"""From an object's write to its row's commit: half of `sweeping.ORPHAN_AGE`, so that a sweeper with
an old list, or with a clock that is ahead, takes nothing that a commit relies on."""
REMEMBERED: Final = 4096
"""Objects whose ends are remembered."""


class Place(NamedTuple):
    """Some plain bytes inside an object."""

    object: UUID
    start: int
    length: int


class _Ends(NamedTuple):
    size: int
    head: bytes
    tail: bytes


class Boxes:
    """
    The sealed objects of all holdings: studies, documents and uploads under way.

    It remembers the first and last bytes of objects read lately (ciphertext, nothing else), so a
    range of a pack costs one read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ends: OrderedDict[UUID, _Ends] = OrderedDict()

    async def write(
        self, holding: UUID, key: Secret, role: Role, plain: bytes | bytearray
    ) -> tuple[UUID, int]:
        """Seal and keep *plain* durably under a new id: the id and the bytes it takes."""
        object_id = uuid4()
        context = vault.contexts.blob(holding, object_id, role)
        sealed = await asyncio.to_thread(vault.box, key, plain, context)
        return object_id, await self._store.put(object_id, sealed)

    async def read(self, holding: UUID, key: Secret, role: Role, object_id: UUID) -> bytes:
        """A whole object, opened."""
        sealed = await self._store.get(object_id)
        context = vault.contexts.blob(holding, object_id, role)
        return await asyncio.to_thread(vault.unbox, key, sealed, context)

    async def ranges(
        self, holding: UUID, key: Secret, role: Role, places: Sequence[Place]
    ) -> list[bytes]:
        """The plain bytes of each place, in order."""
        found: dict[Place, bytes] = {}
        for object_id in dict.fromkeys(place.object for place in places):
            mine = [place for place in dict.fromkeys(places) if place.object == object_id]
            ends = await self._ends_of(object_id)
            context = vault.contexts.blob(holding, object_id, role)
            reader = vault.RangeReader(key, context, ends.size, ends.head, ends.tail)
            spans = [reader.span(each.start, each.start + each.length) for each in mine]
            sealed = await self._store.ranges(object_id, spans)
            for place, box in zip(mine, sealed, strict=True):
                found[place] = reader.open(place.start, place.start + place.length, box)
        return [found[place] for place in places]

    async def still_there(self, objects: Collection[UUID]) -> None:
        """
        For every transaction that commits rows for *objects*, since only their age protects them
        until then.  Raises `Busy` when one is gone or older than `MOST_UNBOOKED`.
        """
        if not await self._store.all_younger(objects, MOST_UNBOOKED.total_seconds()):
            raise Busy(retry_after=1)

    async def delete(self, objects: Sequence[UUID]) -> None:
        """Take back objects that no row refers to."""
        for each in objects:
            await self._store.delete(each)

    async def _ends_of(self, object_id: UUID) -> _Ends:
        known = self._ends.get(object_id)
        if known is None:
            size = await self._store.size(object_id)
            wanted = [(0, vault.HEAD_BYTES), vault.last_chunk(size)]
            head, tail = await self._store.ranges(object_id, wanted)
            known = self._ends[object_id] = _Ends(size, head, tail)
            if len(self._ends) > REMEMBERED:
                self._ends.popitem(last=False)
        self._ends.move_to_end(object_id)
        return known
