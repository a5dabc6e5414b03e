"""
Sealed objects on a local folder, through `obstore`.

The synchronous calls of obstore run in threads: its own asynchronous ones abort short-lived
processes at interpreter shutdown.  obstore renames a finished file into place but does not flush
it, so `put` flushes file and folders before it returns: what returned survives a power cut.
"""

import asyncio
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore

from portal.storing.errors import DiskFull
from portal.storing.store import COALESCE, MARK, Store, older, path_of

LEAST_FREE: Final = 2 * 1024**3
LEAST_SHARE: Final = 0.05
"""Uploads stop below 2 GiB or 5 % free, so that the database can always go on writing."""

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No space left, the disk quota of our own user used up, larger than this disk takes."""


class Room(NamedTuple):
    """A disk's size and what is free of it, bytes."""

    total: int
    free: int


def disk_room(folder: Path) -> Room:
    """How much room the disk below *folder* has."""
    usage = shutil.disk_usage(folder)
    return Room(usage.total, usage.free)


class FolderStore(Store):
    """Objects as files, each below two folders named after the first bytes of its id."""

    def __init__(self, folder: Path, *, room: Callable[[Path], Room] = disk_room) -> None:
        self._folder = folder
        self._room = room
        self._flushed: set[Path] = set()

    async def put(self, object_id: UUID, data: bytes | bytearray | memoryview) -> int:
        return await asyncio.to_thread(self._put, object_id, data)

    async def get(self, object_id: UUID) -> bytes:
        return await asyncio.to_thread(self._get, object_id)

    async def ranges(self, object_id: UUID, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        return await asyncio.to_thread(self._ranges, object_id, wanted)

    async def size(self, object_id: UUID) -> int:
        return await asyncio.to_thread(lambda: self._objects.head(path_of(object_id))["size"])

    async def delete(self, object_id: UUID) -> None:
        await asyncio.to_thread(self._delete, object_id)

    async def clock(self) -> float:
        return await asyncio.to_thread(self._clock)

    async def absent(self, objects: Sequence[UUID]) -> list[UUID]:
        return await asyncio.to_thread(
            lambda: [each for each in objects if not (self._folder / path_of(each)).exists()]
        )

    async def is_marked(self) -> bool:
        return await asyncio.to_thread((self._folder / MARK).is_dir)

    async def mark(self) -> None:
        mark = self._folder / MARK
        await asyncio.to_thread(mark.mkdir, mode=0o700, parents=True, exist_ok=True)

    async def older_than(self, seconds: float, now: float, part: int) -> list[UUID]:
        return await asyncio.to_thread(older, lambda: self._objects, part, now - seconds)

    async def drop_unfinished(self, seconds: float, now: float, part: int) -> int:
        return await asyncio.to_thread(self._drop_unfinished, now - seconds, part)

    @cached_property
    def _objects(self) -> LocalStore:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return LocalStore(self._folder)

    def _put(self, object_id: UUID, data: bytes | bytearray | memoryview) -> int:
        objects, path = self._objects, path_of(object_id)
        self._check_room()
        try:
            objects.put(path, data, mode="create", use_multipart=False)
            self._flush(self._folder / path)
        except AlreadyExistsError:
            raise FileExistsError(path) from None
        except (BaseError, OSError) as error:
            self._delete(object_id)
            if _out_of_space(error):
                raise DiskFull from None
            raise
        return len(data)

    def _check_room(self) -> None:
        room = self._room(self._folder)
        if room.free < max(LEAST_FREE, LEAST_SHARE * room.total):
            raise DiskFull

    def _flush(self, file: Path) -> None:
        _fsync(file)
        _fsync(file.parent)
        if file.parent not in self._flushed:
            _fsync(file.parents[1])
            _fsync(self._folder)
            self._flushed.add(file.parent)

    def _get(self, object_id: UUID) -> bytes:
        return bytes(self._objects.get(path_of(object_id)).bytes())

    def _ranges(self, object_id: UUID, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        path = path_of(object_id)
        if wanted and self._objects.head(path)["size"] < max(stop for _, stop in wanted):
            raise EOFError(path)
        parts = self._objects.get_ranges(
            path,
            starts=[start for start, _ in wanted],
            ends=[stop for _, stop in wanted],
            coalesce=COALESCE,
        )
        return [bytes(part) for part in parts]

    def _delete(self, object_id: UUID) -> None:
        (self._folder / path_of(object_id)).unlink(missing_ok=True)

    def _clock(self) -> float:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=self._folder) as probe:
            return os.fstat(probe.fileno()).st_mtime

    def _drop_unfinished(self, moment: float, part: int) -> int:
        left = [
            path
            for path in self._folder.glob(f"{part:02x}/??/*#*")
            if path.is_file() and path.stat().st_mtime < moment
        ]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _out_of_space(error: Exception) -> bool:
    """obstore wraps the operating system's error and leaves only its text."""
    return any(
        getattr(error, "errno", None) == each or os.strerror(each) in str(error) for each in FULL
    )
