"""Look-up tables of a data set: palette, modality and VOI LUT (PS3.3 C.7.9, C.11.1, C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from viewer.dicom.dataset import Dataset
from viewer.dicom.reasons import Reason, Unreadable

_RED: Final = 0x00281101
_ENTRIES: Final = 65536


@dataclass(frozen=True, slots=True)
class Table:
    """Values for the inputs first, first + 1, ...; what lies outside takes the nearest end."""

    first: int
    bits: int
    values: NDArray[np.uint16]

    def map(self, stored: NDArray[Any]) -> NDArray[np.uint16]:
        """The table's value for every input."""
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.values) - 1)
        return self.values[index]


def table(
    ds: Dataset, descriptor: int, data: int, *, signed: bool, segmented: int = 0
) -> Table | None:
    """The table of a descriptor and its data; None when absent or empty. Raises Unreadable."""
    numbers = ds.numbers(descriptor)
    if len(numbers) != 3:
        return None
    entries, first, bits = (int(number) for number in numbers)
    entries = entries or _ENTRIES
    if signed and first > 0x7FFF:
        first -= _ENTRIES
    tag = data if data in ds else segmented
    if tag not in ds:
        return None
    values = _words(ds, tag, entries if tag == data else None)
    if tag != data:
        values = _expanded(values.tolist(), entries)
    if len(values) < entries or bits not in range(8, 17):
        raise Unreadable(Reason.BAD_PIXELS, "look-up table")
    return Table(first, bits, values[:entries])


def _words(ds: Dataset, tag: int, entries: int | None) -> NDArray[np.uint16]:
    raw, element = ds.raw(tag), ds.elements[tag]
    if entries is not None and len(raw) < 2 * entries:
        return np.frombuffer(raw, np.uint8).astype(np.uint16)
    order = "<" if element.little else ">"
    return np.frombuffer(raw[: len(raw) // 2 * 2], f"{order}u2").astype(np.uint16, copy=False)


def _expanded(words: list[int], entries: int) -> NDArray[np.uint16]:
    """Segmented palette, C.7.9.2: discrete (0) and linear (1) segments."""
    values: list[int] = []
    pos = 0
    while pos + 2 < len(words) and len(values) < entries:
        opcode, count = words[pos], words[pos + 1]
        if opcode == 0:
            values += words[pos + 2 : pos + 2 + count]
            pos += 2 + count
        elif opcode == 1 and values:
            steps = np.linspace(values[-1], words[pos + 2], count + 1)[1:]
            values += np.rint(steps).astype(int).tolist()
            pos += 3
        else:
            raise Unreadable(Reason.UNSUPPORTED, "segmented palette")
    return np.array(values[:entries], np.uint16)


def palette(ds: Dataset, *, signed: bool) -> list[Table]:
    """Red, green and blue, with values of 8 bits. Raises Unreadable when one is missing."""
    tables = []
    for n in range(3):
        found = table(ds, _RED + n, _RED + 0x100 + n, signed=signed, segmented=_RED + 0x120 + n)
        if found is None:
            raise Unreadable(Reason.BAD_PIXELS, "palette")
        tables.append(found)
    wide = any(int(t.values.max()) > 0xFF for t in tables)
    shift = np.uint16(8 if wide else 0)
    return [Table(t.first, 8, t.values >> shift) for t in tables]


def lut_item(ds: Dataset, sequence: int, *, signed: bool) -> tuple[Table, str] | None:
    """First table of a modality or VOI LUT sequence with its explanation or type."""
    item = ds.item(sequence)
    if item is None:
        return None
    found = table(item, 0x00283002, 0x00283006, signed=signed)
    if found is None:
        return None
    return found, item.text(0x00283004) or item.text(0x00283003)
