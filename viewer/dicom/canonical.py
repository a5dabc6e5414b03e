"""One instance as the viewer wants it: lossless frames, previews, facts. Runs in the child."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from viewer.dicom import codecs, facts
from viewer.dicom.codecs import Array
from viewer.dicom.inspecting import kind_of
from viewer.dicom.opening import Buffer, Opened, open_file
from viewer.dicom.pictures import Pictures
from viewer.dicom.previews import grey_or_rgb, previews
from viewer.dicom.proving import Proof
from viewer.dicom.reasons import Reason, Unreadable
from viewer.dicom.sources import Source, shape_of
from viewer.dicom.tables import Table, lut_item
from viewer.dicom.windowing import computed_window, window

HTJ2K_RPCL: Final = "1.2.840.10008.1.2.4.202"
Answer = tuple[dict[str, Any], list[bytes]]


def canonical_parts(data: Buffer) -> Iterator[Answer]:
    """Messages for the pool: each frame as it is ready, then facts and previews or a refusal."""
    meta: dict[str, Any] = {}
    try:
        opened = open_file(data)
        meta = facts.instance_facts(opened)
        yield from _Instance(data, opened, meta).answers()
    except Unreadable as fault:
        yield _undecodable(fault.reason, fault.detail, meta)
    except MemoryError:
        yield _undecodable(Reason.MEMORY, "", {})
    except Exception as fault:  # noqa: BLE001 - hostile bytes; the message may quote them
        yield _undecodable(Reason.DAMAGED, type(fault).__name__, meta)


def _undecodable(reason: Reason, detail: str, meta: dict[str, Any]) -> Answer:
    return {"kind": "undecodable", "reason": reason.value, "detail": detail, "meta": meta}, []


class _Instance:
    def __init__(self, data: Buffer, opened: Opened, meta: dict[str, Any]) -> None:
        self.data = data
        self.ds = opened.dataset
        self.meta = meta
        self.previews = (b"", b"")
        kind = kind_of(opened)
        if kind == "video":
            raise Unreadable(Reason.VIDEO)
        if kind != "image":
            raise Unreadable(Reason.NOT_IMAGE)
        shape = shape_of(opened)
        self.source = Source(opened, shape)
        self.pictures = Pictures(self.ds, self.source)
        self.passes = self._may_pass()
        self.proof = Proof(data, opened, self.source, passed=self.passes)

    def _may_pass(self) -> bool:
        """Lossy 8-bit JPEG goes to the browser as it is, if that will show the right colours."""
        shape = self.source.shape
        if self.source.syntax != codecs.JPEG_BASELINE or shape.photometric.startswith("PALETTE"):
            return False
        if 0x00283000 in self.ds or shape.signed:
            return False
        return all(self._passes(index) for index in range(shape.frames))

    def _passes(self, index: int) -> bool:
        shape = self.source.shape
        stream = codecs.describe(self.source.syntax, self.source.packed(index))
        if (stream.rows, stream.columns, stream.samples) != (
            shape.rows,
            shape.columns,
            shape.samples,
        ):
            raise Unreadable(Reason.BAD_PIXELS, "stream and header differ in size")
        said = stream.colour or ("YCbCr" if shape.photometric.startswith("YBR") else "RGB")
        colour = shape.samples == 1 or said == stream.default
        return stream.process == 0 and stream.precision == 8 and colour

    def answers(self) -> Iterator[Answer]:
        frames = self.source.shape.frames
        for index in range(frames):
            yield self._frame(index, middle=index == frames // 2)
        sha256 = hashlib.sha256(self.data).hexdigest()
        kept = self.proof.result(sha256)
        message = {
            "kind": "canonical",
            "meta": self.meta,
            "sha256": sha256,
            "size": len(self.data),
        }
        yield message, [*self.previews, *([kept] if kept is not None else [])]

    def _frame(self, index: int, *, middle: bool) -> Answer:
        picture: Array | None = None
        if middle or not self.passes:
            picture = self.pictures.picture(index)
        if self.passes:
            codec, ends, data = "jpeg", [], self.source.packed(index)
            self.proof.passed(index, data)
        else:
            assert picture is not None  # noqa: S101 - decoded above
            codec, data = "htj2k", codecs.encode(picture)
            ends = codecs.resolution_ends(data)
            self.proof.picture(index, data)
        if middle and picture is not None:
            self._describe(picture)
        return {"kind": "frame", "index": index, "codec": codec, "ends": ends}, [data]

    def _describe(self, picture: Array) -> None:
        """Facts that need pixels, taken from the middle frame, and the previews of it."""
        pictures, shape = self.pictures, self.source.shape
        grey = picture.ndim == 2
        signed = picture.dtype.kind == "i"
        rescale = facts.rescale(self.ds, pictures.values)
        allocated = 8 * picture.dtype.itemsize
        bits = min(pictures.bits, allocated)
        self.meta |= {
            "rows": shape.rows,
            "columns": shape.columns,
            "frames": shape.frames,
            "samples": 1 if grey else 3,
            "bitsAllocated": allocated,
            "bitsStored": bits,
            "highBit": bits - 1,
            "signed": signed,
            "photometric": shape.photometric if grey else "RGB",
            "planar": 0,
            "codec": "jpeg" if self.passes else "htj2k",
            "transferSyntax": codecs.JPEG_BASELINE if self.passes else HTJ2K_RPCL,
            "paddingValue": facts.padding(self.ds, pictures.values, signed=signed),
            "rescale": rescale,
            "modalityLut": pictures.values.modality is not None,
            "scaled": pictures.values.scaled,
        }
        self._windows(picture, rescale)
        self.meta["perFrame"] = facts.frame_facts(self.ds, shape.frames, pictures.values, self.meta)

    def _windows(self, picture: Array, rescale: dict[str, Any]) -> None:
        slope, intercept = rescale["slope"], rescale["intercept"]
        lut = None if picture.ndim == 3 else self._voi_lut()
        windows = [] if picture.ndim == 3 else facts.common_windows(self.ds)
        if picture.ndim == 2 and not windows:
            if lut is not None:
                windows = [_lut_window(*lut)]
            else:
                padded = self.meta["paddingValue"]
                windows = [computed_window(picture, slope, intercept, padded)]
        self.meta["windows"] = windows
        self.meta["voiLut"] = lut is not None
        self.previews = previews(grey_or_rgb(picture, self.meta), self.meta)

    def _voi_lut(self) -> tuple[Table, str] | None:
        try:
            return lut_item(self.ds, 0x00283010, signed=self.source.shape.signed)
        except Unreadable:
            return None


def _lut_window(table: Table, explanation: str) -> Any:
    """The window that spans what the table raises from 1 to 99 % of its range."""
    values = table.values.astype(float)
    low, high = values.min(), values.max()
    steps = (values >= low + 0.01 * (high - low)) & (values <= high - 0.01 * (high - low))
    inside = steps.nonzero()[0]
    first, last = (inside[0], inside[-1]) if inside.size else (0, len(values) - 1)
    width = max(1.0, float(last - first + 1))
    return window(
        table.first + float(first + last) / 2 + 0.5, width, explanation, "LINEAR", computed=True
    )
