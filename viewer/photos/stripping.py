"""A photo without what it tells beside its picture: parts are left out, nothing is encoded again.

What stays is what the picture needs to look the same: its coded data, its colours, and which way
up it is held.
"""

from __future__ import annotations

import zlib
from typing import Final

from viewer.photos.framing import Frame, Part, framed

_TIFF: Final = (
    b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01%b\x00\x00\x00\x00\x00\x00"
)
"""Exif 2.32 with one entry: the orientation."""
_EXIF: Final = b"Exif\x00\x00"
_CRC: Final = 4
"""Bytes behind the content of a PNG chunk."""
_JFIF_BYTES: Final = 14
"""Of a JFIF segment without a small picture in it."""
_KEPT_OF_PNG: Final = frozenset(
    b"tRNS gAMA cHRM sRGB iCCP sBIT cICP pHYs bKGD acTL fcTL fdAT".split(),
)
_KEPT_OF_WEBP: Final = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_SAYS_EXIF, _SAYS_XMP = 0x08, 0x04


def superfluous(data: bytes) -> bool:
    """Whether a photo tells anything that `without` would leave out.  Raises `Faulty`."""
    frame = framed(data)
    left_out = [each for each in frame.parts if not _needed(frame, data, each)]
    return frame.end < len(data) or any(not _only_turned(data, each) for each in left_out)


def without(data: bytes, orientation: int) -> bytes:
    """The same picture that tells nothing else, held as *orientation* (Exif, 1 to 8) says."""
    frame = framed(data)
    kept = [data[each.start : each.stop] for each in frame.parts if _needed(frame, data, each)]
    turned = _turned(orientation) if 2 <= orientation <= 8 else b""  # noqa: PLR2004 - Exif's range
    match frame.kind:
        case "jpeg":
            first = [_segment(_EXIF + turned)] if turned else []
            return b"".join([b"\xff\xd8", *_behind_jfif(kept, first), b"\xff\xd9"])
        case "png":
            more = [_chunk(b"eXIf", turned)] if turned else []
            return b"".join([data[:8], kept[0], *more, *kept[1:]])
        case _:
            return _riff(kept, turned)


def _needed(frame: Frame, data: bytes, part: Part) -> bool:
    match frame.kind:
        case "jpeg":
            return _needed_of_jpeg(data, part)
        case "png":
            return part.name[0:1].isupper() or part.name in _KEPT_OF_PNG
        case _:
            return part.name in _KEPT_OF_WEBP


def _needed_of_jpeg(data: bytes, part: Part) -> bool:
    marker, body = part.name[0], data[part.body : part.stop]
    if marker == 0xE0:  # noqa: PLR2004 - APP0
        return body.startswith(b"JFIF\x00") and len(body) == _JFIF_BYTES
    if marker == 0xE2:  # noqa: PLR2004 - APP2
        return body.startswith(b"ICC_PROFILE\x00")
    if marker == 0xEE:  # noqa: PLR2004 - APP14
        return body.startswith(b"Adobe")
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE)  # noqa: PLR2004 - APPn and COM


def _only_turned(data: bytes, part: Part) -> bool:
    """Whether a part says which way up the photo is held, as `without` writes it, and no more."""
    checked = _CRC if part.name == b"eXIf" else 0
    said = data[part.body : part.stop - checked].removeprefix(_EXIF)
    return any(said == _turned(each) for each in range(2, 9))


def _turned(orientation: int) -> bytes:
    return _TIFF % orientation.to_bytes(2, "big")


def _segment(body: bytes) -> bytes:
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body


def _behind_jfif(kept: list[bytes], more: list[bytes]) -> list[bytes]:
    """JFIF wants to be the first segment."""
    first = 1 if kept and kept[0].lstrip(b"\xff").startswith(b"\xe0") else 0
    return [*kept[:first], *more, *kept[first:]]


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


def _riff(kept: list[bytes], turned: bytes) -> bytes:
    """Only the extended form has a place for the orientation; the simple form has nothing else."""
    if kept[0].startswith(b"VP8X"):
        head = bytearray(kept[0])
        head[8] &= ~(_SAYS_EXIF | _SAYS_XMP) & 0xFF
        if turned:
            head[8] |= _SAYS_EXIF
            kept = [*kept, b"EXIF" + len(turned).to_bytes(4, "little") + turned]
        kept = [bytes(head), *kept[1:]]
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
