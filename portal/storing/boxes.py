"""
Reading and writing the sealed objects of a holding, whole or by range.

An object is one box under the holding's key, bound to holding, object and role (security.md 5.3),
so no object can stand in for another.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal, NamedTuple
from uuid import UUID, uuid4

from portal import vault
from portal.core.actor import Secret
from portal.memories import Memory
from portal.storing import keeping, presence
from portal.storing.errors import Damaged
from portal.storing.keeping import Payer
from portal.storing.store import Store

Role = Literal[
    "pack", "frames", "manifest", "view", "segment", "summary", "piece", "document", "preview"
]

REMEMBERED: Final = 4096
"""Objects whose ends are remembered."""


log = logging.getLogger(__name__)


class Place(NamedTuple):
    """Some plain bytes inside an object."""

    object: UUID
    start: int
    length: int


async def write(
    store: Store, by: Payer, holding: UUID, object_id: UUID, sealed: bytes | bytearray
) -> int:
    """
    Write an object whose row is there first, so whatever lies on the disk is counted; its bytes.

    Raises `StillLeaving`, `DiskFull` and `Away`; nothing is written and nothing counted then.
    """
    await presence.prove(store)
    await keeping.intend(by, holding, object_id, len(sealed))
    try:
        return await store.put(object_id, sealed)
    except Exception:
        await keeping.removed([object_id])
        raise


@asynccontextmanager
async def _missed(store: Store, object_id: UUID) -> AsyncIterator[None]:
    """An object that is not there, or not all of it, is reported and told like other damage."""
    try:
        yield
    except EOFError:
        log.critical("stored object cut short: %s", object_id)
        raise Damaged from None
    except FileNotFoundError:
        await presence.prove(store)
        log.critical("stored object missing: %s", object_id)
        raise Damaged from None


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
        self._ends = Memory[UUID, _Ends](REMEMBERED)

    async def write(
        self, by: Payer, holding: UUID, key: Secret, role: Role, plain: bytes | bytearray
    ) -> tuple[UUID, int]:
        """
        Seal *plain* under a new id and write it durably: the id and the bytes it takes.

        It goes in an hour unless `keeping.keep` is committed for it.
        Raises `StillLeaving` and `DiskFull`; nothing is written and nothing counted then.
        """
        object_id = uuid4()
        context = vault.contexts.blob(holding, object_id, role)
        sealed = await asyncio.to_thread(vault.box, key, plain, context)
        return object_id, await write(self._store, by, holding, object_id, sealed)

    async def read(self, holding: UUID, key: Secret, role: Role, object_id: UUID) -> bytes:
        """A whole object, opened.  Raises `Damaged` when there is none, `Away` without a store."""
        async with _missed(self._store, object_id):
            sealed = await self._store.get(object_id)
        context = vault.contexts.blob(holding, object_id, role)
        return await asyncio.to_thread(vault.unbox, key, sealed, context)

    async def ranges(
        self, holding: UUID, key: Secret, role: Role, places: Sequence[Place]
    ) -> list[bytes]:
        """The plain bytes of each place, in order.  Raises `Damaged` and `Away` like `read`."""
        found: dict[Place, bytes] = {}
        for object_id in dict.fromkeys(place.object for place in places):
            mine = [place for place in dict.fromkeys(places) if place.object == object_id]
            ends = await self._ends_of(object_id)
            context = vault.contexts.blob(holding, object_id, role)
            reader = vault.RangeReader(key, context, ends.size, ends.head, ends.tail)
            spans = [reader.span(each.start, each.start + each.length) for each in mine]
            async with _missed(self._store, object_id):
                sealed = await self._store.ranges(object_id, spans)
            for place, box in zip(mine, sealed, strict=True):
                found[place] = reader.open(place.start, place.start + place.length, box)
        return [found[place] for place in places]

    async def delete(self, objects: Sequence[UUID]) -> None:
        """Take back objects that nothing refers to."""
        for each in objects:
            await self._store.delete(each)
        if objects:
            await keeping.removed(objects)

    async def _ends_of(self, object_id: UUID) -> _Ends:
        known = self._ends.get(object_id)
        if known is None:
            async with _missed(self._store, object_id):
                size = await self._store.size(object_id)
                if size <= vault.HEAD_BYTES:
                    raise EOFError(object_id)
                wanted = [(0, vault.HEAD_BYTES), vault.last_chunk(size)]
                head, tail = await self._store.ranges(object_id, wanted)
            known = _Ends(size, head, tail)
            self._ends.put(object_id, known)
        return known
