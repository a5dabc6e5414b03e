"""
ZIP files: their files are sent as if they lay in a folder, and nothing of them is unpacked on disk.

The limits are those of the upload page: a name is never a path, a size is never believed.
"""

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol

from portal.carrying.locked import METHOD, WrongPassword, unlocked
from portal.carrying.names import reached

ENTRIES: Final = 20_000
RATIO: Final = 200
"""How many times larger than packed all files together may be."""
SMALL: Final = 64 * 1024 * 1024
"""Bytes that are no bomb whatever their ratio."""
TRIED: Final = 64 * 1024 * 1024
"""Bytes that are unpacked to see whether a password is right."""
TRIES: Final = 3
STRETCH: Final = 1024 * 1024
ENCRYPTED: Final = 0x1
PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, METHOD)
"""What is unpacked no further than it is read; Python lets bzip2 and LZMA grow as they like."""
ENDING: Final = ".zip"
BEGINS: Final = (b"PK\x03\x04", b"PK\x05\x06")
FAULTS: Final = (
    OSError, EOFError, ValueError, KeyError, RuntimeError, zlib.error, zipfile.BadZipFile,
    WrongPassword,
)  # fmt: skip
"""What reading a ZIP raises; `RuntimeError` and its kind for what is encrypted or unknown."""

AskPassword = Callable[[Path, bool], str]
"""For which file, and whether another one was wrong; an empty answer: there is none."""


class Stream(Protocol):
    """A file that is read from its beginning."""

    def read(self, most: int, /) -> bytes:
        """The next bytes."""

    def close(self) -> None:
        """No more."""


@dataclass
class Zip:
    """A ZIP that was looked into; open only while something of it is read."""

    path: Path
    moment: int
    """Of its last change, in nanoseconds."""
    password: str = field(default="", repr=False)
    _file: IO[bytes] | None = None
    _archive: zipfile.ZipFile | None = None

    def opened(self, info: zipfile.ZipInfo, password: str = "") -> Stream:
        """One file of it from its beginning.  Raises `FAULTS`."""
        archive, file = self._ready()
        password = password or self.password
        if info.compress_type == METHOD:
            return unlocked(file, info, password)
        locked = bool(info.flag_bits & ENCRYPTED)
        return archive.open(info, pwd=password.encode() if locked else None)

    def close(self) -> None:
        """Until it is read again."""
        if self._archive is not None and self._file is not None:
            self._archive.close()
            self._file.close()
        self._archive = self._file = None

    def _ready(self) -> tuple[zipfile.ZipFile, IO[bytes]]:
        if self._archive is None or self._file is None:
            self._check()
            file = reached(self.path).open("rb")
            try:
                self._archive = zipfile.ZipFile(file)
            except BaseException:
                file.close()
                raise
            self._file = file
        return self._archive, self._file

    def _check(self) -> None:
        if moment_of(self.path) != self.moment:
            raise ValueError("another ZIP")


@dataclass(frozen=True, slots=True)
class Inside:
    """A file in a ZIP."""

    zip: Zip
    info: zipfile.ZipInfo

    @property
    def path(self) -> Path:
        """As people are shown it."""
        return self.zip.path / self.info.filename

    @property
    def size(self) -> int:
        """Bytes, as the ZIP says; it is read no further."""
        return self.info.file_size


@dataclass
class Desk:
    """Where one file of one ZIP lies open, so that the pieces of a large one are read in a row."""

    _at: tuple[Inside, Stream, int] | None = None

    def read(self, inside: Inside, offset: int, length: int) -> bytes:
        """So many bytes, or fewer at the end.  Raises `FAULTS`."""
        stream, place = self._placed(inside, offset)
        self._at = inside, stream, place
        data = bytearray()
        try:
            while place < offset:
                place += len(_some(stream, offset - place))
            while len(data) < length and (piece := stream.read(min(STRETCH, length - len(data)))):
                data += piece
        except BaseException:
            self.clear()
            raise
        self._at = inside, stream, place + len(data)
        return bytes(data)

    def clear(self) -> None:
        """Nothing lies open any more."""
        if self._at is not None:
            inside, stream, _ = self._at
            self._at = None
            with suppress(*FAULTS):
                stream.close()
            inside.zip.close()

    def _placed(self, inside: Inside, offset: int) -> tuple[Stream, int]:
        if self._at is not None:
            now, stream, place = self._at
            if now == inside and place <= offset:
                return stream, place
            if now.zip is inside.zip:
                stream.close()
                self._at = None
        self.clear()
        try:
            return inside.zip.opened(inside.info), 0
        except BaseException:
            inside.zip.close()
            raise


def _some(stream: Stream, most: int) -> bytes:
    piece = stream.read(min(STRETCH, most))
    if not piece:
        raise EOFError
    return piece


def is_zip(path: Path) -> bool:
    """By its ending and its beginning: documents of offices are ZIPs, too."""
    if path.suffix.lower() != ENDING:
        return False
    try:
        with reached(path).open("rb") as opened:
            return opened.read(4) in BEGINS
    except OSError:
        return False


def inside(path: Path, ask: AskPassword) -> Iterator[Inside | tuple[Path, str]]:
    """The files of a ZIP, and which of them are not sent, with the reason."""
    try:
        zip_ = Zip(path, moment_of(path))
        with zipfile.ZipFile(reached(path)) as archive:
            listed = [each for each in archive.infolist() if not each.is_dir()]
    except FAULTS:
        yield path, "is a ZIP that is damaged or not complete"
        return
    why = _no_use(listed)
    if why:
        yield path, why
        return
    locked = [each for each in listed if each.flag_bits & ENCRYPTED and not _refused(each)]
    opens = not locked or _password(zip_, locked, ask)
    for each in listed:
        why = _refused(each)
        if not why and each.flag_bits & ENCRYPTED and not opens:
            why = "is protected by a password"
        yield (path / plain(each.filename), why) if why else Inside(zip_, each)


def moment_of(path: Path) -> int:
    """When it was changed, in nanoseconds.  Raises `OSError`."""
    return reached(path).stat().st_mtime_ns


def plain(name: str) -> str:
    """A name to be shown: no way up or out of it."""
    parts = "".join(each if each.isprintable() else " " for each in name).replace("\\", "/")
    return "/".join(each for each in parts.split("/") if each not in {"", ".", ".."})


def _no_use(listed: list[zipfile.ZipInfo]) -> str:
    if len(listed) > ENTRIES:
        return "is a ZIP of more than 20,000 files: please unpack it first"
    packed = sum(each.compress_size for each in listed)
    whole = sum(each.file_size for each in listed)
    return (
        "is a ZIP that unpacks to far more than it could hold"
        if whole > SMALL and whole > packed * RATIO
        else ""
    )


def _refused(info: zipfile.ZipInfo) -> str:
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "has a name that leads out of its ZIP"
    if info.compress_type not in PACKED:
        return "is packed in a way that is not opened: please unpack it first"
    return "is a link" if stat.S_ISLNK(info.external_attr >> 16) else ""


def _password(zip_: Zip, locked: list[zipfile.ZipInfo], ask: AskPassword) -> bool:
    """Ask until the password opens the smallest of them, or there is none."""
    smallest = min(locked, key=lambda each: each.file_size)
    for number in range(TRIES):
        typed = ask(zip_.path, number > 0)
        if not typed:
            return False
        if _opens(zip_, smallest, typed):
            zip_.password = typed
            return True
    return False


def _opens(zip_: Zip, info: zipfile.ZipInfo, password: str) -> bool:
    left = min(info.file_size, TRIED)
    try:
        stream = zip_.opened(info, password)
        # To its end, one byte further than it says: that is where sums are compared.
        while left >= 0 and (piece := stream.read(min(STRETCH, left + 1))):
            left -= len(piece)
        stream.close()
    except FAULTS:
        return False
    finally:
        zip_.close()
    return True
