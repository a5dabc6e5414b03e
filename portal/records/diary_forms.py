"""What comes in from the forms of the diary: one entry, or the span that somebody wants to see."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

from portal import accounts
from portal.core.db import now
from portal.core.errors import Invalid, PortalError
from portal.core.language import ZONE, gettext
from portal.records.diary import (
    KINDS,
    LONGEST_OWN,
    LONGEST_SYMPTOMS,
    LONGEST_TEXT,
    MEASURES,
    MOST_OWN,
    PRESSURE,
    SCALES,
    Entry,
    Own,
    shown_number,
)
from portal.records.forms import line_of_text, read_turn

_NUMBER: Final = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,2})?")
_OWN_NUMBER: Final = re.compile(r"-?[0-9]{1,7}(?:[.,][0-9]{1,3})?")
_WHEN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
_SECONDS: Final = re.compile(r":[0-9]{2}(\.[0-9]{1,3})?$")
FIRST_YEAR: Final = 1900
ROUND: Final = ("systolic", "diastolic", "pulse", "sugar_mgdl", *SCALES)
"""What is a whole number."""
UNITS: Final = {"mgdl": "mg/dl", "mmoll": "mmol/l"}


@dataclass(frozen=True, slots=True)
class EntryTyped:
    """The form of an entry as it was sent; numbers stand as they were typed."""

    entry: Entry = field(repr=False)
    rev: int
    client_id: UUID
    sugar_unit: str

    @classmethod
    def parse(cls, form: Mapping[str, Any]) -> Self:
        """Whatever was typed.  Raises `Invalid` for what no page sends."""
        unit = str(form.get("sugar_unit") or "mgdl")
        if unit not in UNITS:
            raise Invalid
        words = {name: line_of_text(form, name) for name in MEASURES}
        words[f"sugar_{unit}"] = line_of_text(form, "sugar")
        own = tuple(_own(form, number) for number in range(MOST_OWN))
        entry = Entry(
            when=line_of_text(form, "when").replace(" ", "T"),
            **words,
            symptoms=line_of_text(form, "symptoms"),
            text=_text(form, "text"),
            own=tuple(each for each in own if any(each)),
        )
        rev, client_id = read_turn(form)
        return cls(entry, rev, client_id, unit)

    @classmethod
    def of(cls, entry: Entry, rev: int, client_id: UUID) -> Self:
        """The form of what was saved, in the language of whoever goes on with it."""
        numbers = {name: shown_number(getattr(entry, name)) for name in MEASURES}
        own = tuple(each._replace(value=shown_number(each.value)) for each in entry.own)
        unit = "mmoll" if entry.sugar_mmoll else "mgdl"
        return cls(replace(entry, **numbers, own=own), rev, client_id, unit)

    @property
    def sugar(self) -> str:
        """What stands in the one field for blood sugar."""
        return self.entry.sugar_mgdl or self.entry.sugar_mmoll


def _own(form: Mapping[str, Any], number: int) -> Own:
    return Own(*(line_of_text(form, f"own-{number}-{name}") for name in Own._fields))


def _text(form: Mapping[str, Any], name: str) -> str:
    """Several lines of visible characters."""
    lines = str(form.get(name) or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line_of_text({name: line}, name) for line in lines).strip("\n")


def checked_entry(typed: EntryTyped) -> Entry:
    """The entry to save.  Raises `Invalid` with `fields`: names of fields and what is wrong."""
    problems, entry = dict[str, str](), typed.entry
    when = _checked_when(entry.when, problems)
    numbers = {name: _checked(name, getattr(entry, name), problems) for name in MEASURES}
    _check_pressure(entry, numbers, problems)
    own = tuple(_checked_own(at, each, problems) for at, each in enumerate(entry.own))
    for name, most in (("symptoms", LONGEST_SYMPTOMS), ("text", LONGEST_TEXT)):
        if len(getattr(entry, name)) > most:
            problems[name] = gettext("At most %(most)s characters, please.", most=most)
    if not problems and entry.is_empty:
        problems["text"] = gettext("Please enter something: a word or a value is enough.")
    if problems:
        raise Invalid(fields=problems)
    return replace(entry, when=when, **numbers, own=own)


def _checked_when(sent: str, problems: dict[str, str]) -> str:
    """The minute, `YYYY-MM-DDTHH:MM`; a little of the future is a clock that goes wrong."""
    minute = _SECONDS.sub("", sent) if sent.count(":") > 1 else sent
    try:
        moment = datetime.fromisoformat(minute) if _WHEN.fullmatch(minute) else None
    except ValueError:
        moment = None
    tomorrow = now().astimezone(ZONE).replace(tzinfo=None) + timedelta(days=1)
    if moment is None:
        problems["when"] = gettext("Give day and time, like 22.11.2026, 16:00.")
    elif moment > tomorrow:
        problems["when"] = gettext("This has not come yet.")
    elif moment.year < FIRST_YEAR:
        problems["when"] = gettext("This is too long ago.")
    return minute


def _checked(name: str, typed: str, problems: dict[str, str]) -> str:
    """The number with a point, or what was typed."""
    if not typed:
        return ""
    measure, field_name = MEASURES[name], "sugar" if name.startswith("sugar") else name
    number = typed.replace(",", ".")
    if not _NUMBER.fullmatch(typed) or not measure.least <= float(number) <= measure.most:
        problems[field_name] = gettext(
            "Please enter a number from %(least)s to %(most)s.",
            least=shown_number(f"{measure.least:g}"),
            most=f"{measure.most:g}",
        )
    elif name in ROUND and "." in number:
        problems[field_name] = gettext("Please enter a whole number.")
    else:
        whole, point, rest = number.partition(".")
        return f"{int(whole)}{point}{rest}"
    return typed


def _check_pressure(entry: Entry, numbers: Mapping[str, str], problems: dict[str, str]) -> None:
    if any(name in problems for name in PRESSURE):
        return
    upper, lower = numbers["systolic"], numbers["diastolic"]
    if bool(upper) != bool(lower):
        missing = "diastolic" if entry.systolic else "systolic"
        problems[missing] = gettext("Please enter both values of the blood pressure.")
    elif upper and float(upper) <= float(lower):
        problems["systolic"] = gettext("The upper value is the larger one.")


def _checked_own(at: int, own: Own, problems: dict[str, str]) -> Own:
    if not own.name or not own.value:
        lacking = "value" if own.name else "name"
        problems[f"own-{at}-{lacking}"] = gettext("A value of your own needs a name and a number.")
    elif not _OWN_NUMBER.fullmatch(own.value):
        problems[f"own-{at}-value"] = gettext("Please enter a number, for example 72 or 72,5.")
    for name in ("name", "unit"):
        if len(getattr(own, name)) > LONGEST_OWN:
            words = gettext("At most %(most)s characters, please.", most=LONGEST_OWN)
            problems[f"own-{at}-{name}"] = words
    return own._replace(value=own.value.replace(",", "."))


def entry_labels() -> dict[str, str]:
    """What each field is called in a list of what is wrong."""
    found = {name: gettext(measure.label) for name, measure in MEASURES.items()}
    found |= {name: gettext(KINDS[name][0]) for name in ("sugar", "symptoms", "text")}
    names = {"name": gettext("Name"), "value": gettext("Value"), "unit": gettext("Unit")}
    for at in range(MOST_OWN):
        for name, words in names.items():
            found[f"own-{at}-{name}"] = gettext(
                "own value %(number)s, %(label)s", number=at + 1, label=words
            )
    return found | {"when": gettext("Day and time")}


@dataclass(frozen=True, slots=True)
class Span:
    """From which day to which, both included, and of what kind (a key of `KINDS`, or all)."""

    since: date
    until: date
    kind: str = ""

    @classmethod
    def parse(cls, form: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems, kind = dict[str, str](), str(form.get("kind") or "")
        days = [_day(form, name, problems) for name in ("since", "until")]
        if kind and kind not in KINDS:
            raise Invalid
        if not problems and days[0] > days[1]:
            problems["until"] = gettext("The last day comes before the first.")
        if problems:
            raise Invalid(fields=problems)
        return cls(days[0], days[1], kind)

    def holds(self, entry: Entry) -> bool:
        """Whether the entry is wanted."""
        return self.since <= entry.day <= self.until and (not self.kind or entry.has(self.kind))


def span_of(name: str, months: int) -> Span:
    """The month `YYYY-MM`, and those before it so that it is *months* together."""
    first = date.fromisoformat(f"{name}-01")
    last = first.replace(day=monthrange(first.year, first.month)[1])
    for _before in range(months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return Span(first, last)


def _day(form: Mapping[str, Any], name: str, problems: dict[str, str]) -> date:
    try:
        return accounts.read_day(line_of_text(form, name))
    except PortalError as error:
        problems[name] = gettext(error.message)
        return date.min
