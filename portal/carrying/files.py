"""Files on this machine: found, told apart by content, and cut into what travels."""

import hashlib
import os
import stat
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from portal.carrying import zips
from portal.carrying.names import reached
from portal.carrying.zips import Desk, Inside

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


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be sent."""

    path: Path
    size: int
    fingerprint: str
    """Of its content, in hexadecimal."""
    kind: Literal["", "pdf", "photo"] = ""
    """Of a document; empty: it should be DICOM, which the portal finds out."""
    moment: int = 0
    """Of its last change, in nanoseconds."""
    inside: Inside | None = None
    """Where it lies in a ZIP."""


@dataclass(frozen=True, slots=True)
class Left:
    """A file that is not sent, or was not taken, and why."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
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
        start = reached(path)
        for folder, folders, names in os.walk(start):  # a link to a folder is not gone into
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for name in sorted(names):
                if not is_passed_over(name):
                    yield path / Path(folder).relative_to(start) / name


def is_passed_over(name: str) -> bool:
    """Whether a path, with `/` in it, is hidden or says nothing by itself."""
    parts = name.split("/")
    return any(each.startswith(".") for each in parts) or parts[-1].lower() in SYSTEM


def looked_at(path: Path) -> File | Left:
    """What a file is, having been read once."""
    try:
        facts = reached(path).stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for without end
            return Left(path, "is no file")
        with reached(path).open("rb") as opened:
            pieces = iter(lambda: opened.read(PIECE), b"")
            return _seen(File(path, facts.st_size, "", "", facts.st_mtime_ns), pieces)
    except OSError as error:
        return Left(path, f"cannot be read ({error.strerror})")


def looked_inside(packed: Inside, desk: Desk) -> File | Left:
    """The same for a file in a ZIP, whose sums are compared at its end."""
    path, size = packed.path, packed.size
    places = range(0, size + 1, PIECE) if size % PIECE else [*range(0, size, PIECE), size]
    pieces = (desk.read(packed, at, PIECE) for at in places)
    try:
        return _seen(File(path, size, "", "", packed.zip.moment, packed), filter(None, pieces))
    except zips.FAULTS:
        return Left(path, "is damaged in its ZIP")


def _seen(file: File, pieces: Iterator[bytes]) -> File | Left:
    begins = next(pieces, b"")
    why = _no_use(file.size, begins[: DICOM_AT + 4])
    if why:
        return Left(file.path, why)
    digests, length = [hashlib.sha256(begins).digest()], len(begins)
    for piece in pieces:
        digests.append(hashlib.sha256(piece).digest())
        length += len(piece)
    if length != file.size:
        return Left(file.path, "changed while it was read")
    whole = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
    return replace(file, fingerprint=whole.hex(), kind=_kind(begins))


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
        return "is an archive: please unpack it first"
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


def packed(files: Sequence[File], slices: Sequence[Slice], desk: Desk) -> tuple[bytes, list[Left]]:
    """One part, and the files that are no longer what they were; empty when nothing is left."""
    records, left = list[bytes](), list[Left]()
    for each in slices:
        file = files[each.file]
        data = _read(file, each, desk)
        if data is None:
            left.append(Left(file.path, "changed while it was sent"))
            continue
        digest = hashlib.sha256(data).digest()
        records += [RECORD.pack(each.file, file.size, each.offset, len(data), digest), data]
    if not records:
        return b"", left
    return HEAD.pack(b"HDP1", len(records) // 2) + b"".join(records), left


def _read(file: File, wanted: Slice, desk: Desk) -> bytes | None:
    """One piece; None when the file is gone, or was changed since it was looked at."""
    try:
        if file.inside is not None:
            if zips.moment_of(file.inside.zip.path) != file.moment:
                return None
            data = desk.read(file.inside, wanted.offset, wanted.length)
            return data if len(data) == wanted.length else None
        with reached(file.path).open("rb") as opened:
            opened.seek(wanted.offset)
            data = opened.read(wanted.length)
            facts = os.fstat(opened.fileno())
    except zips.FAULTS:
        return None
    same = (facts.st_size, facts.st_mtime_ns) == (file.size, file.moment)
    return data if same and len(data) == wanted.length else None
