"""
The file as it was uploaded, a stretch at a time: as ranges of a pack, or rebuilt frame by frame.

Every stretch is authenticated by its box.  Whoever asks for the whole file gets the last stretch
only if the SHA-256 of all of them is that of the upload.
"""

import asyncio
import hashlib
import json
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal import vault
from portal.core.errors import Busy, Unknown
from portal.storing import Place, Role
from portal.studies.errors import OriginalGone
from portal.studies.manifests import FrameSet, InstanceEntry
from portal.studies.packing import JsonPlaces, places
from viewer.dicom import SKELETON_HEAD, ChildLost, Pool, PoolFull, Refused, plan_length

STRETCH: Final = 1024 * 1024
"""Bytes that are read, and kept in memory, at a time."""

REBUILT_AT_ONCE: Final = 16 * 1024 * 1024
"""Bytes of a file that is rebuilt in one piece; of a larger one, a frame at a time is in memory."""

PIECES_NOTED: Final = 4
"""Pieces of the file that are remembered for each frame; whoever remembers counts the frames."""

Pieces = AsyncGenerator[bytes, None]
Placed = AsyncGenerator[tuple[int, bytes], None]
"""With where each begins in the file."""
Read = Callable[[Role, Sequence[Place]], Awaitable[list[bytes]]]
"""Reads places of a role (`storing.Role`) of the study."""


@dataclass(frozen=True, slots=True)
class Original:
    """An uploaded file that nobody has read yet."""

    entry: InstanceEntry = field(repr=False)
    _read: Read = field(repr=False)
    _pool: Pool = field(repr=False)
    noted: dict[str, Any] = field(default_factory=dict, repr=False)
    """What reading it showed of its form, so that the next frame need not look again."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.entry["size"]

    @property
    def is_gone(self) -> bool:
        """Its owner deleted it and kept a small picture."""
        return "thinned" in self.entry

    @property
    def shown(self) -> JsonPlaces:
        """Where its picture of at most 512 pixels lies; empty while there is none."""
        made = self.entry["view"]["previews"] if "view" in self.entry else {}
        return made.get("512") or made.get("128", [])

    async def picture(self) -> bytes:
        """That picture as a JPEG.  Raises `vault.Tampered`, `storing.Damaged` or `Busy`."""
        return b"".join(await self._read("frames", places(self.shown)))

    async def kept_frame(self, frame: int) -> bytes:
        """
        What is kept of a frame (from 0) whose original is gone: a JPEG.  Raises as `picture` does.
        """
        return b"".join(await self._read("frames", places(self.entry["view"]["frames"][frame])))

    async def drawn(self, frame: int, how: dict[str, Any]) -> bytes:
        """
        A frame (from 0) as people see it, as `viewer.dicom.rendering` is told by *how*.

        Raises `Unknown` where there is no such picture, and `Busy`.
        """
        view = self.entry.get("view")
        if view is None or view["codec"] == "none" or not 0 <= frame < len(view["frames"]):
            raise Unknown
        facts = dict(view["facts"])
        apart = facts.pop("perFrame", None) or []
        if frame < len(apart):
            facts |= apart[frame]
        data = b"".join(await self._read("frames", places(view["frames"][frame])))
        try:
            made = await self._pool.render(how | {"codec": view["codec"], "meta": facts}, data)
        except (PoolFull, ChildLost):  # neither says anything about the frame
            raise Busy(retry_after=2) from None
        if made is None:
            raise Unknown
        return made

    async def stretches(self, start: int = 0, stop: int | None = None) -> Pieces:
        """
        The bytes from *start* up to *stop*.

        Raises `OriginalGone`, `vault.Tampered` for a box or a whole file that is not what was kept,
        `Busy` when too many are being rebuilt, or the child that rebuilt this one was lost.
        """
        self._must_be_there()
        stop = self.size if stop is None else min(stop, self.size)
        pieces = self._stored(start, stop) if self.entry["at"] else self._rebuilt(start, stop)
        if (start, stop) != (0, self.size):
            async for piece in pieces:
                yield piece
            return
        async for piece in _proved(pieces, self.entry["sha256"]):
            yield piece

    async def described(self) -> dict[str, Any]:
        """
        The data set as DICOM JSON and where large values and frames lie (`Pool.describe`).

        Of a file that can be rebuilt no pixel is read, and any other is in memory whole.  Raises
        `OriginalGone`, `Unknown` for what cannot be read any more, `vault.Tampered` and `Busy`.
        """
        self._must_be_there()
        try:
            if self.entry["at"]:
                found = await self._pool.describe([each async for each in self.stretches()])
            else:
                view = self.entry["view"]
                skeleton = b"".join(await self._read("frames", places(view["skeleton"])))
                lengths = [sum(place.length for place in places(each)) for each in view["frames"]]
                found = await self._pool.describe(skeleton, lengths)
        except (PoolFull, ChildLost):  # neither says anything about what is stored
            raise Busy(retry_after=2) from None
        if isinstance(found, Refused):
            raise Unknown
        if self._is_small(found["pixels"]):
            self.noted["pixels"] = found["pixels"]
        return found

    def _is_small(self, pixels: dict[str, Any] | None) -> bool:
        """Whether it may be remembered: a file can be in millions of pieces."""
        frames = len(self.entry["view"]["frames"]) if "view" in self.entry else 0
        pieces = 0 if pixels is None else sum(map(len, pixels["frames"]))
        return pieces <= PIECES_NOTED * max(1, frames)

    async def stored_frame(self, number: int) -> bytes | None:
        """
        A frame (from 0) as the file has it, little endian, or compressed as it came.

        None where the file itself is kept: then it lies there.  Raises `OriginalGone`, `Unknown`,
        `vault.Tampered` and `Busy`.
        """
        self._must_be_there()
        if self.entry["at"]:
            return None
        view = self.entry["view"]
        if not 0 <= number < len(view["frames"]):
            raise Unknown
        if "layout" not in self.noted:
            plan = await _Skeleton(view["skeleton"], self._read).plan()
            self.noted["layout"] = plan["layout"] | {"big": False}
        frame = b"".join(await self._read("frames", places(view["frames"][number])))
        return await _stored_frame(self._pool, self.noted["layout"], frame)

    def _must_be_there(self) -> None:
        if self.is_gone:
            raise OriginalGone

    async def _stored(self, start: int, stop: int) -> Pieces:
        for at in range(start, stop, STRETCH):
            wanted = cut(self.entry["at"], at, min(at + STRETCH, stop))
            yield b"".join(await self._read("pack", wanted))

    async def _rebuilt(self, start: int, stop: int) -> Pieces:
        rebuilt = _whole if self.size <= REBUILT_AT_ONCE else _pieces
        async for at, piece in rebuilt(self.entry["view"], self._read, self._pool, start):
            left, right = max(start - at, 0), min(stop - at, len(piece))
            for begin in range(left, right, STRETCH):
                yield piece[begin : min(begin + STRETCH, right)]
            if at + len(piece) >= stop:
                return


async def _proved(pieces: Pieces, sha256: str) -> Pieces:
    """Everything; the last piece only when the digest of all is right."""
    digest, last = hashlib.sha256(), b""
    async for piece in pieces:
        await asyncio.to_thread(digest.update, piece)
        if last:
            yield last
        last = piece
    if digest.hexdigest() != sha256:
        raise vault.Tampered
    if last:
        yield last


async def _whole(view: FrameSet, read: Read, pool: Pool, _start: int) -> Placed:
    """A small file in one piece."""
    skeleton = b"".join(await read("frames", places(view["skeleton"])))
    frames = [b"".join(await read("frames", places(each))) for each in view["frames"]]
    try:
        whole = await pool.rebuild(skeleton, frames)
    except (PoolFull, ChildLost):  # neither says anything about what is stored
        raise Busy(retry_after=2) from None
    if whole is None:
        raise vault.Tampered
    yield 0, whole


async def _pieces(view: FrameSet, read: Read, pool: Pool, start: int) -> Placed:
    """
    The file piece by piece: kept bytes in stretches, and each frame as it was stored.

    Frames that end before *start* are neither read nor decoded.
    """
    skeleton = _Skeleton(view["skeleton"], read)
    plan = await skeleton.plan()
    at, length_native = 0, _native_length(plan)
    for what, number in plan["pieces"]:
        if what == 0:
            async for piece in skeleton.kept(number):
                yield at, piece
                at += len(piece)
            continue
        lies = places(view["frames"][number])
        length = length_native or sum(place.length for place in lies)
        if at + length > start:
            frame = await _stored_frame(pool, plan["layout"], b"".join(await read("frames", lies)))
            if len(frame) != length:
                raise vault.Tampered
            yield at, frame
        at += length


def _native_length(plan: dict[str, Any]) -> int:
    """Bytes of each frame in a file that is not compressed, where all are alike; else 0."""
    if plan["layout"]["raw"]:
        return 0
    kept = [number for what, number in plan["pieces"] if what == 0]
    frames = len(plan["pieces"]) - len(kept)
    return int((plan["size"] - sum(kept)) // frames) if frames else 0


async def _stored_frame(pool: Pool, layout: dict[str, Any], frame: bytes) -> bytes:
    if layout["raw"]:
        return frame
    try:
        stored = await pool.stored(layout, frame)
    except (PoolFull, ChildLost):  # neither says anything about what is stored
        raise Busy(retry_after=2) from None
    if stored is None:
        raise vault.Tampered
    return stored


class _Skeleton:
    """What rebuilds a file beside its frames, read as it is needed."""

    def __init__(self, at: JsonPlaces, read: Read) -> None:
        self._at, self._read_places = at, read
        self._size = sum(place.length for place in places(at))
        self._next = 0
        self._inflater = zlib.decompressobj()
        self._plain = b""

    async def plan(self) -> dict[str, Any]:
        """The plan, which stands in front."""
        try:
            length = plan_length(await self._take(SKELETON_HEAD))
            plan: dict[str, Any] = json.loads(await self._take(length))
        except ValueError:  # it is ours and was sealed: nobody who asks sent it
            raise vault.Tampered from None
        return plan

    async def kept(self, number: int) -> Pieces:
        """The next *number* bytes that are not pixels."""
        while number:
            if not self._plain:
                await self._inflate()
            piece, self._plain = self._plain[:number], self._plain[number:]
            number -= len(piece)
            yield piece

    async def _inflate(self) -> None:
        packed = self._inflater.unconsumed_tail or await self._take(STRETCH)
        try:
            self._plain = await asyncio.to_thread(self._inflater.decompress, packed, STRETCH)
        except zlib.error:
            raise vault.Tampered from None
        if not self._plain and not self._inflater.unconsumed_tail and self._next >= self._size:
            raise vault.Tampered

    async def _take(self, number: int) -> bytes:
        stop = min(self._next + number, self._size)
        wanted = cut(self._at, self._next, stop)
        self._next = stop
        return b"".join(await self._read_places("frames", wanted))


def cut(listed: JsonPlaces, start: int, stop: int | None) -> list[Place]:
    """The places of the bytes from *start* to *stop* of something that lies in these places."""
    found, at = [], 0
    for place in places(listed):
        left, right = max(start - at, 0), min((stop or 2**63) - at, place.length)
        if left < right:
            found.append(Place(place.object, place.start + left, right - left))
        at += place.length
    return found
