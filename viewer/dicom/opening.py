"""From the bytes of a file to a walked data set: preamble, file meta, transfer syntax (PS3.10)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final

from viewer.dicom.dataset import Dataset
from viewer.dicom.reasons import Reason, Unreadable
from viewer.dicom.scanning import Element, Elements, Walk
from viewer.dicom.sniffing import runs, sniff

IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
GE_PRIVATE: Final = "1.2.840.113619.5.2"

MAX_FILE: Final = 1 << 30
MAX_INFLATED: Final = 256 << 20
_FREE_INFLATED: Final = 64 << 20
_MAX_RATIO: Final = 200
_DICOMDIR: Final = "1.2.840.10008.1.3.10"
_LONGER: Final = frozenset({b"OB", b"OW", b"UN", b"SQ", b"UT"})
_MAX_META: Final = 64

Buffer = bytes | bytearray | memoryview


@dataclass(slots=True)
class Opened:
    """A file whose structure has been walked completely."""

    data: Buffer
    """The bytes the elements point into; not the file itself when that is deflated."""
    dataset: Dataset
    transfer_syntax: str
    meta_class: str
    packed: int | None
    """Where in the file a deflated data set begins; None for a file that is not deflated."""
    warnings: list[str] = field(default_factory=list)

    @property
    def deflated(self) -> bool:
        return self.packed is not None


def open_file(data: Buffer) -> Opened:
    """Walk a whole file. Raises Unreadable with the reason it is refused for."""
    if len(data) > MAX_FILE:
        raise Unreadable(Reason.TOO_LARGE, "file")
    warnings: list[str] = []
    start = _start(data, warnings)
    meta, start = _file_meta(data, start)
    if not meta.elements:
        warnings.append("no_file_meta")
    meta_class = meta.uid(0x00020002)
    if meta_class == _DICOMDIR:
        raise Unreadable(Reason.DICOMDIR)
    syntax = meta.uid(0x00020010)
    packed = start if syntax == DEFLATED else None
    if packed is not None:
        data, start = _inflate(data, packed), 0
    explicit, little = _encoding(data, start, syntax)
    walk = Walk(data, start, explicit=explicit, little=little)
    if 0x00041220 in walk.elements:
        raise Unreadable(Reason.DICOMDIR)
    if walk.opaque:
        warnings.append("bad_value")
    if not syntax:
        syntax = _default_syntax(explicit=explicit, little=little)
    return Opened(data, Dataset(data, walk.elements), syntax, meta_class, packed, warnings)


def _start(data: Buffer, warnings: list[str]) -> int:
    """Where the file meta, or without one the data set, begins."""
    if data[128:132] == b"DICM":
        preamble = bytes(data[:128])
        if runs(preamble):
            raise Unreadable(Reason.EXECUTABLE, "in the preamble")
        if any(preamble):
            warnings.append("preamble")
        return 132
    warnings.append("no_preamble")
    if data[:4] == b"DICM":
        return 4
    if _plausible(data):
        return 0
    raise Unreadable(sniff(data))


def _plausible(data: Buffer) -> bool:
    """Whether a file without the letters DICM begins with elements of group 2 or 8."""
    head = bytes(data[:12])
    if len(head) < 12 or head[:2] not in {b"\x02\x00", b"\x08\x00", b"\x00\x08"}:
        return False
    little = head[0] != 0
    number = int.from_bytes(head[2:4], "little" if little else "big")
    if number > 0x1200:
        return False
    if head[4:6].isalpha() and head[4:6].isupper():
        return True
    return little and int.from_bytes(head[4:8], "little") <= min(len(data), 1 << 16)


def _file_meta(data: Buffer, start: int) -> tuple[Dataset, int]:
    """Group 2 is explicit little endian; it ends where the group number does, whatever it says."""
    elements: Elements = {}
    pos = start
    for _ in range(_MAX_META):
        header = bytes(data[pos : pos + 12])
        if header[:2] != b"\x02\x00":
            break
        vr = header[4:6]
        if not (vr.isalpha() and vr.isupper()):
            raise Unreadable(Reason.DAMAGED, "file meta")
        long = vr in _LONGER
        length = int.from_bytes(header[8:12] if long else header[6:8], "little")
        begin = pos + (12 if long else 8)
        pos = begin + length
        if pos > len(data):
            raise Unreadable(Reason.TRUNCATED, "file meta")
        tag = 0x00020000 | int.from_bytes(header[2:4], "little")
        elements[tag] = Element(tag, vr.decode("ascii"), begin, length, little=True)
    if pos >= len(data):
        raise Unreadable(Reason.TRUNCATED, "no data set")
    return Dataset(data, elements), pos


def _inflate(data: Buffer, start: int) -> bytes:
    limit = min(MAX_INFLATED, max(_FREE_INFLATED, _MAX_RATIO * (len(data) - start)))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(memoryview(data)[start:], limit)
    except zlib.error:
        raise Unreadable(Reason.DAMAGED, "deflated data set") from None
    if inflater.unconsumed_tail or len(plain) >= limit:
        raise Unreadable(Reason.BOMB)
    if not inflater.eof:
        raise Unreadable(Reason.TRUNCATED, "deflated data set")
    return plain


def _encoding(data: Buffer, start: int, syntax: str) -> tuple[bool, bool]:
    """(explicit, little) by the transfer syntax, or by the first element when it names none."""
    if syntax in {IMPLICIT, GE_PRIVATE}:
        return _looks_explicit(data, start), True
    if syntax == BIG_ENDIAN:
        return True, False
    if syntax:
        return True, True
    little = data[start : start + 1] != b"\x00"
    return _looks_explicit(data, start), little


def _looks_explicit(data: Buffer, start: int) -> bool:
    code = bytes(data[start + 4 : start + 6])
    return len(code) == 2 and code.isalpha() and code.isupper()


def _default_syntax(*, explicit: bool, little: bool) -> str:
    if not little:
        return BIG_ENDIAN
    return EXPLICIT if explicit else IMPLICIT
