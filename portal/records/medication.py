"""
A medication plan: what stands in it, and how long each of its words may be.

Columns, section headings, lengths and the limit of three pages of fifteen lines are those of the
German federal medication plan (Bundesmedikationsplan, § 31a SGB V, Anlage 3 BMV-Ä, version 2).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from typing import Any, Final, Literal, Self

from portal.core.language import N_, gettext

KIND: Final = "plan"
LINES_ON_A_PAGE: Final = 15
MOST_LINES: Final = 3 * LINES_ON_A_PAGE

LineKind = Literal["drug", "heading", "text"]
KINDS: Final[tuple[LineKind, ...]] = ("drug", "heading", "text")

HEADINGS: Final = {
    "411": N_("As needed"),
    "412": N_("Long-term medication"),
    "413": N_("Into a muscle"),
    "414": N_("Special use"),
    "415": N_("Into a vein"),
    "416": N_("Under the skin"),
    "417": N_("Ready-to-use syringe"),
    "418": N_("Self-medication"),
    "419": N_("Notes on allergies"),
    "421": N_("Important notes"),
    "422": N_("Important facts"),
    "423": N_("Medicines for special times"),
    "424": N_("Medicines for a limited time"),
}
"""By the keys of the specification (S_BMP_ZWISCHENUEBERSCHRIFT)."""

DOSES: Final = ("morning", "noon", "evening", "night")
LABELS: Final = {
    "substance": N_("Active substance"),
    "trade": N_("Trade name"),
    "strength": N_("Strength"),
    "form": N_("Form"),
    "morning": N_("Morning"),
    "noon": N_("Noon"),
    "evening": N_("Evening"),
    "night": N_("Night"),
    "dosage": N_("Dosage in words"),
    "unit": N_("Unit"),
    "notes": N_("Notes"),
    "reason": N_("Reason"),
    "heading": N_("Heading"),
    "text": N_("Text"),
}
LONGEST: Final = {
    "substance": 80, "trade": 50, "strength": 15, "form": 20, "morning": 6, "noon": 6,
    "evening": 6, "night": 6, "dosage": 20, "unit": 20, "notes": 80, "reason": 50,
    "heading": 3, "text": 200,
}  # fmt: skip
"""Characters of each word of a line."""
LONGEST_HEADING: Final = 50

ABOUT: Final = {
    "person": N_("For"),
    "born": N_("Born on"),
    "allergies": N_("Allergies and intolerances"),
    "weight": N_("Weight (kg)"),
    "height": N_("Height (cm)"),
    "creatinine": N_("Creatinine (mg/dl)"),
    "pregnant": N_("Pregnant"),
    "breastfeeding": N_("Breastfeeding"),
}
LONGEST_ABOUT: Final = {
    "person": 90, "born": 10, "allergies": 100, "weight": 5, "height": 5, "creatinine": 6,
    "pregnant": 3, "breastfeeding": 3,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a medicine, a section heading or free text.  What is not said is empty."""

    id: str
    """Follows the line through all versions."""
    kind: LineKind
    substance: str = ""
    trade: str = ""
    strength: str = ""
    form: str = ""
    morning: str = ""
    noon: str = ""
    evening: str = ""
    night: str = ""
    dosage: str = ""
    """In words, instead of the four times of day."""
    unit: str = ""
    notes: str = ""
    reason: str = ""
    heading: str = ""
    """A key of `HEADINGS`; empty: the words in `text`."""
    text: str = ""

    @property
    def name(self) -> str:
        """What the line is called when somebody speaks of it."""
        if self.kind == "heading":
            return self.shown_heading
        words = " ".join(filter(None, (self.trade or self.substance, self.strength)))
        return (words if self.kind == "drug" else self.text) or gettext("a line without words")

    @property
    def shown_heading(self) -> str:
        """The words of a heading, in the reader's language where they are the specification's."""
        return gettext(HEADINGS[self.heading]) if self.heading in HEADINGS else self.text

    @property
    def is_empty(self) -> bool:
        """Nothing was entered."""
        return not any(getattr(self, each) for each in LABELS)


WORDS: Final = tuple(each.name for each in fields(Line) if each.name in LABELS)
OF_KIND: Final[Mapping[LineKind, tuple[str, ...]]] = {
    "drug": WORDS[: WORDS.index("heading")],
    "heading": ("heading", "text"),
    "text": ("text",),
}
"""What can be said in a line of each kind."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan."""

    person: str = field(default="", repr=False)
    born: str = field(default="", repr=False)
    """`YYYY-MM-DD`, or empty; while it is being typed, whatever was typed."""
    allergies: str = field(default="", repr=False)
    weight: str = field(default="", repr=False)
    height: str = field(default="", repr=False)
    creatinine: str = field(default="", repr=False)
    pregnant: str = field(default="", repr=False)
    """`yes` or empty."""
    breastfeeding: str = field(default="", repr=False)
    lines: tuple[Line, ...] = field(default=(), repr=False)

    @property
    def birth_date(self) -> date | None:
        """The day, when one is given."""
        try:
            return date.fromisoformat(self.born)
        except ValueError:
            return None

    @property
    def medicines(self) -> int:
        """How many there are."""
        return sum(line.kind == "drug" for line in self.lines)

    def tidied(self) -> Self:
        """Without lines in which nothing was entered."""
        return replace(self, lines=tuple(each for each in self.lines if not each.is_empty))

    def packed(self) -> dict[str, Any]:
        """For a box: what is empty is left out."""
        said = {name: value for name in ABOUT if (value := getattr(self, name))}
        lines = [{name: each for name, each in asdict(line).items() if each} for line in self.lines]
        return said | {"lines": lines}

    @classmethod
    def unpacked(cls, said: Mapping[str, Any]) -> Self:
        """What `packed` packed."""
        lines = tuple(Line(**line) for line in said["lines"])
        return cls(**{name: said.get(name, "") for name in ABOUT}, lines=lines)

    def summary(self, changed: str) -> dict[str, Any]:
        """What lists show; *changed* in ISO 8601."""
        about = {"person": self.person, "entries": self.medicines}
        return {"kind": KIND, "changed": changed, **about}
