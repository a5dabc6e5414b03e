"""
How files travel: a part is a small binary message with a few records.

    "HDP1"  u32 number of records
    per record:  u32 file  u64 total size  u64 offset  u32 length  32 bytes SHA-256  the bytes

All integers big-endian.  A file of up to `PIECE` bytes is one record; a larger one is cut into
pieces of exactly `PIECE` bytes (the last one shorter), each a record of its own.  `file` is the
number the sender gave the file; names never travel.
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from portal.studies.errors import PartDamaged, PartTooLarge

MAGIC: Final = b"HDP1"
PIECE: Final = 4 * 1024 * 1024
PART: Final = 8 * 1024 * 1024
"""Bytes of files in one part."""
RECORDS: Final = 1024
"""Files in one part."""
FILE: Final = 512 * 1024 * 1024
"""The largest file, because a file is read in one piece by the limited child."""
FILES: Final = 1_000_000

_HEAD: Final = struct.Struct(">4sI")
_RECORD: Final = struct.Struct(">IQQI32s")

BODY: Final = PART + _HEAD.size + RECORDS * _RECORD.size
"""Bytes of the longest part."""


@dataclass(frozen=True, slots=True)
class Record:
    """One file, or one piece of a large file."""

    file: int
    total: int
    offset: int
    data: memoryview
    digest: bytes

    @property
    def whole(self) -> bool:
        """Whether this is a file and not a piece of one."""
        return len(self.data) == self.total

    @property
    def piece(self) -> int:
        """The piece's place in its file, from 0."""
        return self.offset // PIECE


def parse(body: bytes | bytearray) -> list[Record]:
    """
    The records of a part, each checked against its SHA-256.

    Raises `PartDamaged` for anything but a complete part, `PartTooLarge` above the limits.
    """
    view = memoryview(body)
    if len(view) > BODY:
        raise PartTooLarge
    if len(view) < _HEAD.size:
        raise PartDamaged
    magic, count = _HEAD.unpack_from(view)
    if magic != MAGIC or not 1 <= count <= RECORDS:
        raise PartDamaged
    records, at = [], _HEAD.size
    for _ in range(count):
        record, at = _record(view, at)
        records.append(record)
    if at != len(view) or len({(each.file, each.offset) for each in records}) != count:
        raise PartDamaged
    return records


def _record(view: memoryview, at: int) -> tuple[Record, int]:
    if len(view) - at < _RECORD.size:
        raise PartDamaged
    file, total, offset, length, digest = _RECORD.unpack_from(view, at)
    start, stop = at + _RECORD.size, at + _RECORD.size + length
    if stop > len(view) or not _plausible(file, total, offset, length):
        raise PartDamaged
    data = view[start:stop]
    if hashlib.sha256(data).digest() != digest:
        raise PartDamaged
    return Record(file, total, offset, data, digest), stop


def _plausible(file: int, total: int, offset: int, length: int) -> bool:
    if not (file < FILES and 0 < length <= total <= FILE):
        return False
    if total <= PIECE:
        return offset == 0 and length == total
    return offset % PIECE == 0 and length == min(PIECE, total - offset) and offset < total


def sha256(data: bytes | bytearray | memoryview) -> bytes:
    """The SHA-256 of *data* (FIPS 180-4)."""
    return hashlib.sha256(data).digest()


def digests(data: bytes | bytearray | memoryview) -> list[bytes]:
    """The SHA-256 of each piece."""
    view = memoryview(data)
    return [sha256(view[start : start + PIECE]) for start in range(0, len(view), PIECE)]


def pieces(total: int) -> int:
    """How many records a file of *total* bytes travels in."""
    return -(-total // PIECE)


def fingerprint(of_pieces: list[bytes]) -> bytes:
    """
    What tells one file's content from another's before it is sent: the SHA-256 of a file of one
    piece, else the SHA-256 over the SHA-256 of its pieces, so a browser can compute it as it reads.
    """
    return of_pieces[0] if len(of_pieces) == 1 else sha256(b"".join(of_pieces))


def known_by(data: bytes | bytearray | memoryview) -> bytes:
    """The same for a whole file."""
    return fingerprint(digests(data))


def build(files: list[tuple[int, bytes]]) -> bytes:
    """One part with these whole files, each of at most `PIECE` bytes (what programs send)."""
    records = [(file, len(data), 0, data) for file, data in files]
    return _built(records)


def build_pieces(file: int, data: bytes) -> list[bytes]:
    """The parts of one large file, a piece each."""
    return [
        _built([(file, len(data), start, data[start : start + PIECE])])
        for start in range(0, len(data), PIECE)
    ]


def _built(records: list[tuple[int, int, int, bytes]]) -> bytes:
    out = [_HEAD.pack(MAGIC, len(records))]
    for file, total, offset, data in records:
        out += [
            _RECORD.pack(file, total, offset, len(data), hashlib.sha256(data).digest()),
            data,
        ]
    return b"".join(out)
