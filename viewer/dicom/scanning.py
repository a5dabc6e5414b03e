"""One walk over a data set: where every element lies, without recursion and with limits.

PS3.5 chapter 7. The walk never copies values, so a file of any size costs only its elements. A
damaged sequence of known length is stepped over; anything else that contradicts itself is refused.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from pydicom._dicom_dict import DicomDictionary

from viewer.dicom.reasons import Reason, Unreadable

MAX_DEPTH: Final = 32
MAX_ELEMENTS: Final = 200_000
PIXEL_DATA: Final = 0x7FE00010
PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, PIXEL_DATA})

_UNDEFINED: Final = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG: Final = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)


class Element(NamedTuple):
    """A value at data[start:start + length]; an encapsulated one has fragments instead."""

    tag: int
    vr: str
    start: int
    length: int
    little: bool
    items: list[Elements] | None = None
    fragments: list[tuple[int, int]] | None = None


Elements = dict[int, Element]


class _Open:
    """A data set or sequence whose end has not been reached yet."""

    __slots__ = ("elements", "end", "explicit", "items", "little", "owner", "undefined")

    def __init__(
        self,
        end: int,
        *,
        explicit: bool,
        little: bool,
        undefined: bool = False,
        elements: Elements | None = None,
    ) -> None:
        self.end = end
        self.explicit = explicit
        self.little = little
        self.undefined = undefined
        self.elements: Elements = {} if elements is None else elements
        self.items: list[Elements] | None = None
        self.owner: tuple[Elements, int] | None = None


class Walk:
    """Reads data[start:] as one data set; `elements` and `end` are the result."""

    def __init__(
        self, data: bytes | bytearray | memoryview, start: int, *, explicit: bool, little: bool
    ) -> None:
        self.data = data
        self.size = len(data)
        self.count = 0
        self.opaque = 0
        root = _Open(self.size, explicit=explicit, little=little)
        self.elements = root.elements
        self.stack = [root]
        self._structs = {True: struct.Struct("<HHI"), False: struct.Struct(">HHI")}
        self._run(start)

    def _run(self, pos: int) -> None:
        while self.stack:
            top = self.stack[-1]
            if pos >= top.end:
                pos = self._close(top)
                continue
            try:
                pos = self._item(pos, top) if top.items is not None else self._element(pos, top)
            except Unreadable as fault:
                if fault.reason not in {Reason.DAMAGED, Reason.TRUNCATED}:
                    raise
                pos = self._step_over(fault)

    def _close(self, top: _Open) -> int:
        if top.undefined and top.end >= self.size:
            raise Unreadable(Reason.TRUNCATED, "sequence without end")
        self.stack.pop()
        return top.end

    def _step_over(self, fault: Unreadable) -> int:
        """Leave the outermost sequence of known length around the fault unread."""
        for depth, level in enumerate(self.stack):
            if level.owner is not None and not level.undefined:
                del self.stack[depth:]
                elements, tag = level.owner
                elements[tag] = elements[tag]._replace(items=None)
                self.opaque += 1
                return level.end
        raise fault

    def _item(self, pos: int, top: _Open) -> int:
        if pos + 8 > top.end:
            raise Unreadable(Reason.TRUNCATED, "item header")
        group, number, length = self._structs[top.little].unpack_from(self.data, pos)
        tag = group << 16 | number
        if tag == _SEQUENCE_END:
            self.stack.pop()
            return pos + 8 if top.undefined else top.end
        if tag != _ITEM:
            raise Unreadable(Reason.DAMAGED, "no item in a sequence")
        self._count()
        undefined = length == _UNDEFINED
        end = top.end if undefined else pos + 8 + length
        if end > top.end:
            raise Unreadable(Reason.TRUNCATED, "item longer than its sequence")
        level = _Open(end, explicit=top.explicit, little=top.little, undefined=undefined)
        assert top.items is not None  # noqa: S101 - only sequences come here
        top.items.append(level.elements)
        self._push(level)
        return pos + 8

    def _element(self, pos: int, top: _Open) -> int:
        if pos + 8 > top.end:
            return self._tail(pos, top)
        group, number, length = self._structs[top.little].unpack_from(self.data, pos)
        tag = group << 16 | number
        if group == 0xFFFE:
            return self._delimiter(pos, tag, top)
        if tag == 0 and len(self.stack) == 1 and not any(self.data[pos : pos + 64]):
            return self.size
        self._count()
        vr, length, start = self._vr(pos, tag, length, top)
        if length == _UNDEFINED:
            return self._undefined(tag, vr, start, top)
        end = start + length
        if end > top.end:
            if len(self.stack) == 1:
                raise Unreadable(Reason.TRUNCATED, "value longer than the file")
            raise Unreadable(Reason.DAMAGED, "value longer than its item")
        top.elements[tag] = Element(tag, vr, start, length, top.little)
        if vr == "SQ":
            return self._sequence(tag, start, end, top)
        return end

    def _tail(self, pos: int, top: _Open) -> int:
        """Fewer bytes than an element needs: padding when zero, else a cut file."""
        if len(self.stack) == 1 and not any(self.data[pos : top.end]):
            return top.end
        raise Unreadable(Reason.TRUNCATED, "element header")

    def _delimiter(self, pos: int, tag: int, top: _Open) -> int:
        if len(self.stack) == 1:
            return pos + 8  # a stray delimiter between elements means nothing
        if tag != _ITEM_END:
            raise Unreadable(Reason.DAMAGED, "delimiter out of place")
        self.stack.pop()
        return pos + 8 if top.undefined else top.end

    def _vr(self, pos: int, tag: int, length: int, top: _Open) -> tuple[str, int, int]:
        if top.explicit:
            code = bytes(self.data[pos + 4 : pos + 6])
            if code in _LONG:
                if pos + 12 > top.end:
                    raise Unreadable(Reason.TRUNCATED, "element header")
                order = "little" if top.little else "big"
                size = int.from_bytes(self.data[pos + 8 : pos + 12], order)  # type: ignore[arg-type]
                vr = code.decode("ascii")
                return (known_vr(tag) if vr == "UN" else vr), size, pos + 12
            if 0x40 < code[0] < 0x5B and 0x40 < code[1] < 0x5B:
                order = "little" if top.little else "big"
                size = int.from_bytes(self.data[pos + 6 : pos + 8], order)  # type: ignore[arg-type]
                return code.decode("ascii"), size, pos + 8
        return known_vr(tag), length, pos + 8

    def _sequence(self, tag: int, start: int, end: int, top: _Open) -> int:
        explicit = top.explicit and self.data[start - 8 : start - 6] != b"UN"
        level = _Open(end, explicit=explicit, little=top.little or not explicit)
        self._enter(level, tag, top)
        return start

    def _undefined(self, tag: int, vr: str, start: int, top: _Open) -> int:
        if vr in {"OB", "OW", "OF", "OD", "OL", "OV"} or tag == PIXEL_DATA:
            return self._encapsulated(tag, vr, start, top)
        known = top.explicit and self.data[start - 8 : start - 6] == b"SQ"
        top.elements[tag] = Element(tag, "SQ", start, 0, top.little)
        level = _Open(top.end, explicit=known, little=top.little, undefined=True)
        self._enter(level, tag, top)
        return start

    def _enter(self, level: _Open, tag: int, top: _Open) -> None:
        level.items = []
        level.owner = (top.elements, tag)
        top.elements[tag] = top.elements[tag]._replace(items=level.items)
        self._push(level)

    def _encapsulated(self, tag: int, vr: str, start: int, top: _Open) -> int:
        fragments: list[tuple[int, int]] = []
        pos = start
        unpack = self._structs[top.little].unpack_from
        while True:
            if pos + 8 > top.end:
                raise Unreadable(Reason.TRUNCATED, "fragment header")
            group, number, length = unpack(self.data, pos)
            pos += 8
            found = group << 16 | number
            if found == _SEQUENCE_END:
                break
            if found != _ITEM:
                raise Unreadable(Reason.DAMAGED, "no fragment in encapsulated pixel data")
            if pos + length > top.end:
                raise Unreadable(Reason.TRUNCATED, "fragment longer than the file")
            self._count()
            fragments.append((pos, length))
            pos += length
        element = Element(tag, vr, start, pos - start, top.little, fragments=fragments)
        top.elements[tag] = element
        return pos

    def _push(self, level: _Open) -> None:
        self.stack.append(level)
        if len(self.stack) > 2 * MAX_DEPTH + 1:
            raise Unreadable(Reason.TOO_DEEP)

    def _count(self) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise Unreadable(Reason.TOO_MANY_ELEMENTS)


def known_vr(tag: int) -> str:
    """The VR of PS3.6; "UN" for private and unknown tags; the first one where two are possible."""
    entry = DicomDictionary.get(tag)
    return "UN" if entry is None else entry[0][:2]
