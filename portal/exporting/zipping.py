"""
The records of a ZIP archive (PKWARE APPNOTE 6.3.10) whose entries are stored as they are.

Nothing is packed, so every length is known before a byte is read, and the archive can be entered
anywhere.  Sizes and places beyond 4 GiB are written as ZIP64.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from viewer.routes import Stretches

MOST: Final = 0xFFFFFFFF
"""From here on a size or a place is written as ZIP64."""
MANY: Final = 0xFFFF
"""From here on a number of entries is."""
UTF8: Final = 0x0800
"""General purpose bit 11: names are UTF-8."""
PLAIN, LONG = 20, 45
"""Versions needed to extract: folders and stored entries; ZIP64."""
UNIX: Final = 3 << 8
READABLE: Final = 0o100644 << 16
"""A plain file for the owner to write and for everybody to read, as Unix keeps it."""
FIRST_YEAR, LAST_YEAR = 1980, 2107
"""What a date in a ZIP can say."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What the bytes of an entry add up to."""

    crc32: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive that nobody has read yet."""

    name: str = field(repr=False)
    size: int
    """Bytes."""
    mark: bytes
    """Two entries of one mark have the same bytes."""
    read: Stretches = field(repr=False)
    day: str = ""
    """`YYYYMMDD`; anything else is the first day that a ZIP knows."""
    lies: bytes = b""
    """Where it is kept: the same bytes, sent again, lie elsewhere."""
    sha256: bytes = b""
    """What it has to be, when somebody knows."""
    crc32: int | None = None
    """The same."""

    @property
    def promised(self) -> Sums | None:
        """What the bytes add up to, when all of it is known without reading them."""
        if self.crc32 is None or not self.sha256:
            return None
        return Sums(self.crc32, self.sha256)

    @property
    def path(self) -> bytes:
        """The name as it is written."""
        return self.name.encode()


def header_length(entry: Entry) -> int:
    """Bytes of `header`."""
    return 30 + len(entry.path) + (20 if entry.size >= MOST else 0)


def header(entry: Entry, crc32: int) -> bytes:
    """The local header in front of an entry's bytes."""
    extra, size, version = b"", entry.size, PLAIN
    if entry.size >= MOST:
        extra, size, version = struct.pack("<2H2Q", 1, 16, entry.size, entry.size), MOST, LONG
    fixed = struct.pack(
        "<4s5H3I2H", b"PK\3\4", version, UTF8, 0, 0, _date(entry.day), crc32, size, size,
        len(entry.path), len(extra),
    )  # fmt: skip
    return fixed + entry.path + extra


def listed_length(entry: Entry, at: int) -> int:
    """Bytes of `listed`."""
    more = 16 * (entry.size >= MOST) + 8 * (at >= MOST)
    return 46 + len(entry.path) + (4 + more if more else 0)


def listed(entry: Entry, at: int, crc32: int) -> bytes:
    """The entry in the central directory; its header begins at byte *at*."""
    long = [entry.size, entry.size] if entry.size >= MOST else []
    long += [at] if at >= MOST else []
    extra = struct.pack(f"<2H{len(long)}Q", 1, 8 * len(long), *long) if long else b""
    version, size = LONG if long else PLAIN, min(entry.size, MOST)
    fixed = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", UNIX | LONG, version, UTF8, 0, 0, _date(entry.day), crc32,
        size, size, len(entry.path), len(extra), 0, 0, 0, READABLE, min(at, MOST),
    )  # fmt: skip
    return fixed + entry.path + extra


def ending(count: int, at: int, length: int) -> bytes:
    """What closes the archive: *count* entries listed in *length* bytes that begin at *at*."""
    long = b""
    if count >= MANY or at >= MOST or length >= MOST:
        long = struct.pack(
            "<4sQ2H2I4Q", b"PK\6\6", 44, UNIX | LONG, LONG, 0, 0, count, count, length, at
        ) + struct.pack("<4sIQI", b"PK\6\7", 0, at + length, 1)
    return long + struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, min(count, MANY), min(count, MANY), min(length, MOST),
        min(at, MOST), 0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of an archive lies, in bytes from its beginning."""

    starts: Sequence[int]
    """Of each entry's header."""
    directory: int
    """Of the central directory."""
    end: int
    """Of what closes the archive."""
    size: int

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Layout":
        """Of these entries in this order."""
        starts, at = [], 0
        for entry in entries:
            starts.append(at)
            at += header_length(entry) + entry.size
        length = sum(listed_length(*each) for each in zip(entries, starts, strict=True))
        closing = len(ending(len(entries), at, length))
        return cls(starts, at, at + length, at + length + closing)


def _date(day: str) -> int:
    """A day as MS-DOS wrote it."""
    if re.fullmatch("[0-9]{8}", day) and FIRST_YEAR <= int(day[:4]) <= LAST_YEAR:
        return (int(day[:4]) - FIRST_YEAR) << 9 | int(day[4:6]) << 5 | int(day[6:])
    return 1 << 5 | 1
