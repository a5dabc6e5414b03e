"""Many files one after another in few objects: the packs of a series."""

from typing import Final
from uuid import UUID

from portal.core.actor import Secret
from portal.storing import Boxes, Payer, Place, Role

JsonPlaces = list[list[str | int]]
"""How a manifest writes places: object, start, length."""

PACK: Final = 16 * 1024 * 1024
"""Plain bytes after which a pack is closed, so memory stays bounded whatever arrives."""


class Packer:
    """Appends bytes to packs of one study and role; a long piece may reach over several packs."""

    def __init__(self, boxes: Boxes, by: Payer, study: UUID, key: Secret, role: Role) -> None:
        self._boxes, self._by, self._study, self._key, self._role = boxes, by, study, key, role
        self._open = bytearray()
        self._pending: list[tuple[JsonPlaces, int, int]] = []
        self.sizes: dict[UUID, int] = {}
        """What was written: object to bytes on disk."""

    async def add(self, data: bytes | bytearray | memoryview) -> JsonPlaces:
        """Append; the list is complete after the next `close`."""
        places: JsonPlaces = []
        rest = memoryview(data)
        while rest:
            room = PACK - len(self._open)
            self._pending.append((places, len(self._open), min(room, len(rest))))
            self._open += rest[:room]
            rest = rest[room:]
            if len(self._open) >= PACK:
                await self.close()
        return places

    async def close(self) -> None:
        """Write what is open; the next `add` begins a new object."""
        if not self._open:
            return
        object_id, size = await self._boxes.write(
            self._by, self._study, self._key, self._role, self._open
        )
        self.sizes[object_id] = size
        for places, start, length in self._pending:
            places.append([object_id.hex, start, length])
        self._open, self._pending = bytearray(), []


def places(listed: JsonPlaces) -> list[Place]:
    """Places as a manifest lists them."""
    return [Place(UUID(str(each[0])), int(each[1]), int(each[2])) for each in listed]
