"""Files on this machine: found, told apart by content, and cut into what travels."""

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

PIECE: Final = 4 * 1024 * 1024
PART: Final = 8 * 1024 * 1024
RECORDS: Final = 1024
LARGEST: Final = 512 * 1024 * 1024
"""As `portal.studies.parts` has them; a test compares."""

HEAD: Final = struct.Struct(">4sI")
RECORD: Final = struct.Struct(">IQQI32s")
SYSTEM: Final = frozenset({"thumbs.db", "desktop.ini", "dicomdir", "autorun.inf"})
"""Files that lie about on media and say nothing by themselves."""
PROGRAMS: Final = (b"MZ", b"\x7fELF")
ARCHIVES: Final = (b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b")
PHOTOS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
DICOM_AT: Final = 128


@dataclass(frozen=True)
class File:
    """A file that can be sent."""

    path: Path
    size: int
    fingerprint: str
    """Of its content, in hexadecimal."""
    kind: Literal["", "pdf", "photo"] = ""
    """Of a document; empty: it should be DICOM, which the portal finds out."""


@dataclass(frozen=True)
class Left:
    """A file that is not sent, or was not taken, and why."""

    path: Path
    why: str


@dataclass(frozen=True)
class Slice:
    """A file or a piece of one: which, where it begins, and how long it is."""

    file: int
    offset: int
    length: int


def found(paths: Iterable[Path]) -> Iterator[Path]:
    """Every file in and below *paths*, in an order that stays; hidden ones are passed over."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and name.lower() not in SYSTEM:
                    yield Path(folder) / name


def looked_at(path: Path) -> File | Left:
    """What a file is, having been read once."""
    try:
        size = path.stat().st_size
        with path.open("rb") as opened:
            why = _no_use(size, opened.read(DICOM_AT + 4))
            if why:
                return Left(path, why)
            opened.seek(0)
            begins = opened.read(PIECE)
            digests = [hashlib.sha256(begins).digest()]
            while piece := opened.read(PIECE):
                digests.append(hashlib.sha256(piece).digest())
    except OSError as error:
        return Left(path, f"cannot be read ({error.strerror})")
    whole = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
    return File(path, size, whole.hex(), _kind(begins))


def _kind(begins: bytes) -> Literal["", "pdf", "photo"]:
    if begins.startswith(b"%PDF-"):
        return "pdf"
    is_webp = begins[:4] == b"RIFF" and begins[8:12] == b"WEBP"
    return "photo" if is_webp or begins.startswith(PHOTOS) else ""


def _no_use(size: int, begins: bytes) -> str:
    if not size:
        return "is empty"
    if size > LARGEST:
        return "is larger than 512 MiB"
    if begins[DICOM_AT:] == b"DICM":
        return ""
    if begins.startswith(PROGRAMS):
        return "is a program"
    if begins.startswith(ARCHIVES):
        return "is an archive: please unpack it first, or upload it in the browser"
    return ""


def cut(files: Sequence[File]) -> list[list[Slice]]:
    """The parts in which *files* travel, always the same for the same files."""
    made: list[list[Slice]] = []
    open_, size = list[Slice](), 0
    for number, file in enumerate(files):
        if file.size > PIECE:
            made += [
                [Slice(number, start, min(PIECE, file.size - start))]
                for start in range(0, file.size, PIECE)
            ]
            continue
        if open_ and (size + file.size > PART or len(open_) == RECORDS):
            made.append(open_)
            open_, size = [], 0
        open_.append(Slice(number, 0, file.size))
        size += file.size
    return [*made, open_] if open_ else made


def packed(files: Sequence[File], slices: Sequence[Slice]) -> tuple[bytes, list[Left]]:
    """One part, and the files that are no longer what they were; empty when nothing is left."""
    records, left = list[bytes](), list[Left]()
    for each in slices:
        file = files[each.file]
        data = _read(file, each)
        if data is None:
            left.append(Left(file.path, "changed while it was sent"))
            continue
        digest = hashlib.sha256(data).digest()
        records += [RECORD.pack(each.file, file.size, each.offset, len(data), digest), data]
    if not records:
        return b"", left
    return HEAD.pack(b"HDP1", len(records) // 2) + b"".join(records), left


def _read(file: File, wanted: Slice) -> bytes | None:
    try:
        with file.path.open("rb") as opened:
            if os.fstat(opened.fileno()).st_size != file.size:
                return None
            opened.seek(wanted.offset)
            data = opened.read(wanted.length)
    except OSError:
        return None
    return data if len(data) == wanted.length else None
