"""
Small plots of what people measure: plain geometry, which a page draws as SVG.

A table with the same values stands beside each, so nobody needs to see the picture.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from portal.core.language import gettext
from portal.records.diary import KINDS, MEASURES, PRESSURE, SCALES, Entry, shown_number

WIDTH: Final = 320
HEIGHT: Final = 120
LEFT: Final = 40
RIGHT: Final = 8
TOP: Final = 10
BOTTOM: Final = 22
LEAST: Final = 2
"""Values from which on there is a line to look at."""
MOST_OWN_PLOTS: Final = 6

PLOTTED: Final = (PRESSURE, *((name,) for name in MEASURES if name not in PRESSURE))


class Dot(NamedTuple):
    """A value in its place."""

    x: float
    y: float


class Reading(NamedTuple):
    """Values of one moment, as numbers and as they were entered."""

    entry: Entry
    numbers: tuple[float, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot: its lines, the values at its edges, and the same as a table."""

    title: str = field(repr=False)
    unit: str = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    readings: tuple[Reading, ...] = field(repr=False)
    low: float = field(repr=False)
    high: float = field(repr=False)

    @property
    def lines(self) -> list[list[Dot]]:
        """The dots of each value, from left to right."""
        return [
            [self._place(each, number) for each, number in zip(self.readings, column, strict=True)]
            for column in zip(*(each.numbers for each in self.readings), strict=True)
        ]

    @property
    def least(self) -> str:
        """The lower edge, as the reader writes it."""
        return shown_number(f"{self.low:g}")

    @property
    def most(self) -> str:
        """The upper edge."""
        return shown_number(f"{self.high:g}")

    def _place(self, reading: Reading, number: float) -> Dot:
        first, last = (self.readings[at].entry.moment for at in (0, -1))
        share = (reading.entry.moment - first) / (last - first) if last > first else 0.5
        height = (number - self.low) / (self.high - self.low)
        across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return Dot(LEFT + share * across, TOP + (1 - height) * down)


def points(line: Sequence[Dot]) -> str:
    """A line as SVG wants its points."""
    return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in line)


def plots(entries: Iterable[Entry]) -> list[Plot]:
    """One for each thing that was measured at least twice, from *entries* in any order."""
    ordered = sorted(entries, key=lambda each: each.when)
    return [*_usual(ordered), *_own(ordered)]


def _usual(entries: Sequence[Entry]) -> list[Plot]:
    found = []
    for names in PLOTTED:
        said = [each for each in entries if getattr(each, names[0])]
        if len(said) < LEAST:
            continue
        readings = [_reading(each, [getattr(each, name) for name in names]) for each in said]
        measures = [MEASURES[name] for name in names]
        title = KINDS["pressure"][0] if names == PRESSURE else measures[0].label
        labels = [gettext(each.label) for each in measures]
        edges = (0.0, 10.0) if names[0] in SCALES else None
        found.append(_plot(gettext(title), gettext(measures[0].unit), labels, readings, edges))
    return found


def _own(entries: Sequence[Entry]) -> list[Plot]:
    """Those of a person's own, by name and unit however they were written."""
    said: dict[tuple[str, str], list[Reading]] = {}
    for entry in entries:
        for each in entry.own:
            place = (each.name.casefold(), each.unit.casefold())
            said.setdefault(place, []).append(_reading(entry, [each.value]))
    often = [(place, each) for place, each in said.items() if len(each) >= LEAST]
    found = []
    for place, readings in often[:MOST_OWN_PLOTS]:
        own = next(
            each
            for each in readings[-1].entry.own
            if (each.name.casefold(), each.unit.casefold()) == place
        )
        found.append(_plot(own.name, own.unit, [own.name], readings, None))
    return found


def _reading(entry: Entry, typed: Sequence[str]) -> Reading:
    return Reading(
        entry, tuple(float(each) for each in typed), tuple(shown_number(each) for each in typed)
    )


def _plot(
    title: str,
    unit: str,
    names: Sequence[str],
    readings: Sequence[Reading],
    edges: tuple[float, float] | None,
) -> Plot:
    numbers = [number for each in readings for number in each.numbers]
    low, high = edges or (min(numbers), max(numbers))
    if low == high:
        low, high = low - 1, high + 1
    return Plot(title, unit, tuple(names), tuple(readings), low, high)
