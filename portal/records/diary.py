"""
A health diary: entries by day and time, each with what was felt, measured and noticed.

Numbers are kept with a point and in the unit that stands beside them.  Mood and pain are said from
0 to 10, as with the numeric rating scale (NRS-11).  A plausible range refuses slips of the finger,
not unusual people.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple, Self

from portal.core.language import N_, gettext, language

KIND: Final = "diary"
LONGEST_TEXT: Final = 4_000
LONGEST_SYMPTOMS: Final = 300
LONGEST_OWN: Final = 40
MOST_OWN: Final = 3
"""Values of one's own in one entry."""


class Measure(NamedTuple):
    """Something that is measured: its name and unit (msgids), and what is plausible."""

    label: str
    unit: str
    least: float
    most: float


MEASURES: Final[Mapping[str, Measure]] = {
    "mood": Measure(N_("Mood"), N_("of 10"), 0, 10),
    "pain": Measure(N_("Pain"), N_("of 10"), 0, 10),
    "systolic": Measure(N_("Blood pressure, upper value"), "mmHg", 40, 300),
    "diastolic": Measure(N_("Blood pressure, lower value"), "mmHg", 20, 200),
    "pulse": Measure(N_("Pulse"), N_("a minute"), 20, 300),
    "weight": Measure(N_("Weight"), "kg", 0.3, 500),
    "temperature": Measure(N_("Temperature"), "°C", 25, 45),
    "sugar_mgdl": Measure(N_("Blood sugar"), "mg/dl", 10, 1500),
    "sugar_mmoll": Measure(N_("Blood sugar"), "mmol/l", 0.5, 85),
}
SCALES: Final = ("mood", "pain")
BLOOD_PRESSURE: Final = N_("Blood pressure")
PRESSURE: Final = ("systolic", "diastolic")

KINDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "mood": (N_("Mood"), ("mood",)),
    "pain": (N_("Pain"), ("pain",)),
    "pressure": (BLOOD_PRESSURE, PRESSURE),
    "pulse": (N_("Pulse"), ("pulse",)),
    "weight": (N_("Weight"), ("weight",)),
    "temperature": (N_("Temperature"), ("temperature",)),
    "sugar": (N_("Blood sugar"), ("sugar_mgdl", "sugar_mmoll")),
    "own": (N_("Values of your own"), ("own",)),
    "symptoms": (N_("Symptoms"), ("symptoms",)),
    "text": (N_("Free notes"), ("text",)),
}
"""By what a diary can be filtered: the name, and what of an entry belongs to it."""


class Own(NamedTuple):
    """A value that somebody measures beside the usual ones."""

    name: str = ""
    value: str = ""
    unit: str = ""


class Fact(NamedTuple):
    """Something measured, as the reader sees it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in one entry.  What is not said is empty."""

    when: str = field(default="", repr=False)
    """`YYYY-MM-DDTHH:MM`, by the clock of the portal's people."""
    mood: str = field(default="", repr=False)
    pain: str = field(default="", repr=False)
    systolic: str = field(default="", repr=False)
    diastolic: str = field(default="", repr=False)
    pulse: str = field(default="", repr=False)
    weight: str = field(default="", repr=False)
    temperature: str = field(default="", repr=False)
    sugar_mgdl: str = field(default="", repr=False)
    sugar_mmoll: str = field(default="", repr=False)
    symptoms: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    own: tuple[Own, ...] = field(default=(), repr=False)

    @property
    def moment(self) -> datetime:
        """When it was, without a zone."""
        return datetime.fromisoformat(self.when)

    @property
    def day(self) -> date:
        """The day it belongs to."""
        return self.moment.date()

    @property
    def clock(self) -> str:
        """`HH:MM`."""
        return self.when[11:16]

    @property
    def month(self) -> str:
        """`YYYY-MM`: in which part of the diary it lies."""
        return self.when[:7]

    @property
    def is_empty(self) -> bool:
        """Nothing but a time was entered."""
        return not any(self.has(kind) for kind in KINDS)

    def has(self, kind: str) -> bool:
        """Whether it says something of that kind (a key of `KINDS`)."""
        return any(getattr(self, name) for name in KINDS[kind][1])

    def number(self, measure: str) -> float | None:
        """What was measured, when it was."""
        typed: str = getattr(self, measure)
        return float(typed) if typed else None

    def facts(self) -> list[Fact]:
        """What was measured, in the reader's language."""
        found = []
        for name, measure in MEASURES.items():
            if name == "systolic" and self.systolic:
                value = f"{self.systolic}/{self.diastolic} {measure.unit}"
                found.append(Fact(gettext(BLOOD_PRESSURE), value))
            elif name != "diastolic" and (typed := getattr(self, name)):
                value = f"{shown_number(typed)} {gettext(measure.unit)}"
                found.append(Fact(gettext(measure.label), value))
        for name, typed, unit in self.own:
            found.append(Fact(name, f"{shown_number(typed)} {unit}".strip()))
        return found

    def packed(self) -> dict[str, Any]:
        """For a box: what is empty is left out."""
        said = {name: value for name, value in asdict(self).items() if value and name != "own"}
        return said | {"own": [each._asdict() for each in self.own]}

    @classmethod
    def unpacked(cls, said: Mapping[str, Any]) -> Self:
        """What `packed` packed."""
        own = tuple(Own(**each) for each in said["own"])
        return cls(**{**said, "own": own})


def shown_number(typed: str) -> str:
    """A number as the reader writes it: 36.8, or 36,8."""
    return typed.replace(".", ",") if language() == "de" else typed


def summary_of(month: str, entries: int, changed: str) -> dict[str, Any]:
    """What lists show of one month, `YYYY-MM`; *changed* in ISO 8601."""
    return {"kind": KIND, "month": month, "entries": entries, "changed": changed}
