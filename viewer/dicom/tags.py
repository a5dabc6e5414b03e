"""All elements of a file as a flat list for people to read; runs in the child."""

from __future__ import annotations

from typing import Any, Final

from pydicom._dicom_dict import DicomDictionary

from viewer.dicom.dataset import Dataset
from viewer.dicom.opening import Buffer, open_file
from viewer.dicom.reasons import Refused, Unreadable
from viewer.dicom.scanning import Element

MAX_ROWS: Final = 10_000
MAX_VALUE: Final = 256
_MAX_NUMBERS: Final = 32
_NUMBERS: Final = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"})
_BYTES: Final = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})


def tag_rows(data: Buffer) -> list[dict[str, Any]] | Refused:
    """Rows in the order of the file, sequences unfolded, at most 10 000.

    A row is {"depth": int, "tag": "0010,0010", "vr", "name": keyword or "", "value": text of at
    most 256 characters, "cut": bool, "bytes": length}; an item is a row without tag and VR.
    """
    try:
        opened = open_file(data)
    except Unreadable as fault:
        return Refused(fault.reason, fault.detail)
    rows: list[dict[str, Any]] = []
    waiting: list[tuple[int, Dataset, Element | None, str]] = [(0, opened.dataset, None, "")]
    while waiting and len(rows) < MAX_ROWS:
        depth, ds, element, name = waiting.pop()
        if element is None:
            if name:
                rows.append(_row(depth, "", "", name, "", 0))
            below = depth + (1 if name else 0)
            waiting += [(below, ds, one, "") for one in reversed(ds.elements.values())]
            continue
        rows.append(_element(depth, ds, element))
        items = list(enumerate(ds.items(element.tag), 1))
        waiting += [(depth + 1, item, None, f"#{n}") for n, item in reversed(items)]
    return rows


def _element(depth: int, ds: Dataset, element: Element) -> dict[str, Any]:
    tag = f"{element.tag >> 16:04X},{element.tag & 0xFFFF:04X}"
    entry = DicomDictionary.get(element.tag)
    value = _value(ds, element)
    return _row(depth, tag, element.vr, entry[4] if entry else "", value, element.length)


def _value(ds: Dataset, element: Element) -> str:
    if element.vr in _BYTES or element.vr == "SQ":
        return ""
    if element.vr in _NUMBERS:
        numbers = ds.numbers(element.tag)
        text = "\\".join(f"{number:.10g}" for number in numbers[:_MAX_NUMBERS])
        return text + ("\\…" if len(numbers) > _MAX_NUMBERS else "")
    return ds.text(element.tag)


def _row(depth: int, tag: str, vr: str, name: str, value: str, length: int) -> dict[str, Any]:
    return {
        "depth": depth,
        "tag": tag,
        "vr": vr,
        "name": name,
        "value": value[:MAX_VALUE],
        "cut": len(value) > MAX_VALUE,
        "bytes": length,
    }
