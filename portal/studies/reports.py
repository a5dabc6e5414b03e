"""A structured report among the images, as a page shows it: headings, lines, tables, and images."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote
from uuid import UUID

from portal.core.language import gettext as _
from portal.studies.opening import OpenStudy
from portal.studies.summaries import shown_date
from viewer.dicom import Line, Refused, Report

LOWEST: Final = 6
"""Headings go down to h6, and deeper ones look like it."""
DEEPEST: Final = 3
"""Steps by which a line is moved in."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An image that a report refers to, and the way to it; without one it is not there."""

    words: str
    address: str


@dataclass(slots=True)
class Row:
    """One line of a report, or one of its measurements."""

    name: str
    value: str
    depth: int = 0
    details: list[str] = field(default_factory=list)
    images: list[Seen] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """A heading, some lines, or a table of measurements."""

    kind: Literal["heading", "lines", "table"]
    level: int
    """Of a heading."""
    words: str = ""
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What the page of a report says."""

    title: str
    shown_date: str
    report: Report | Refused = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)


async def read_report(study: OpenStudy, instance: UUID) -> ReportPage:
    """A report or a selection of key images.  Raises `Unknown` for anything else, and `Busy`."""
    header = (await study.stored(instance))["header"]
    found = await study.report(instance)
    if isinstance(found, Refused):
        title = header["series_description"] or _("Report")
        return ReportPage(title, shown_date(header["study_date"]), found, ())
    ways = _ways(study.id, await study.manifest())
    title = found.title or header["series_description"] or _("Report")
    day = shown_date(found.day or header["study_date"])
    return ReportPage(title, day, found, tuple(_blocks(found.lines, ways)))


Ways = Mapping[str, tuple[str, dict[str, Any], int]]
"""By SOP Instance UID: what an image is called, a view of its first frame, and its frames."""


def _ways(study: UUID, manifest: Mapping[str, Any]) -> Ways:
    found: dict[str, tuple[str, dict[str, Any], int]] = {}
    for series in manifest["series"]:
        index, count = 0, sum(max(1, each["frames"]) for each in series["instances"])
        number = series["id"] + 1 if series["number"] is None else series["number"]
        for each in series["instances"]:
            words = _("Series %(series)s, image %(image)s", series=number, image=index + 1)
            view = {
                "v": 1, "study": study.hex, "series": series["id"], "instance": each["id"],
                "sop": each["sop"], "frame": 1, "index": index, "count": count,
                "seriesNumber": series["number"], "window": None, "invert": False, "zoom": 1,
                "pan": [0, 0], "rotation": 0, "flipH": False, "flipV": False, "annotations": [],
            }  # fmt: skip
            found[each["sop"]] = (words, view, max(1, each["frames"]))
            index += max(1, each["frames"])
    return found


def _blocks(lines: Sequence[Line], ways: Ways) -> Iterator[Block]:
    """Neighbours of one kind stand together; what lies below a measurement explains it."""
    block: Block | None = None
    base = 0
    measured: int | None = None
    for line in lines:
        if measured is not None and line.depth > measured and block and line.what != "section":
            _explain(block.rows[-1], line, ways)
            continue
        measured = line.depth if line.what == "number" else None
        if line.what == "section":
            if block:
                yield block
            block, base = None, line.depth + 1
            yield Block("heading", min(LOWEST, 2 + line.depth), line.name)
            continue
        kind: Literal["lines", "table"] = "table" if line.what == "number" else "lines"
        if block is None or block.kind != kind:
            if block:
                yield block
            block = Block(kind, 0)
        block.rows.append(_row(line, base, ways))
    if block:
        yield block


def _row(line: Line, base: int, ways: Ways) -> Row:
    depth = min(DEEPEST, max(0, line.depth - base))
    return Row(line.name, _value(line), depth, images=[_seen(each, ways) for each in line.images])


def _explain(row: Row, line: Line, ways: Ways) -> None:
    row.images += [_seen(each, ways) for each in line.images]
    if said := ": ".join(part for part in (line.name, _value(line)) if part):
        row.details.append(said)


def _value(line: Line) -> str:
    if line.what == "date":
        hours, minutes = line.value[8:10], line.value[10:12]
        return shown_date(line.value[:8]) + (f", {hours}:{minutes}" if minutes else "")
    return f"{line.value} {line.unit}".strip()


def _seen(referred: tuple[str, int], ways: Ways) -> Seen:
    sop, frame = referred
    if sop not in ways:
        return Seen(_("An image that is not in this examination"), "")
    words, first, frames = ways[sop]
    step = min(max(1, frame), frames) - 1
    view = first | {"frame": 1 + step, "index": first["index"] + step}
    study = UUID(first["study"])
    return Seen(words, f"/v/{study}#view={quote(json.dumps(view, separators=(',', ':')))}")
