"""Stored values to canonical pixels: grey in 8 or 16 bits, colour as interleaved 8-bit RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from viewer.dicom import codecs
from viewer.dicom.codecs import Array
from viewer.dicom.dataset import Dataset
from viewer.dicom.reasons import Reason, Unreadable
from viewer.dicom.sources import Source
from viewer.dicom.tables import Table, lut_item, palette

_WIDE: Final = 65535
_BYTE: Final = 8


@dataclass(frozen=True, slots=True)
class Values:
    """How delivered pixels relate to stored ones: stored = delivered * slope + intercept."""

    slope: float = 1.0
    intercept: float = 0.0
    scaled: bool = False
    modality: str | None = None
    """Type of the modality LUT that is applied already."""


class Pictures:
    """The canonical frames of one instance, made one at a time.

    32-bit and floating point pixels are mapped to 16 bits: exactly when their range fits,
    otherwise linearly over it (`values.scaled`); two passes over the file, never all in memory.
    """

    def __init__(self, ds: Dataset, source: Source) -> None:
        shape = source.shape
        self.source = source
        self.shape = shape
        self.colour = shape.samples == 3 or shape.photometric.startswith("PALETTE")
        self.values = Values()
        self.bits = shape.stored
        self._palette: list[Table] = []
        self._modality: Table | None = None
        if shape.photometric.startswith("PALETTE"):
            self._palette = palette(ds, signed=shape.signed)
        if self.colour:
            self.bits = _BYTE
            return
        if not shape.photometric.startswith("MONOCHROME"):
            raise Unreadable(Reason.UNSUPPORTED, "photometric interpretation")
        self._grey(ds)

    def _grey(self, ds: Dataset) -> None:
        found = lut_item(ds, 0x00283000, signed=self.shape.signed)
        if found is not None:
            self._modality, kind = found
            self.bits = self._modality.bits
            self.values = Values(modality=kind)
        elif self.shape.allocated > 16:
            self.bits = 16
            self.values = self._range()
        elif self.shape.allocated == 1:
            self.bits = _BYTE

    def picture(self, index: int) -> Array:
        """Frame `index`: (rows, columns) of uint8, uint16, int16 or (rows, columns, 3) of uint8.

        Raises Unreadable.
        """
        stored = self._stored(index)
        if self._palette:
            planes = [table.map(stored).astype(np.uint8) for table in self._palette]
            return np.ascontiguousarray(np.stack(planes, axis=-1))
        if self.colour:
            return np.ascontiguousarray(self._rgb(stored))
        if self._modality is not None:
            return np.ascontiguousarray(self._modality.map(stored))
        if self.shape.allocated > 16:
            return self._squeezed(stored)
        return np.ascontiguousarray(_narrow(stored))

    def _stored(self, index: int) -> Array:
        shape, array = self.shape, self.source.array(index)
        if array.dtype.kind == "f" or shape.allocated == 1:
            return array
        if self.source.masks:
            shift = shape.high + 1 - shape.stored
            if shift:
                array = array >> shift
            if shape.stored < shape.allocated:
                array = array & array.dtype.type((1 << shape.stored) - 1)
        return _signed(array, shape.stored) if shape.signed else _unsigned(array, shape.stored)

    def _rgb(self, stored: Array) -> Array:
        shape = self.shape
        if stored.dtype.itemsize > 1 or shape.stored < _BYTE:
            shift = shape.stored - _BYTE
            stored = stored >> shift if shift >= 0 else stored << -shift
            stored = stored.astype(np.uint8)
        if not shape.photometric.startswith("YBR") or self._converted():
            return stored.view(np.uint8)
        return _from_ybr(stored, partial="PARTIAL" in shape.photometric)

    def _converted(self) -> bool:
        """Whether the decoder has undone the colour transform already."""
        syntax = self.source.syntax
        if syntax in codecs.J2K or syntax in codecs.HTJ2K:
            return self.shape.photometric in {"YBR_RCT", "YBR_ICT"}
        if syntax not in codecs.JPEG:
            return False
        return codecs.describe(syntax, self.source.packed(0)).process != 3

    def _range(self) -> Values:
        low, high = np.inf, -np.inf
        whole = True
        for index in range(self.shape.frames):
            stored = self._stored(index)
            finite = stored[np.isfinite(stored)] if stored.dtype.kind == "f" else stored
            whole = whole and stored.dtype.kind != "f"
            if finite.size:
                low, high = min(low, float(finite.min())), max(high, float(finite.max()))
        if low > high:
            raise Unreadable(Reason.BAD_PIXELS, "no finite value")
        if whole and high - low <= _WIDE:
            return Values(1.0, low)
        slope = (high - low) / _WIDE or 1.0
        if not np.isfinite(slope):
            raise Unreadable(Reason.BAD_PIXELS, "range of values")
        return Values(slope, low, scaled=True)

    def _squeezed(self, stored: Array) -> Array:
        values = (np.nan_to_num(stored.astype(np.float64)) - self.values.intercept) / (
            self.values.slope
        )
        return np.rint(np.clip(values, 0, _WIDE)).astype(np.uint16)


def _signed(array: Array, stored: int) -> Array:
    """Two's complement of `stored` bits, also when the stream called itself unsigned."""
    if array.dtype.kind == "i":
        return array
    signed: Array = array.view(array.dtype.str.replace("u", "i"))
    shift = array.dtype.itemsize * 8 - stored
    return signed if shift <= 0 else (signed << shift) >> shift


def _unsigned(array: Array, stored: int) -> Array:
    """What the header calls unsigned, also when the stream called itself signed."""
    if array.dtype.kind == "u":
        return array
    unsigned: Array = array.view(array.dtype.str.replace("i", "u"))
    if stored >= array.dtype.itemsize * 8:
        return unsigned
    masked: Array = unsigned & unsigned.dtype.type((1 << stored) - 1)
    return masked


def _narrow(array: Array) -> Array:
    if array.dtype == np.int8:
        return array.astype(np.int16)
    if array.dtype.itemsize > 2:
        return array.astype(np.int16 if array.dtype.kind == "i" else np.uint16)
    return array


def _from_ybr(ybr: Array, *, partial: bool) -> Array:
    """PS3.3 C.7.6.3.1.2, row by row so that the wide intermediate stays small."""
    rgb = np.empty(ybr.shape, np.uint8)
    scale, offset = (255 / 219, 16.0) if partial else (1.0, 0.0)
    chroma = 255 / 224 if partial else 1.0
    for start in range(0, ybr.shape[0], 64):
        part = ybr[start : start + 64].astype(np.float32)
        y = (part[..., 0] - offset) * scale
        cb, cr = (part[..., 1] - 128) * chroma, (part[..., 2] - 128) * chroma
        planes = (y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb)
        wide = np.rint(np.clip(np.stack(planes, axis=-1), 0, 255))
        rgb[start : start + 64] = wide.astype(np.uint8)
    return rgb
