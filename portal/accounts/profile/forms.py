"""What people say of themselves: for everybody who they are, for professionals their work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Self, cast
from uuid import UUID

from portal.accounts.dates import read_birth_date, read_day, today
from portal.accounts.forms import Missing, NotOffered, Problems, Sex, one_of, read_line, read_name
from portal.accounts.occupations import SPOKEN, Absence, Occupation
from portal.core.errors import Invalid
from portal.core.language import N_

WORDS: Final = ("title", "specialty", "practice", "place", "licence")
"""The fields of an `Occupation` that are one line of text."""


class EndsBeforeItBegins(Invalid):
    """An absence whose last day lies before its first."""

    code = "absence_order"
    message = N_("The last day comes before the first.")


class AlreadyOver(Invalid):
    """An absence in the past."""

    code = "absence_over"
    message = N_("This day is over already. Leave both days empty when you are back.")


@dataclass(frozen=True, slots=True)
class DeputyTyped:
    """Whom somebody named as deputy: words for the address book, and the account if one chose."""

    words: str = field(default="", repr=False)
    chosen: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEdit:
    """What a person may change about themselves."""

    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    sex: Sex = field(repr=False)
    occupation: Occupation = field(default=Occupation(), repr=False)
    deputy: DeputyTyped = DeputyTyped()

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """*data* may hold `languages` as a list.  Raises `Invalid` with `fields`."""
        problems = Problems()
        name = problems.read("name", read_name, data)
        born = problems.read("birth_date", read_birth_date, data)
        sex = problems.read("sex", one_of("F", "M", "O"), data)
        occupation = read_occupation(problems, data)
        deputy = DeputyTyped(problems.read("deputy_name", read_line, data) or "", _chosen(data))
        problems.check()
        assert name and born  # noqa: S101, PT018 -- check() raised otherwise
        return cls(
            name=name,
            birth_date=born,
            sex=cast("Sex", sex),
            occupation=occupation,
            deputy=deputy,
        )


def read_occupation(problems: Problems, data: Mapping[str, Any]) -> Occupation:
    """Everything about the work but the deputy, whom only the address book knows."""
    words = {name: problems.read(name, read_line, data) or "" for name in WORDS}
    spoken = problems.read("languages", lambda _: _languages(data.get("languages")), data)
    return Occupation(
        **words,
        findable=bool(data.get("findable")),
        languages=spoken or (),
        absence=_absence(problems, data),
    )


def _languages(sent: object) -> tuple[str, ...]:
    chosen = {str(each) for each in (sent if isinstance(sent, list) else [sent]) if each}
    if not chosen <= SPOKEN:
        raise NotOffered
    return tuple(sorted(chosen))


def _absence(problems: Problems, data: Mapping[str, Any]) -> Absence | None:
    typed = {name: str(data.get(name, "")).strip() for name in ("away_from", "away_until")}
    named = str(data.get("deputy_name", "")).strip()
    if not any(typed.values()) and not named:
        return None
    first = today()
    if typed["away_from"]:
        first = problems.read("away_from", read_day, typed) or first
    last = problems.read("away_until", lambda day: _last_day(day, first), typed)
    return None if last is None else Absence(first=first, last=last)


def _last_day(typed: str, first: date) -> date:
    if not typed:
        raise Missing
    last = read_day(typed)
    if last < today():
        raise AlreadyOver
    if last < first:
        raise EndsBeforeItBegins
    return last


def _chosen(data: Mapping[str, Any]) -> UUID | None:
    """The colleague chosen from several; what is no id chooses nobody."""
    try:
        return UUID(str(data.get("deputy", "")))
    except ValueError:
        return None
