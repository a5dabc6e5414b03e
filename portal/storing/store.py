"""What a store of sealed objects does; where they lie is another file's business."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from obstore.store import LocalStore, S3Store

COALESCE: Final = 128 * 1024
"""Ranges nearer than this are read in one go."""

PARTS: Final = 256
"""One for each first byte of an id."""

MARK: Final = "store"
"""Stands beside the parts and says that this is a store; whoever brings one back brings it, too."""

_NAME: Final = re.compile(r"[0-9a-f]{32}")


class Store(ABC):
    """
    Objects by random id; each is written once and never changed.

    Where the whole store cannot be reached, every verb raises `Away`.
    """

    @abstractmethod
    async def put(self, object_id: UUID, data: bytes | bytearray | memoryview) -> int:
        """
        Keep *data* under a new id, durable before this returns; its size in bytes.

        Raises `DiskFull` and leaves nothing then, `FileExistsError` when the id is taken.
        """

    @abstractmethod
    async def get(self, object_id: UUID) -> bytes:
        """The whole object; `FileNotFoundError` when there is none."""

    @abstractmethod
    async def ranges(self, object_id: UUID, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        """
        The bytes of each (start, stop); `FileNotFoundError` when there is no such object,
        `EOFError` when it ends before.
        """

    @abstractmethod
    async def size(self, object_id: UUID) -> int:
        """Bytes it takes; `FileNotFoundError` when there is no such object."""

    @abstractmethod
    async def delete(self, object_id: UUID) -> None:
        """Remove the object; nothing happens when there is none."""

    @abstractmethod
    async def clock(self) -> float:
        """The store's own time (POSIX), by which objects have their age: nobody else's counts."""

    @abstractmethod
    async def absent(self, objects: Sequence[UUID]) -> list[UUID]:
        """Those of *objects* that are not there."""

    @abstractmethod
    async def is_marked(self) -> bool:
        """Whether the mark of a store is there: without it this is where one belongs, at best."""

    @abstractmethod
    async def mark(self) -> None:
        """Leave the mark."""

    @abstractmethod
    async def older_than(self, seconds: float, now: float, part: int) -> list[UUID]:
        """
        The objects last written more than *seconds* before *now* (a POSIX time), of one part.

        There are `PARTS` of about the same size, numbered from 0: no list holds more than one.
        """

    @abstractmethod
    async def drop_unfinished(self, seconds: float, now: float, part: int) -> int:
        """Remove what interrupted writes older than *seconds* left in a part; how many."""


def path_of(object_id: UUID) -> str:
    """Where an object lies below the store's own place."""
    name = object_id.hex
    return f"{name[:2]}/{name[2:4]}/{name}"


def older(
    objects: Callable[[], LocalStore | S3Store], part: int, moment: float = float("inf")
) -> list[UUID]:
    """The objects of a part that were last written before *moment* (a POSIX time)."""
    found = []
    for batch in objects().list(f"{part:02x}"):
        for meta in batch:
            name = meta["path"].rsplit("/", 1)[-1]
            if _NAME.fullmatch(name) and meta["last_modified"].timestamp() < moment:
                found.append(UUID(name))
    return found
