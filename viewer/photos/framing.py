"""How the parts of a photo lie in its file, found by their lengths; nothing is decoded.

ITU-T T.81 Annex B (JPEG), W3C PNG section 5, RFC 9649 (WebP). No step depends on what a file says
of itself beyond the next length, and there are at most `MOST_PARTS` of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from viewer.photos.facts import LARGEST, MOST_PIXELS, Kind, kind_of

Fault = Literal["truncated", "damaged", "bomb", "polyglot", "photo_large", "too_many_elements"]
Buffer = bytes | bytearray | memoryview

MOST_PARTS: Final = 50_000

_STARTS_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_MARK, _SCAN, _END = 0xFF, 0xDA, 0xD9
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""In entropy-coded data a marker is what is neither a stuffed byte nor a restart."""

_FIRST_CHUNK: Final = 8
"""Bytes of the signature of PNG."""
_PDF_WITHIN: Final = 1024
"""Bytes in front of its header that readers of PDF forgive."""
_ZIP_END: Final = 22 + 65_535
"""Bytes from the end in which readers of ZIP look for its directory."""
_ACTIVE: Final = re.compile(
    rb"\A[\s\x00]*(?:MZ|\x7fELF|#!|PK\x03\x04|7z\xbc\xaf|Rar!|\x1f\x8b)"
    rb"|%PDF-|<(?:script|html|svg|iframe|body|\?php|!doctype)",
    re.IGNORECASE,
)
_LOOKED_AT: Final = 65_536
"""Bytes behind a photo in which other kinds of files are looked for."""


class Faulty(Exception):
    """This is no whole photo, or more than one; `why` is a code of ours."""

    def __init__(self, why: Fault) -> None:
        super().__init__(why)
        self.why: Fault = why


class Part(NamedTuple):
    """A segment of JPEG, or a chunk of PNG or WebP."""

    name: bytes
    """The marker's second byte, or the four letters."""
    start: int
    body: int
    """Where its content begins."""
    stop: int
    """Where the next one begins."""


@dataclass(slots=True)
class Frame:
    """A whole photo by its parts."""

    kind: Kind
    parts: list[Part] = field(default_factory=list)
    width: int = 0
    height: int = 0
    end: int = 0
    """Where the photo ends in its file; whatever follows does not belong to it."""

    def grows(self, width: int, height: int) -> None:
        """Says a size again: the larger one counts.  Raises `Faulty`."""
        self.width, self.height = max(self.width, width), max(self.height, height)
        if self.width * self.height > MOST_PIXELS:
            raise Faulty("bomb")


def fault_of(data: Buffer) -> Fault | None:
    """Why a photo is not taken, None for one that is.  *data* begins like one (`kind_of`)."""
    try:
        framed(data)
    except Faulty as fault:
        return fault.why
    return None


def size_of(data: Buffer) -> tuple[int, int]:
    """Width and height in pixels as they are stored.  Raises `Faulty`."""
    frame = framed(data)
    return frame.width, frame.height


def framed(data: Buffer) -> Frame:
    """The parts of a photo.  Raises `Faulty`."""
    if len(data) > LARGEST:
        raise Faulty("photo_large")
    kind = kind_of(data)
    if kind == "":
        raise Faulty("damaged")
    frame = Frame(kind)
    for part in _READERS[kind](memoryview(data), frame):
        frame.parts.append(part)
        if len(frame.parts) > MOST_PARTS:
            raise Faulty("too_many_elements")
    if frame.width < 1 or frame.height < 1:
        raise Faulty("damaged")
    _only_one(memoryview(data), frame.end)
    return frame


def _only_one(data: memoryview, end: int) -> None:
    """
    Cameras put films and further photos behind the first one; another kind of file is not taken.

    Raises `Faulty`.
    """
    if b"%PDF-" in bytes(data[:_PDF_WITHIN]):
        raise Faulty("polyglot")
    behind = data[end:]
    if _ACTIVE.search(behind[:_LOOKED_AT]) or b"PK\x05\x06" in bytes(behind[-_ZIP_END:]):
        raise Faulty("polyglot")


def _jpeg(data: memoryview, frame: Frame) -> Iterator[Part]:
    at = 2
    while True:
        start = at
        while _byte(data, at) == _MARK and _byte(data, at + 1) == _MARK:
            at += 1
            if at - start > MOST_PARTS:
                raise Faulty("damaged")
        if _byte(data, at) != _MARK:
            raise Faulty("damaged")
        marker = _byte(data, at + 1)
        if marker == _END:
            frame.end = at + 2
            return
        if marker in _ALONE:
            at += 2
            continue
        stop = at + 2 + _number(data, at + 2, 2)
        if stop < at + 4:
            raise Faulty("damaged")
        _within(data, stop)
        if marker in _STARTS_OF_FRAME:
            frame.grows(_number(data, at + 7, 2), _number(data, at + 5, 2))
        if marker == _SCAN:
            found = _NEXT_MARKER.search(data, stop)
            stop = found.start() if found else len(data)
        yield Part(bytes([marker]), start, at + 4, stop)
        at = stop


def _png(data: memoryview, frame: Frame) -> Iterator[Part]:
    at = _FIRST_CHUNK
    while True:
        name = bytes(data[at + 4 : at + 8])
        stop = at + 12 + _number(data, at, 4)
        _within(data, stop)
        if not name.isalpha() or (at == _FIRST_CHUNK) != (name == b"IHDR"):
            raise Faulty("damaged")
        if name in {b"IHDR", b"fcTL"}:
            skipped = 8 if name == b"IHDR" else 12
            frame.grows(_number(data, at + skipped, 4), _number(data, at + skipped + 4, 4))
        yield Part(name, at, at + 8, stop)
        at = stop
        if name == b"IEND":
            frame.end = stop
            return


def _webp(data: memoryview, frame: Frame) -> Iterator[Part]:
    frame.end = 8 + _number(data, 4, 4, "little")
    _within(data, frame.end)
    at = 12
    while at < frame.end:
        name = bytes(data[at : at + 4])
        length = _number(data, at + 4, 4, "little")
        if at + 8 + length > frame.end:
            raise Faulty("damaged")
        if measure := _MEASURES.get(name):
            frame.grows(*measure(data, at + 8))
        stop = min(at + 8 + length + length % 2, frame.end)
        yield Part(name, at, at + 8, stop)
        at = stop


def _canvas(data: memoryview, at: int) -> tuple[int, int]:
    return _number(data, at + 4, 3, "little") + 1, _number(data, at + 7, 3, "little") + 1


def _lossy(data: memoryview, at: int) -> tuple[int, int]:
    return _number(data, at + 6, 2, "little") & 0x3FFF, _number(data, at + 8, 2, "little") & 0x3FFF


def _lossless(data: memoryview, at: int) -> tuple[int, int]:
    packed = _number(data, at + 1, 4, "little")
    return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1


_READERS: Final[dict[str, Callable[[memoryview, Frame], Iterator[Part]]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
}
_MEASURES: Final[dict[bytes, Callable[[memoryview, int], tuple[int, int]]]] = {
    b"VP8X": _canvas,
    b"VP8 ": _lossy,
    b"VP8L": _lossless,
}


def _within(data: memoryview, stop: int) -> None:
    if stop > len(data):
        raise Faulty("truncated")


def _byte(data: memoryview, at: int) -> int:
    _within(data, at + 1)
    return data[at]


def _number(data: memoryview, at: int, length: int, order: Literal["big", "little"] = "big") -> int:
    _within(data, at + length)
    return int.from_bytes(data[at : at + length], order)
