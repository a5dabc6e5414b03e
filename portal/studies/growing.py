"""A large file whose length nobody says beforehand: what is there of it waits, sealed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from portal import storing
from portal.core.actor import Actor
from portal.core.errors import Busy
from portal.studies import parts
from portal.studies.assembling import key_of
from portal.studies.shelf import Shelf


class Growing:
    """
    One file of more than `parts.PIECE` bytes while it comes.

    Its pieces go when the block ends that takes it in, or in an hour: until then the whole file
    must be there.
    """

    def __init__(self, shelf: Shelf, actor: Actor) -> None:
        self._shelf = shelf
        self._id = uuid4()
        self._key = key_of(actor, self._id)
        self._by = storing.Payer(actor.id, shelf.free_quota)
        self._pieces: list[tuple[UUID, bytes]] = []

    async def add(self, piece: bytes) -> None:
        """The next `parts.PIECE` bytes, or the last ones.  Raises `QuotaFull`, `DiskFull`."""
        object_id, _ = await self._shelf.boxes.write(self._by, self._id, self._key, "piece", piece)
        self._pieces.append((object_id, await asyncio.to_thread(parts.sha256, piece)))

    @asynccontextmanager
    async def whole(self) -> AsyncIterator[tuple[bytearray, bytes]]:
        """The file in memory and its fingerprint; other large files wait until the block ends."""
        async with self._shelf.assembler.slots:
            data = bytearray()
            for object_id, _ in self._pieces:
                try:
                    data += await self._shelf.boxes.read(self._id, self._key, "piece", object_id)
                except storing.Damaged:  # it took too long to come, and is sent again
                    raise Busy(retry_after=1) from None
            yield data, parts.fingerprint([digest for _, digest in self._pieces])

    async def drop(self) -> None:
        """Nobody needs the pieces any more."""
        pieces, self._pieces = self._pieces, []
        await self._shelf.boxes.delete([object_id for object_id, _ in pieces])
