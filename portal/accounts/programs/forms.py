"""What is asked before a program gets a token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self

from portal.accounts.dates import read_day, today
from portal.accounts.forms import Problems, read_name
from portal.core.errors import Invalid
from portal.core.language import N_, ZONE, gettext
from portal.keys import SCOPES, Scope

PROPOSED: Final = timedelta(days=90)
LONGEST: Final = timedelta(days=365)
SCOPE: Final = "scope_"


class NoEnd(Invalid):
    """An end in the past, or too far away."""

    code = "token_end"
    message = N_("Please choose a day from today on, at most one year from now.")


class NoUse(Invalid):
    """Nothing was ticked."""

    code = "token_scopes"
    message = N_("Please choose what the program may do.")


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a program is called, what it may do, and until when."""

    label: str = field(repr=False)
    scopes: frozenset[Scope]
    until: datetime

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        label = problems.read("label", read_name, data)
        last = problems.read("until", _read_last_day, data)
        scopes = frozenset(each for each in SCOPES if data.get(SCOPE + each))
        if not scopes:
            problems.fields["scopes"] = gettext(NoUse.message)
        problems.check()
        assert label and last  # noqa: S101, PT018 -- check() raised otherwise
        return cls(label, scopes, end_of(last))


def end_of(day: date) -> datetime:
    """The moment a day is over where the portal's people are."""
    return datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC)


def _read_last_day(typed: str) -> date:
    last, first = read_day(typed), today()
    if not first <= last <= first + LONGEST:
        raise NoEnd
    return last
