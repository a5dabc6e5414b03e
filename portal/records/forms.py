"""
What comes in from the form of a plan.

Without a script every button sends the whole form: what was typed comes back with one line more,
in another place, or struck out.  Only "Save" checks anything, and writes.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any, Final, Self
from uuid import UUID

from portal import accounts
from portal.core.errors import Invalid, PortalError, reading
from portal.core.language import N_, gettext
from portal.records.medication import (
    ABOUT,
    DOSES,
    HEADINGS,
    KINDS,
    LABELS,
    LONGEST,
    LONGEST_ABOUT,
    LONGEST_HEADING,
    MOST_LINES,
    OF_KIND,
    Line,
    LineKind,
    Plan,
)

_LINE_ID: Final = re.compile("[0-9a-f]{16}")
_ACT: Final = re.compile("(up|down|gone|back)-([0-9]{1,3})")
_ADD: Final = re.compile("add-([a-z]+)")
_NUMBER: Final = re.compile(r"[0-9]{1,3}([.,][0-9]{1,2})?")
NUMBERS: Final = ("weight", "height", "creatinine")
MOST_REV: Final = 2**31 - 1

FULL: Final = N_("A plan has at most 45 lines: three pages of fifteen.")


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was sent."""

    plan: Plan = field(repr=False)
    gone: frozenset[str]
    """Lines that are struck out, and go when the plan is saved."""
    act: str
    """What the button says that was pressed; empty: save."""
    rev: int
    client_id: UUID

    @classmethod
    def parse(cls, form: Mapping[str, Any]) -> Self:
        """Whatever was typed, at its length.  Raises `Invalid` for what no page sends."""
        lines, gone = [], set[str]()
        for number in range(MOST_LINES):
            if f"l-{number}-kind" not in form:
                break
            line = _line(form, number)
            lines.append(line)
            if form.get(f"l-{number}-gone"):
                gone.add(line.id)
        rev, client_id = read_turn(form)
        if len({line.id for line in lines}) != len(lines):
            raise Invalid
        about = {name: line_of_text(form, f"p-{name}") for name in ABOUT}
        plan = Plan(**about, lines=tuple(lines))
        return cls(plan, frozenset(gone), line_of_text(form, "act"), rev, client_id)

    @property
    def final(self) -> Plan:
        """The plan as it is saved: without what is struck out or empty."""
        left = tuple(line for line in self.plan.lines if line.id not in self.gone)
        return replace(self.plan, lines=left).tidied()

    def acted(self) -> tuple[Self, str]:
        """The form after the button, and the id of the field where its person goes on."""
        if found := _ADD.fullmatch(self.act):
            return self._added(found[1])
        found = _ACT.fullmatch(self.act)
        if found is None or int(found[2]) >= len(self.plan.lines):
            raise Invalid
        verb, at = found[1], int(found[2])
        if verb in {"up", "down"}:
            return self._moved(at, at + (1 if verb == "down" else -1), verb)
        line = self.plan.lines[at].id
        gone = self.gone | {line} if verb == "gone" else self.gone - {line}
        return replace(self, gone=gone), f"back-{at}" if verb == "gone" else f"gone-{at}"

    def _added(self, kind: str) -> tuple[Self, str]:
        if kind not in KINDS:
            raise Invalid
        count = len(self.plan.lines)
        if count >= MOST_LINES:
            return self, ""
        lines = (*self.plan.lines, new_line(kind))
        field_id = f"f-l-{count}-{OF_KIND[kind][0]}"
        return replace(self, plan=replace(self.plan, lines=lines)), field_id

    def _moved(self, at: int, to: int, verb: str) -> tuple[Self, str]:
        lines = list(self.plan.lines)
        if not 0 <= to < len(lines):
            return self, f"{verb}-{at}"
        lines[at], lines[to] = lines[to], lines[at]
        edge = {0: "down", len(lines) - 1: "up"}.get(to, verb)  # the button that is left there
        return replace(self, plan=replace(self.plan, lines=tuple(lines))), f"{edge}-{to}"


def read_turn(form: Mapping[str, Any]) -> tuple[int, UUID]:
    """The version that a form follows, and its own id, by which it is known when it comes twice."""
    with reading():
        rev, client_id = int(str(form["rev"])), UUID(str(form["client_id"]))
    if not 0 <= rev <= MOST_REV:
        raise Invalid
    return rev, client_id


def new_line(kind: LineKind) -> Line:
    """A line in which nothing is said yet."""
    return Line(token_hex(8), kind)


def _line(form: Mapping[str, Any], number: int) -> Line:
    kind = str(form[f"l-{number}-kind"])
    if kind not in KINDS:
        raise Invalid
    sent = str(form.get(f"l-{number}-id", ""))
    words = {name: line_of_text(form, f"l-{number}-{name}") for name in OF_KIND[kind]}
    if words.get("heading") not in HEADINGS:
        words.pop("heading", None)
    return Line(sent if _LINE_ID.fullmatch(sent) else token_hex(8), kind, **words)


def line_of_text(form: Mapping[str, Any], name: str) -> str:
    """One line of visible characters, composed (NFC)."""
    typed = " ".join(str(form.get(name) or "").split())
    return "".join(each for each in unicodedata.normalize("NFC", typed) if each.isprintable())


def checked(typed: Typed) -> Plan:
    """The plan to save.  Raises `Invalid` with `fields`: names of fields and what is wrong."""
    plan, problems = typed.final, dict[str, str]()
    born = _birth_date(plan.born, problems)
    for name, most in LONGEST_ABOUT.items():
        _not_longer(f"p-{name}", getattr(plan, name), most, problems)
    for name in NUMBERS:
        if (value := getattr(plan, name)) and not _NUMBER.fullmatch(value):
            problems[f"p-{name}"] = gettext("Please enter a number, for example 72 or 72,5.")
    for number, line in enumerate(typed.plan.lines):
        if line.id not in typed.gone:
            _check_line(f"l-{number}", line, problems)
    if problems:
        raise Invalid(fields=problems)
    return replace(plan, born=born)


def _birth_date(sent: str, problems: dict[str, str]) -> str:
    try:
        return accounts.read_birth_date(sent).isoformat() if sent else ""
    except PortalError as error:
        problems["p-born"] = gettext(error.message)
        return sent


def _check_line(prefix: str, line: Line, problems: dict[str, str]) -> None:
    for name in OF_KIND[line.kind]:
        most = LONGEST_HEADING if line.kind == "heading" else LONGEST[name]
        _not_longer(f"{prefix}-{name}", getattr(line, name), most, problems)
    if line.kind != "drug" or line.is_empty:
        return
    if not line.substance and not line.trade:
        problems[f"{prefix}-substance"] = gettext("Please enter the active substance or the trade "
                                                  "name.")  # fmt: skip
    if line.dosage and any(getattr(line, each) for each in DOSES):
        problems[f"{prefix}-dosage"] = gettext(
            "Please enter the dosage either by time of day or in words."
        )


def _not_longer(name: str, value: str, most: int, problems: dict[str, str]) -> None:
    if len(value) > most:
        problems[name] = gettext("At most %(most)s characters, please.", most=most)


def labels_of(typed: Typed) -> dict[str, str]:
    """What each field is called in a list of what is wrong."""
    found = {f"p-{name}": gettext(label) for name, label in ABOUT.items()}
    for number, line in enumerate(typed.plan.lines):
        for name in OF_KIND[line.kind]:
            words = gettext("line %(number)s, %(label)s", number=number + 1,
                            label=gettext(LABELS[name]))  # fmt: skip
            found[f"l-{number}-{name}"] = words
    return found
