"""Values out of a walked data set: text by its character set, numbers, items; never raises."""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Iterator, Sequence
from typing import Final

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.valuerep import PersonName

from viewer.dicom.scanning import Element, Elements

MAX_TEXT: Final = 1024
"""Characters kept of one text; PS3.5 allows 64 to 1024 for what we read."""

_FORMATS: Final = {
    "US": ("H", 2),
    "SS": ("h", 2),
    "UL": ("I", 4),
    "SL": ("i", 4),
    "FL": ("f", 4),
    "FD": ("d", 8),
    "UV": ("Q", 8),
    "SV": ("q", 8),
    "AT": ("H", 2),
}
_DELIMITERS: Final = {0x0A, 0x0C, 0x0D, 0x5C}
_CHARSET: Final = 0x00080005
_MAX_VALUES: Final = 4096


class Dataset:
    """Reads one data set or item; absent, empty and senseless values are "" or None or ()."""

    __slots__ = ("bad", "data", "elements", "encodings")

    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        elements: Elements,
        inherited: Sequence[str] = ("iso8859",),
    ) -> None:
        self.data = data
        self.elements = elements
        self.bad = 0
        self.encodings = list(inherited)
        if _CHARSET in elements:
            names = self.raw(_CHARSET).decode("ascii", "replace").split("\\")
            try:
                self.encodings = list(convert_encodings([name.strip(" \0") for name in names]))
            except (LookupError, ValueError):
                self.bad += 1

    def __contains__(self, tag: int) -> bool:
        element = self.elements.get(tag)
        return element is not None and (element.length > 0 or bool(element.items))

    def raw(self, tag: int) -> bytes:
        """The bytes of a value, b"" when absent."""
        element = self.elements.get(tag)
        if element is None:
            return b""
        return bytes(self.data[element.start : element.start + element.length])

    def text(self, tag: int) -> str:
        """One text, decoded, without padding and control characters, at most 1024 characters."""
        element = self.elements.get(tag)
        if element is None or not element.length:
            return ""
        value = bytes(self.data[element.start : element.start + min(element.length, 4 * MAX_TEXT)])
        return self._clean(self._decode(value, element.vr))

    def prose(self, tag: int, most: int) -> str:
        """A text of several lines, decoded, at most *most* characters."""
        element = self.elements.get(tag)
        if element is None or not element.length:
            return ""
        value = bytes(self.data[element.start : element.start + min(element.length, 4 * most)])
        text = self._decode(value, element.vr).replace("\r\n", "\n").replace("\r", "\n")
        return "".join(c if c.isprintable() or c == "\n" else " " for c in text[:most]).strip()

    def whole_text(self, tag: int) -> str:
        """One text as it stands, decoded, without padding behind it; its lines are kept."""
        element = self.elements.get(tag)
        if element is None:
            return ""
        return self._decode(self.raw(tag), element.vr).rstrip(" \0")

    def _decode(self, value: bytes, vr: str) -> str:
        if value.isascii() and b"\x1b" not in value and not self._folds_ascii():
            return value.decode("ascii")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they quote the value
                if vr == "PN":
                    return str(PersonName(value.rstrip(b" \0"), self.encodings).decode())
                return decode_bytes(value, self.encodings, _DELIMITERS)
        except (ValueError, LookupError, AssertionError):
            self.bad += 1
            return value.decode("latin-1")

    def _folds_ascii(self) -> bool:
        return any("jis" in name or "2022" in name for name in self.encodings[:1])

    @staticmethod
    def _clean(text: str) -> str:
        return "".join(c if c.isprintable() else " " for c in text[:MAX_TEXT]).strip()

    def uid(self, tag: int) -> str:
        """A UID as it stands, without padding; at most 100 characters, not validated."""
        element = self.elements.get(tag)
        if element is None:
            return ""
        value = bytes(self.data[element.start : element.start + min(element.length, 100)])
        return value.decode("ascii", "replace").strip(" \0\n\r\t")

    def texts(self, tag: int) -> tuple[str, ...]:
        """All values of a text of several values."""
        text = self.text(tag)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def numbers(self, tag: int) -> tuple[float, ...]:
        """All numbers of a value, from text or binary; () when any of them makes no sense."""
        element = self.elements.get(tag)
        if element is None or not element.length:
            return ()
        try:
            values = tuple(self._numbers(element))
        except (ValueError, struct.error):
            self.bad += 1
            return ()
        if all(math.isfinite(value) for value in values):
            return values
        self.bad += 1
        return ()

    def _numbers(self, element: Element) -> Iterator[float]:
        known = _FORMATS.get(element.vr)
        if known is None:
            end = element.start + min(element.length, 16 * _MAX_VALUES)
            value = bytes(self.data[element.start : end]).decode("ascii")
            yield from (float(part) for part in value.strip(" \0").split("\\") if part.strip(" \0"))
            return
        code, size = known
        count = min(element.length // size, _MAX_VALUES)
        order = "<" if element.little else ">"
        yield from struct.unpack_from(f"{order}{count}{code}", self.data, element.start)

    def number(self, tag: int) -> float | None:
        """The first number of a value."""
        values = self.numbers(tag)
        return values[0] if values else None

    def integer(self, tag: int) -> int | None:
        """The first number when it is whole and fits 32 bits."""
        value = self.number(tag)
        if value is None or value != int(value) or not -(2**31) <= value < 2**32:
            return None
        return int(value)

    def vector(self, tag: int, length: int) -> list[float] | None:
        """Exactly `length` numbers, or None."""
        values = self.numbers(tag)
        return [float(value) for value in values] if len(values) == length else None

    def items(self, tag: int) -> list[Dataset]:
        """The items of a sequence, [] when it is absent or could not be read."""
        element = self.elements.get(tag)
        if element is None or not element.items:
            return []
        return [Dataset(self.data, item, self.encodings) for item in element.items]

    def item(self, tag: int) -> Dataset | None:
        """The first item of a sequence."""
        element = self.elements.get(tag)
        if element is None or not element.items:
            return None
        return Dataset(self.data, element.items[0], self.encodings)
