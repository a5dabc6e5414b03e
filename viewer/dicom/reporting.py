"""A structured report as a list of lines (PS3.3 A.35, C.17.3; PS3.16 TID 1500); runs in the child.

Every content item is one line with its depth, in reading order.  What identifies the patient is
left out: who reads a report among images sees these without the patient's name, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from viewer.dicom.dataset import Dataset
from viewer.dicom.opening import Buffer, open_file
from viewer.dicom.reasons import Reason, Refused, Unreadable

What = Literal["section", "text", "date", "number", "image", "thing"]

MOST_LINES: Final = 5000
MOST_TEXT: Final = 20_000
"""Characters of one text."""
MOST_IN_ALL: Final = 1_000_000
"""Characters of all texts of a report."""
DEEPEST: Final = 24
MOST_REFERRED: Final = 200
"""Images that one line refers to."""

_CONTENT, _CONCEPT, _TYPE = 0x0040A730, 0x0040A043, 0x0040A040
_CODE_VALUE, _MEANING = 0x00080100, 0x00080104
_MEASURED, _NUMERIC, _UNITS, _QUALIFIER = 0x0040A300, 0x0040A30A, 0x004008EA, 0x0040A301
_CODED, _GRAPHIC = 0x0040A168, 0x00700023
_REFERRED, _REFERRED_SOP, _REFERRED_FRAMES = 0x00081199, 0x00081155, 0x00081160
_COMPLETE, _VERIFIED, _DATE, _TIME = 0x0040A491, 0x0040A493, 0x00080023, 0x00080033
_TEXTS: Final = {
    "TEXT": 0x0040A160,
    "DATETIME": 0x0040A120,
    "DATE": 0x0040A121,
    "TIME": 0x0040A122,
    "PNAME": 0x0040A123,
}
_DAYS: Final = frozenset({"DATE", "DATETIME"})
_IDENTITY: Final = frozenset({"121029", "121030", "121031", "121032", "121033", "121034"})
"""Subject name, id, birth date, sex, age and species (PS3.16, context group of TID 1007)."""
_UNTITLED: Final = frozenset({"UIDREF"})
"""Numbers for machines, which say nothing to a reader."""


@dataclass(frozen=True, slots=True)
class Line:
    """One content item."""

    depth: int
    """0 below the title."""
    what: What
    name: str
    """What it is about, as the report calls it; may be empty."""
    value: str
    """A number is written as the report writes it; a date is DICOM's (PS3.5)."""
    unit: str
    images: tuple[tuple[str, int], ...]
    """SOP Instance UIDs that it refers to, with the first frame named (from 1), or 0."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a structured report says."""

    title: str
    day: str
    """`YYYYMMDD` when it was written, or empty."""
    complete: bool
    """Its writer calls it complete."""
    verified: bool
    """Somebody answers for it."""
    lines: tuple[Line, ...] = field(repr=False)
    shortened: bool
    """There is more in the file than anybody reads here."""

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Report:
        """What `to_json` made of one.  Raises KeyError, TypeError, ValueError."""
        lines = tuple(
            Line(int(depth), what, str(name), str(value), str(unit), _pairs(images))
            for depth, what, name, value, unit, images in said["lines"]
        )
        return cls(
            str(said["title"]), str(said["day"]), bool(said["complete"]),
            bool(said["verified"]), lines, bool(said["shortened"]),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        lines = [
            [each.depth, each.what, each.name, each.value, each.unit, each.images]
            for each in self.lines
        ]
        about = {"title": self.title, "day": self.day, "shortened": self.shortened}
        return about | {"complete": self.complete, "verified": self.verified, "lines": lines}


def _pairs(said: list[Any]) -> tuple[tuple[str, int], ...]:
    return tuple((str(sop), int(frame)) for sop, frame in said)


def report_of(data: Buffer) -> Report | Refused:
    """What the report in a file says, or why there is none; this answers whatever comes."""
    try:
        dataset = open_file(data).dataset
    except Unreadable as fault:
        return Refused(fault.reason, fault.detail)
    if _CONTENT not in dataset and _CONCEPT not in dataset:
        return Refused(Reason.NOT_IMAGE, "no report")
    reading = _Reading()
    lines = tuple(reading.lines(dataset, 0))
    return Report(
        _meaning(dataset, _CONCEPT),
        dataset.text(_DATE)[:8],
        dataset.text(_COMPLETE) == "COMPLETE",
        dataset.text(_VERIFIED) == "VERIFIED",
        lines,
        reading.shortened,
    )


class _Reading:
    """Counts what was read of one report."""

    def __init__(self) -> None:
        self.shortened = False
        self._lines = 0
        self._characters = 0

    def lines(self, parent: Dataset, depth: int) -> Iterator[Line]:
        """What lies below an item, each followed by what lies below it."""
        if depth > DEEPEST:
            self.shortened = self.shortened or _CONTENT in parent
            return
        for item in parent.items(_CONTENT):
            if self._lines >= MOST_LINES or self._characters >= MOST_IN_ALL:
                self.shortened = True
                return
            kind = item.text(_TYPE)
            concept = item.item(_CONCEPT)
            if kind in _UNTITLED or (concept and concept.text(_CODE_VALUE) in _IDENTITY):
                continue
            line = self._line(item, kind, depth)
            if line is not None:
                self._lines += 1
                self._characters += len(line.name) + len(line.value)
                yield line
            yield from self.lines(item, depth + (line is not None))

    def _line(self, item: Dataset, kind: str, depth: int) -> Line | None:
        name = _meaning(item, _CONCEPT)
        if kind == "CONTAINER":
            return Line(depth, "section", name, "", "", ()) if name else None
        if kind == "NUM":
            return Line(depth, "number", name, *_measured(item), ())
        if kind in {"IMAGE", "COMPOSITE", "WAVEFORM"}:
            images = tuple(_referred(item))
            return Line(depth, "image" if kind == "IMAGE" else "thing", name, "", "", images)
        if kind == "CODE":
            return Line(depth, "text", name, _meaning(item, _CODED), "", ())
        if tag := _TEXTS.get(kind):
            value = item.prose(tag, MOST_TEXT + 1)
            self.shortened = self.shortened or len(value) > MOST_TEXT
            what: What = "date" if kind in _DAYS else "text"
            return Line(depth, what, name, value[:MOST_TEXT], "", ())
        shape = item.text(_GRAPHIC)
        return Line(depth, "thing", name, shape, "", ()) if name or shape else None


def _measured(item: Dataset) -> tuple[str, str]:
    """Number and unit; why there is none stands for a number that is missing."""
    measured = item.item(_MEASURED)
    value = measured.text(_NUMERIC) if measured else ""
    if measured is None or not value:
        return _meaning(item, _QUALIFIER), ""
    units = measured.item(_UNITS)
    short = units.text(_CODE_VALUE) if units else ""
    unit = _meaning(measured, _UNITS) if short.startswith("{") else short
    return value, "" if unit in {"1", "no units"} else unit


def _referred(item: Dataset) -> Iterator[tuple[str, int]]:
    for each in item.items(_REFERRED)[:MOST_REFERRED]:
        if sop := each.uid(_REFERRED_SOP):
            yield sop, max(0, each.integer(_REFERRED_FRAMES) or 0)


def _meaning(dataset: Dataset, tag: int) -> str:
    """The words of a coded value, else its code."""
    coded = dataset.item(tag)
    return (coded.text(_MEANING) or coded.text(_CODE_VALUE)) if coded else ""
