"""Where the frames of a pixel data element lie and how one becomes an array of stored values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from viewer.dicom import codecs
from viewer.dicom.codecs import Array
from viewer.dicom.inspecting import MAX_FRAME, MAX_PIXELS
from viewer.dicom.opening import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, Opened
from viewer.dicom.reasons import Reason, Unreadable
from viewer.dicom.scanning import PIXEL_DATA, Element

_NATIVE: Final = frozenset({IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN})
_FLOAT, _DOUBLE = 0x7FE00008, 0x7FE00009
_OFFSETS, _EXTENDED = 0, 0x7FE00001


@dataclass(frozen=True, slots=True)
class Shape:
    """Image pixel module of one instance (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    samples: int
    frames: int
    allocated: int
    stored: int
    high: int
    signed: bool
    planar: bool
    photometric: str

    @property
    def values(self) -> int:
        return self.rows * self.columns * self.samples

    @property
    def subsampled(self) -> bool:
        return self.photometric in {"YBR_FULL_422", "YBR_PARTIAL_422"} and self.samples == 3


def shape_of(opened: Opened) -> Shape:
    """Raises Unreadable when the numbers cannot describe a picture."""
    ds = opened.dataset
    allocated = ds.integer(0x00280100) or 0
    if _FLOAT in ds.elements or _DOUBLE in ds.elements:
        allocated = 32 if _FLOAT in ds.elements else 64
    stored = ds.integer(0x00280101) or allocated
    high = ds.integer(0x00280102)
    shape = Shape(
        rows=ds.integer(0x00280010) or 0,
        columns=ds.integer(0x00280011) or 0,
        samples=ds.integer(0x00280002) or 1,
        frames=max(1, ds.integer(0x00280008) or 1),
        allocated=allocated,
        stored=stored,
        high=stored - 1 if high is None else high,
        signed=ds.integer(0x00280103) == 1,
        planar=ds.integer(0x00280006) == 1,
        photometric=ds.text(0x00280004) or "MONOCHROME2",
    )
    if not 1 <= stored <= allocated or not stored - 1 <= shape.high < allocated:
        raise Unreadable(Reason.BAD_PIXELS, "bits")
    if shape.samples not in {1, 3} or allocated not in {1, 8, 16, 32, 64}:
        raise Unreadable(Reason.UNSUPPORTED, "samples or bits")
    size = shape.values * max(1, allocated // 8)
    if not 0 < size <= MAX_FRAME or size * shape.frames > MAX_PIXELS:
        raise Unreadable(Reason.TOO_LARGE)
    return shape


class Source:
    """The frames of one instance, read one at a time.

    Stored values are (rows, columns) or, for colour, (rows, columns, 3); what was subsampled,
    in planes or YCbCr inside a JPEG stream comes out interleaved and full size.
    """

    def __init__(self, opened: Opened, shape: Shape) -> None:
        self.shape = shape
        self.syntax = opened.transfer_syntax
        self.element = _pixel_element(opened)
        self._view = memoryview(opened.data)
        self.parts: list[list[tuple[int, int]]] = []
        if self.element.fragments is not None:
            self.parts = self._grouped(opened, self.element.fragments)
        elif self.syntax not in _NATIVE:
            raise Unreadable(Reason.UNSUPPORTED, "transfer syntax")
        elif self.element.length * 8 < self._frame_bits() * shape.frames:
            raise Unreadable(Reason.SHORT_PIXELS)

    @property
    def native(self) -> bool:
        """Whether frames lie uncompressed in the file."""
        return self.element.fragments is None

    @property
    def masks(self) -> bool:
        """Whether bits above the stored ones may hold something else, such as an overlay."""
        return self.native or self.syntax in {codecs.RLE, codecs.DEFLATED_FRAME}

    def span(self, index: int) -> tuple[int, int]:
        """(start, stop) of an uncompressed frame whose size is a whole number of bytes."""
        size = self._frame_bits() // 8
        start = self.element.start + index * size
        return start, start + size

    def aligned(self) -> bool:
        """Whether every frame starts at a byte of its own."""
        return self._frame_bits() % 8 == 0

    def packed(self, index: int) -> bytes:
        """The compressed bytes of one frame."""
        pieces = [self._view[start : start + length] for start, length in self.parts[index]]
        return b"".join(pieces)

    def array(self, index: int) -> Array:
        """Stored values of frame `index`. Raises Unreadable."""
        shape = self.shape
        if self.native:
            return self._unpacked(self._native_bytes(index), index)
        data = self.packed(index)
        if self.syntax == codecs.RLE:
            return self._rle(data)
        if self.syntax == codecs.DEFLATED_FRAME:
            return self._unpacked(codecs.inflate_frame(data, (self._frame_bits() + 7) // 8), 0)
        return codecs.decode(
            self.syntax,
            data,
            (shape.rows, shape.columns, shape.samples),
            luma=shape.photometric.startswith("YBR"),
        )

    def _frame_bits(self) -> int:
        bits = self.shape.values * self.shape.allocated
        return bits // 3 * 2 if self.shape.subsampled else bits

    def _native_bytes(self, index: int) -> memoryview:
        bits = self._frame_bits()
        first = self.element.start + index * bits // 8
        last = self.element.start + ((index + 1) * bits + 7) // 8
        return self._view[first:last]

    def _unpacked(self, data: bytes | memoryview, index: int) -> Array:
        shape = self.shape
        if shape.allocated == 1:
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
            skip = index * shape.values % 8
            return bits[skip : skip + shape.values].reshape(shape.rows, shape.columns)
        kind = "f" if self.element.tag in {_FLOAT, _DOUBLE} else "u"
        order = "<" if self.element.little else ">"
        flat = np.frombuffer(data, f"{order}{kind}{shape.allocated // 8}")
        if not self.element.little and self.element.vr == "OB" and shape.allocated == 16:
            flat = flat.byteswap()
        return self._shaped(flat.astype(flat.dtype.newbyteorder("="), copy=False))

    def _shaped(self, flat: Array) -> Array:
        shape = self.shape
        if shape.samples == 1:
            return flat.reshape(shape.rows, shape.columns)
        if shape.subsampled:
            return _upsampled(flat, shape.rows, shape.columns)
        if shape.planar:
            return flat.reshape(3, shape.rows, shape.columns).transpose(1, 2, 0)
        return flat.reshape(shape.rows, shape.columns, 3)

    def _rle(self, data: bytes) -> Array:
        shape = self.shape
        if shape.allocated == 1:
            packed = codecs.decode_rle(data, 1, 1, (shape.values + 7) // 8)
            return self._unpacked(packed, 0)
        size = shape.allocated // 8
        count = shape.rows * shape.columns
        plain = np.frombuffer(codecs.decode_rle(data, shape.samples, size, count), f"<u{size}")
        planes = plain.reshape(shape.samples, shape.rows, shape.columns)
        return planes[0] if shape.samples == 1 else planes.transpose(1, 2, 0)

    def _grouped(
        self, opened: Opened, fragments: list[tuple[int, int]]
    ) -> list[list[tuple[int, int]]]:
        """Fragments per frame: by number, by offset table, or by where a stream begins."""
        frames = self.shape.frames
        table, rest = fragments[:1], fragments[1:]
        if not table or len(rest) < frames:
            raise Unreadable(Reason.SHORT_PIXELS, "fragments")
        if frames == 1:
            return [rest]
        if len(rest) == frames:
            return [[fragment] for fragment in rest]
        offsets = self._offsets(opened, table[0])
        base = rest[0][0] - 8
        starts = [n for n, (pos, _) in enumerate(rest) if pos - 8 - base in offsets]
        if len(starts) != frames:
            starts = [n for n, (pos, _) in enumerate(rest) if self._begins(pos)]
        if len(starts) != frames or starts[0] != 0:
            raise Unreadable(Reason.BAD_PIXELS, "frames and fragments do not match")
        return [rest[a:b] for a, b in zip(starts, [*starts[1:], len(rest)], strict=True)]

    def _offsets(self, opened: Opened, table: tuple[int, int]) -> frozenset[int]:
        extended = opened.dataset.raw(_EXTENDED)
        if extended:
            usable = extended[: len(extended) // 8 * 8]
            return frozenset(np.frombuffer(usable, "<u8").tolist())
        start, length = table
        return frozenset(np.frombuffer(self._view[start : start + length // 4 * 4], "<u4").tolist())

    def _begins(self, pos: int) -> bool:
        head = bytes(self._view[pos : pos + 4])
        return head[:3] == b"\xff\xd8\xff" or head == b"\xff\x4f\xff\x51"


def _pixel_element(opened: Opened) -> Element:
    for tag in (PIXEL_DATA, _FLOAT, _DOUBLE):
        element = opened.dataset.elements.get(tag)
        if element is not None:
            return element
    raise Unreadable(Reason.NO_PIXELS)


def _upsampled(flat: Array, rows: int, columns: int) -> Array:
    """Y Y Cb Cr of two neighbours to three values each (PS3.3 C.7.6.3.1.2)."""
    pairs = flat.reshape(rows, columns // 2, 4)
    full = np.empty((rows, columns, 3), flat.dtype)
    full[:, 0::2, 0], full[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    full[:, 0::2, 1] = full[:, 1::2, 1] = pairs[..., 2]
    full[:, 0::2, 2] = full[:, 1::2, 2] = pairs[..., 3]
    return full
