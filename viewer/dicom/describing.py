"""
All of a file's data set as DICOM JSON (PS3.18 F.2), and where its large values lie; runs in the
child.

A value that cannot be what its VR says is left out, as is what no JSON can hold.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from viewer.dicom.dataset import Dataset
from viewer.dicom.inspecting import kind_of
from viewer.dicom.opening import IMPLICIT, Buffer, Opened, open_file
from viewer.dicom.reasons import Reason, Refused, Unreadable
from viewer.dicom.rebuilding import NotRebuilt, blank
from viewer.dicom.scanning import PIXEL_DATA, PIXELS, Element
from viewer.dicom.sources import Source, shape_of

INLINE: Final = 1024
"""Bytes of a binary value that stand in the JSON itself; more of numbers and of text."""

_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_NUMBERS: Final = frozenset({"FL", "FD", "SL", "SS", "SV", "UL", "US", "UV"})
_LARGER: Final = dict.fromkeys(_BINARY, 1) | dict.fromkeys(_NUMBERS, 4)
_TEXTS: Final = frozenset(
    {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "SQ", "ST", "TM"}
    | {"UC", "UI", "UR", "UT"}
)
_PLAIN: Final = frozenset({"LT", "ST", "UT", "UR"})
"""Texts in which a backslash parts nothing."""
_SIGNED: Final = 0x00280103
_EITHER: Final = frozenset(
    {0x00280106, 0x00280107, 0x00280108, 0x00280109, 0x00280120, 0x00280121, 0x00409211, 0x00409216}
)
"""Numbers that are signed where the pixels are, which an implicit VR does not say (PS3.6)."""

Bulk = dict[str, list[int]]
"""Where large values lie: first byte and length, by the path of their tags."""


def described_file(data: Buffer) -> dict[str, Any] | Refused:
    """Data set, large values and frames of one file; whatever the bytes are, this answers."""
    try:
        return _described(open_file(data))
    except Unreadable as fault:
        return Refused(fault.reason, fault.detail)
    except MemoryError:
        return Refused(Reason.MEMORY)
    except Exception as fault:  # noqa: BLE001 - hostile bytes; the message may quote them
        return Refused(Reason.DAMAGED, type(fault).__name__)


def described_skeleton(skeleton: Buffer, lengths: Sequence[int]) -> dict[str, Any] | Refused:
    """The same of a file without its pixels; *lengths* of the frames that are kept as they came."""
    try:
        return described_file(blank(bytes(skeleton), lengths))
    except (NotRebuilt, zlib.error):
        return Refused(Reason.DAMAGED, "skeleton")


def _described(opened: Opened) -> dict[str, Any]:
    bulk: Bulk = {}
    return {
        "dataset": _Writer(opened, bulk).items(opened.dataset, ""),
        "bulk": bulk,
        "packed": opened.packed,
        "pixels": _pixels(opened),
    }


def _pixels(opened: Opened) -> dict[str, Any] | None:
    """Where each frame lies and in what form; None where no single frame can be given."""
    if kind_of(opened) != "image" or opened.deflated:
        return None
    try:
        shape = shape_of(opened)
        source = Source(opened, shape)
    except Unreadable:
        return None
    if source.native and not source.aligned() and shape.frames > 1:
        return None
    return {
        "native": source.native,
        "syntax": opened.transfer_syntax,
        "little": source.element.little,
        "rows": shape.rows,
        "columns": shape.columns,
        "samples": shape.samples,
        "allocated": shape.allocated,
        "planar": shape.planar,
        "photometric": shape.photometric,
        "frames": _frames(source),
    }


def _frames(source: Source) -> list[list[list[int]]]:
    """First byte and length of the pieces of each frame."""
    if not source.native:
        return [[[start, length] for start, length in each] for each in source.parts]
    if not source.aligned():
        return [[[source.element.start, source.element.length]]]
    spans = map(source.span, range(source.shape.frames))
    return [[[start, stop - start]] for start, stop in spans]


class _Writer:
    """Writes data sets and their items."""

    def __init__(self, opened: Opened, bulk: Bulk) -> None:
        self._signed = opened.dataset.integer(_SIGNED) == 1
        self._wide = opened.transfer_syntax == IMPLICIT
        self._bulk = bulk

    def items(self, ds: Dataset, path: str) -> dict[str, Any]:
        """All elements of *ds*, whose tags are below *path*."""
        found = {}
        for tag, element in sorted(ds.elements.items()):
            if tag >> 16 == 0x0002 or not tag & 0xFFFF:
                continue  # file meta, and lengths of groups, are no part of it
            name = f"{tag:08X}"
            written = self._element(ds, element, f"{path}{name}")
            if written is not None:
                found[name] = written
        return found

    def _element(self, ds: Dataset, element: Element, path: str) -> dict[str, Any] | None:
        vr = self._vr(element)
        if element.items is not None or vr == "SQ":
            return self._sequence(ds, element, path)
        most = INLINE * _LARGER.get(vr, 64)
        if element.tag in PIXELS or element.fragments is not None or element.length > most:
            self._bulk[path] = [element.start, element.length]
            return {"vr": vr, "BulkDataURI": path}
        if not element.length:
            return {"vr": vr}
        if vr in _BINARY:
            raw = ds.raw(element.tag)
            return {"vr": vr, "InlineBinary": base64.b64encode(raw).decode()}
        if element.tag == 0x00080005:
            return {"vr": vr, "Value": ["ISO_IR 192"]}  # what JSON is written in
        values = _values(ds, element, vr)
        while values and values[-1] is None:
            values.pop()
        return {"vr": vr, "Value": values} if values else {"vr": vr}

    def _sequence(self, ds: Dataset, element: Element, path: str) -> dict[str, Any] | None:
        if element.items is None and element.length:
            return None  # it could not be read
        listed = [
            self.items(item, f"{path}/{number}/")
            for number, item in enumerate(ds.items(element.tag), start=1)
        ]
        return {"vr": "SQ", "Value": listed} if listed else {"vr": "SQ"}

    def _vr(self, element: Element) -> str:
        vr = element.vr
        if element.tag in _EITHER and vr == "US" and self._signed:
            return "SS"
        if element.tag == PIXEL_DATA and vr == "OB" and self._wide:
            return "OW"
        return vr if vr in _BINARY | _NUMBERS | _TEXTS else "UN"


def _values(ds: Dataset, element: Element, vr: str) -> list[Any]:
    if vr in _NUMBERS:
        turned = vr == "SS" and element.vr == "US"
        found = ds.numbers(element.tag)
        return [each - 65536 if turned and each >= 32768 else _finite(each) for each in found]
    if vr == "AT":
        pairs = struct.iter_unpack("<HH" if element.little else ">HH", _even(ds.raw(element.tag)))
        return [f"{group:04X}{number:04X}" for group, number in pairs]
    text = ds.whole_text(element.tag)
    if vr in _PLAIN:
        return [text]
    convert = _CONVERT.get(vr, _text)
    return [convert(each.strip(" \0")) for each in text.split("\\")]


def _even(raw: bytes) -> bytes:
    return raw[: len(raw) // 4 * 4]


def _text(part: str) -> Any:
    return part or None


def _name(part: str) -> Any:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), part.split("="), strict=False)
    return {name: group for name, group in groups if group} or None


def _decimal(part: str) -> Any:
    try:
        return _finite(float(part))
    except ValueError:
        return None


def _whole(part: str) -> Any:
    try:
        return int(part)
    except ValueError:
        return None


def _finite(number: float) -> Any:
    return number if math.isfinite(number) else None


_CONVERT: Final[dict[str, Callable[[str], Any]]] = {"PN": _name, "DS": _decimal, "IS": _whole}
