"""Decoding one compressed frame. What the stream claims is checked before memory is given to it.

imagecodecs decodes all of them: libjpeg-turbo (8 and 12 bit, progressive and lossless JPEG),
CharLS, OpenJPEG, OpenJPH. pylibjpeg-libjpeg is never used: its lossless JPEG is wrong (issue 90).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from viewer.dicom.reasons import Reason, Unreadable

Array = NDArray[Any]

_TS: Final = "1.2.840.10008.1.2."
RLE: Final = _TS + "5"
DEFLATED_FRAME: Final = _TS + "8.1"
JPEG: Final = frozenset(_TS + "4." + n for n in ("50", "51", "52", "53", "54", "55", "57", "70"))
JPEG_BASELINE: Final = _TS + "4.50"
JPEG_LS: Final = frozenset({_TS + "4.80", _TS + "4.81"})
J2K: Final = frozenset({_TS + "4.90", _TS + "4.91", _TS + "4.92", _TS + "4.93"})
HTJ2K: Final = frozenset({_TS + "4.201", _TS + "4.202", _TS + "4.203"})
LOSSY: Final = frozenset(_TS + "4." + n for n in ("50", "51", "53", "55", "81", "91", "93", "203"))


@dataclass(frozen=True, slots=True)
class Stream:
    """What a compressed frame says about itself."""

    rows: int
    columns: int
    samples: int
    precision: int
    process: int = -1
    """JPEG: number n of the SOFn marker."""
    colour: str = ""
    """JPEG: "RGB" or "YCbCr" when the markers decide it."""
    default: str = ""
    """JPEG: what a browser takes it for."""


def describe(syntax: str, data: bytes) -> Stream:
    """Size and depth from the markers of the stream. Raises Unreadable."""
    try:
        if syntax in J2K or syntax in HTJ2K:
            return _j2k(data)
        return _jpeg(data)
    except IndexError:
        raise Unreadable(Reason.BAD_PIXELS, "stream header") from None


def _j2k(data: bytes) -> Stream:
    start = data.find(b"\xff\x4f\xff\x51")
    if not 0 <= start <= 4096:
        raise Unreadable(Reason.BAD_PIXELS, "no JPEG 2000 stream")
    siz = data[start + 4 : start + 46]
    right, bottom, left, top = (int.from_bytes(siz[n : n + 4], "big") for n in (4, 8, 12, 16))
    samples = int.from_bytes(siz[36:38], "big")
    return Stream(bottom - top, right - left, samples, (siz[38] & 0x7F) + 1)


def _jpeg(data: bytes) -> Stream:
    if data[:2] != b"\xff\xd8":
        raise Unreadable(Reason.BAD_PIXELS, "no JPEG stream")
    pos, adobe, jfif = 2, -1, False
    while pos + 4 <= len(data):
        if data[pos] != 0xFF:
            break
        marker = data[pos + 1]
        if marker == 0xFF:
            pos += 1
            continue
        length = int.from_bytes(data[pos + 2 : pos + 4], "big")
        body = data[pos + 4 : pos + 2 + length]
        if marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
            adobe = body[11]
        jfif = jfif or (marker == 0xE0 and body[:4] == b"JFIF")
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}):
            return _start_of_frame(marker, body, adobe, jfif=jfif)
        pos += 2 + length
    raise Unreadable(Reason.BAD_PIXELS, "no frame in the JPEG stream")


def _start_of_frame(marker: int, body: bytes, adobe: int, *, jfif: bool) -> Stream:
    samples = body[5]
    names = bytes(body[6 : 6 + 3 * samples : 3])
    colour = ""
    if adobe >= 0:
        colour = "RGB" if adobe == 0 else "YCbCr"
    elif jfif:
        colour = "YCbCr"
    return Stream(
        rows=int.from_bytes(body[1:3], "big"),
        columns=int.from_bytes(body[3:5], "big"),
        samples=samples,
        precision=body[0],
        process=marker - 0xC0,
        colour=colour,
        default=colour or ("RGB" if names == b"RGB" else "YCbCr"),
    )


def decode(syntax: str, data: bytes, shape: tuple[int, int, int], *, luma: bool) -> Array:
    """One frame as (rows, columns) or (rows, columns, samples), in the depth of its stream.

    `shape` is (rows, columns, samples) of the header; a stream that says otherwise is refused, so
    that a small file cannot ask for a large picture. `luma`: JPEG colour is YCbCr unless the
    stream itself says differently; the answer is RGB then. Raises Unreadable.
    """
    stream = describe(syntax, data)
    if (stream.rows, stream.columns, stream.samples) != shape:
        raise Unreadable(Reason.BAD_PIXELS, "stream and header differ in size")
    try:
        array = _decoded(syntax, data, stream, luma=luma)
    except MemoryError:
        raise
    except Exception as fault:  # noqa: BLE001 - each codec has errors of its own
        raise Unreadable(Reason.BAD_PIXELS, type(fault).__name__) from None
    wanted = shape if shape[2] > 1 else shape[:2]
    if array.shape != wanted:
        raise Unreadable(Reason.BAD_PIXELS, "decoded size")
    return array


def _decoded(syntax: str, data: bytes, stream: Stream, *, luma: bool) -> Array:
    if syntax in J2K:
        array = imagecodecs.jpeg2k_decode(data)
    elif syntax in HTJ2K:
        array = imagecodecs.htj2k_decode(data)
    elif stream.process == 0x37:
        array = imagecodecs.jpegls_decode(data)
    elif stream.samples == 1 or stream.process == 3:
        array = imagecodecs.jpeg8_decode(data)
    else:
        colour = stream.colour or ("YCbCr" if luma else "RGB")
        array = imagecodecs.jpeg8_decode(data, colorspace=colour, outcolorspace="RGB")
    return np.asarray(array)


def decode_rle(data: bytes, samples: int, size: int, count: int) -> bytes:
    """RLE planes, least significant byte first, `count` values of `size` bytes in each plane.

    Raises Unreadable.
    """
    segments = int.from_bytes(data[:4], "little")
    if segments != samples * size:
        raise Unreadable(Reason.BAD_PIXELS, "RLE segments")
    try:
        plain = bytes(imagecodecs.dicomrle_decode(data, f"<u{size}"))
    except MemoryError:
        raise
    except Exception as fault:  # noqa: BLE001 - the codec has errors of its own
        raise Unreadable(Reason.BAD_PIXELS, type(fault).__name__) from None
    if len(plain) < samples * size * count:
        raise Unreadable(Reason.BAD_PIXELS, "RLE length")
    return plain[: samples * size * count]


def inflate_frame(data: bytes, size: int) -> bytes:
    """One deflated frame of exactly `size` bytes. Raises Unreadable."""
    try:
        plain = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size)
    except zlib.error:
        raise Unreadable(Reason.BAD_PIXELS, "deflated frame") from None
    if len(plain) != size:
        raise Unreadable(Reason.BAD_PIXELS, "deflated frame")
    return plain


def encode(array: Array) -> bytes:
    """Lossless HTJ2K, one tile-part per resolution, so that prefixes are smaller pictures."""
    return bytes(imagecodecs.htj2k_encode(array, reversible=True, tlm=True, tilepart=1))


def decode_own(data: bytes) -> Array:
    """A frame of ours back to pixels."""
    return np.asarray(imagecodecs.htj2k_decode(data))


def resolution_ends(data: bytes) -> list[int]:
    """Byte length of the prefix that holds resolution 0, 1, ... of a frame made by `encode`.

    Reads the SOT markers (T.800 A.4.2). Raises ValueError for another kind of stream.
    """
    pos, ends = 2, []
    while pos + 4 <= len(data):
        marker = data[pos : pos + 2]
        if marker == b"\xff\x90":
            part = int.from_bytes(data[pos + 6 : pos + 10], "big")
            if part < 14:
                raise ValueError("tile-part without length")
            pos += part
            ends.append(pos)
        elif marker == b"\xff\xd9":
            break
        else:
            pos += 2 + int.from_bytes(data[pos + 2 : pos + 4], "big")
    return ends
