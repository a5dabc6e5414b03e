"""Tries at ingest whether the original can be rebuilt, and makes the skeleton if so."""

from __future__ import annotations

import hashlib

from viewer.dicom import codecs
from viewer.dicom.opening import BIG_ENDIAN, Buffer, Opened
from viewer.dicom.rebuilding import Layout, skeleton
from viewer.dicom.sources import Source


class Proof:
    """Feed it every frame in order; `result` is the skeleton, None as soon as one frame differs.

    Each frame is compared after decoding what was encoded, so the proof covers the codec too.
    """

    def __init__(self, data: Buffer, opened: Opened, source: Source, *, passed: bool) -> None:
        self._file = memoryview(data)
        self._source = source
        self._layouts = [] if opened.deflated else _candidates(opened, source, passed=passed)
        self._pieces: list[memoryview | int] = []
        self._end = 0
        self._hash = hashlib.sha256()

    def picture(self, index: int, encoded: bytes) -> None:
        """A frame that was encoded by us."""
        if not self._layouts:
            return
        decoded = codecs.decode_own(encoded)
        start, stop = self._source.span(index)
        original = self._file[start:stop]
        fitting = [way for way in self._layouts if way.stored(decoded) == original]
        self._layouts = fitting
        if fitting:
            self._frame(index, start, stop, fitting[0].stored(decoded))

    def passed(self, index: int, data: bytes) -> None:
        """A frame that is handed on as it is."""
        parts = self._source.parts[index]
        if not self._layouts or len(parts) != 1:
            self._layouts = []
            return
        start, length = parts[0]
        self._frame(index, start, start + length, data)

    def _frame(self, index: int, start: int, stop: int, stored: bytes | memoryview) -> None:
        between = self._file[self._end : start]
        self._hash.update(between)
        self._hash.update(stored)
        self._pieces += [between, index]
        self._end = stop

    def result(self, sha256: str) -> bytes | None:
        """The skeleton of the file with this digest, when the rebuilt one has the same."""
        if not self._layouts:
            return None
        rest = self._file[self._end :]
        self._hash.update(rest)
        if self._hash.hexdigest() != sha256:
            return None
        return skeleton(self._layouts[0], [*self._pieces, rest], sha256, len(self._file))


def _candidates(opened: Opened, source: Source, *, passed: bool) -> list[Layout]:
    """The ways this original may have been stored; the frames decide which one is right."""
    if passed:
        return [Layout(raw=True)]
    shape = source.shape
    if not source.native or not source.aligned() or shape.allocated > 16:
        return []
    if shape.samples == 3 and (shape.photometric != "RGB" or shape.allocated != 8):
        return []
    if not shape.photometric.startswith(("MONOCHROME", "RGB")):
        return []
    if 0x00283000 in opened.dataset:
        return []
    big = opened.transfer_syntax == BIG_ENDIAN
    shift = shape.high + 1 - shape.stored
    mask = (1 << shape.stored) - 1
    masks = (0, mask) if shape.stored < shape.allocated else (0,)
    return [
        Layout(big=big, planar=shape.planar, bits=shape.allocated, shift=shift, mask=m)
        for m in masks
    ]
