"""
An archive as a stream that can be entered at any byte: only what is asked for is read.

The sum of an entry stands in front of its bytes and again at the archive's end.  Manifests know
those of files.  Of anything else, what is small is read before its header leaves; what is large is
read once for its sum and once more to be sent.  Sums that were made are remembered, so that a
download that goes on reads nothing twice; where they were forgotten they are made anew, and the
bytes are the same.
"""

import asyncio
import hashlib
import zlib
from bisect import bisect_right
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from portal import storing, vault
from portal.exporting import zipping
from portal.exporting.zipping import Entry, Layout, Sums
from portal.memories import Memory

AT_ONCE: Final = 4 * 1024 * 1024
"""Bytes of an entry that is kept in memory between its sum and its sending."""
STRETCH: Final = 1024 * 1024
REMEMBERED: Final = 50_000
"""Entries of which the sums are remembered."""
SUMS: Final = "SHA256SUMS.txt"
FORM: Final = b"2"
"""Counts the forms of our archives: another one is another archive."""
UNREADABLE: Final = (storing.Damaged, vault.Tampered)

Placed = AsyncGenerator[tuple[int, bytes], None]
Pieces = AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Known:
    """What this process learnt of entries; nothing of it can be read from outside."""

    sums: Memory[bytes, Sums] = field(default_factory=lambda: Memory(REMEMBERED))
    """By mark."""
    unreadable: Memory[bytes, None] = field(default_factory=lambda: Memory(REMEMBERED))
    """By where it lies: the next archive leaves it out and says so."""
    sizes: Memory[bytes, int] = field(default_factory=lambda: Memory(REMEMBERED))
    """By mark: bytes of what lies inside another file and was looked into."""


class Archive:
    """Entries in their order, and behind them the list of their SHA-256 digests."""

    def __init__(self, entries: Sequence[Entry], known: Known) -> None:
        self._known = known
        self._sums: dict[int, Sums] = {}
        mark = hashlib.sha256(FORM)
        for each in entries:
            # No size, which its mark says, too: so the tag is known before everything is made.
            mark.update(f"{len(each.path)}:{each.day:8.8}:{each.name}".encode())
            mark.update(hashlib.sha256(each.mark).digest())
        length = sum(64 + 2 + len(each.path) + 1 for each in entries)
        sums = Entry(SUMS, length, mark.digest(), self._listed)
        self._entries = [*entries, sums]
        self._layout = Layout.of(self._entries)
        self.etag = mark.hexdigest()[:32]
        """Two archives of one tag are the same, byte for byte (RFC 9110, 8.8.1: strong)."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self._layout.size

    @property
    def entries(self) -> Sequence[Entry]:
        """All but the list of their digests."""
        return self._entries[:-1]

    @property
    def count(self) -> int:
        """Files."""
        return len(self._entries)

    async def stretches(self, start: int, stop: int) -> Pieces:
        """
        The bytes from *start* up to *stop*.

        Raises `vault.Tampered` or `storing.Damaged` when something does not open any more or is
        not what it was; `Unknown` when it is gone.
        """
        async with aclosing(self._placed(start, stop)) as pieces:
            async for at, piece in pieces:
                left, right = max(start - at, 0), min(stop - at, len(piece))
                for begin in range(left, right, STRETCH):
                    yield piece[begin : min(begin + STRETCH, right)]

    async def _placed(self, start: int, stop: int) -> Placed:
        starts = self._layout.starts
        for index in range(max(bisect_right(starts, start) - 1, 0), len(starts)):
            if starts[index] >= stop:
                return
            async with aclosing(self._entry(index, start, stop)) as pieces:
                async for piece in pieces:
                    yield piece
        if stop <= self._layout.directory:
            return
        async with aclosing(self._directory(start)) as pieces:
            async for piece in pieces:
                yield piece

    async def _entry(self, index: int, start: int, stop: int) -> Placed:
        entry, at = self._entries[index], self._layout.starts[index]
        begins, whole = at + zipping.header_length(entry), None
        if start < begins:
            if entry.size <= AT_ONCE:
                whole = await self._read_whole(index)
            yield at, zipping.header(entry, (await self._sum(index)).crc32)
        left, right = max(start - begins, 0), min(stop - begins, entry.size)
        if left >= right:
            return
        if whole is not None:
            yield begins, whole
            return
        at = begins + left
        async with aclosing(self._read(entry, left, right)) as pieces:
            async for piece in pieces:
                yield at, piece
                at += len(piece)

    async def _directory(self, start: int) -> Placed:
        """The central directory, and what closes the archive."""
        at = self._layout.directory
        for index, entry in enumerate(self._entries):
            length = zipping.listed_length(entry, self._layout.starts[index])
            if at + length > start:
                crc32 = (await self._sum(index)).crc32
                yield at, zipping.listed(entry, self._layout.starts[index], crc32)
            at += length
        length = self._layout.end - self._layout.directory
        yield at, zipping.ending(len(self._entries), self._layout.directory, length)

    async def _read(self, entry: Entry, start: int, stop: int) -> Pieces:
        """So many bytes and no others; what cannot be read is remembered."""
        left = stop - start
        try:
            async with aclosing(entry.read(start, stop)) as pieces:
                async for piece in pieces:
                    left -= len(piece)
                    if left < 0:
                        break
                    yield piece
            if left:
                raise vault.Tampered
        except UNREADABLE:
            self._known.unreadable.put(entry.lies or entry.mark, None)
            raise

    async def _read_whole(self, index: int) -> bytes:
        entry = self._entries[index]
        whole = b"".join([piece async for piece in self._read(entry, 0, entry.size)])
        self._keep(index, await asyncio.to_thread(sums_of, whole))
        return whole

    async def _sum(self, index: int) -> Sums:
        """Remembered, or made by reading all of it."""
        entry = self._entries[index]
        known = self._before(index)
        if known is None:
            crc32, digest = 0, hashlib.sha256()
            async with aclosing(self._read(entry, 0, entry.size)) as pieces:
                async for piece in pieces:
                    crc32 = await asyncio.to_thread(zlib.crc32, piece, crc32)
                    await asyncio.to_thread(digest.update, piece)
            known = Sums(crc32, digest.digest())
        self._keep(index, known)
        return known

    def _keep(self, index: int, sums: Sums) -> None:
        """What has another sum than it had is not what it was."""
        entry = self._entries[index]
        before = self._before(index)
        if before not in {None, sums} or entry.sha256 not in {b"", sums.sha256}:
            self._known.unreadable.put(entry.lies or entry.mark, None)
            raise vault.Tampered
        self._sums[index] = sums
        if entry.promised is None:
            self._known.sums.put(entry.mark, sums)

    def _before(self, index: int) -> Sums | None:
        """What is known without reading."""
        entry = self._entries[index]
        return self._sums.get(index) or entry.promised or self._known.sums.get(entry.mark)

    async def _listed(self, start: int, stop: int) -> Pieces:
        """The digests as `sha256sum --check` reads them."""
        lines = []
        for index, entry in enumerate(self._entries[:-1]):
            sums = await self._sum(index)
            lines.append(f"{sums.sha256.hex()}  {entry.name}\n".encode())
        yield b"".join(lines)[start:stop]


def of_bytes(name: str, data: bytes) -> Entry:
    """An entry that is there already."""

    async def read(start: int, stop: int) -> Pieces:
        yield data[start:stop]

    return Entry(name, len(data), hashlib.sha256(data).digest(), read)


def sums_of(data: bytes) -> Sums:
    """What these bytes add up to; takes a thread."""
    return Sums(zlib.crc32(data), hashlib.sha256(data).digest())
