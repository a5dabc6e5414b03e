"""Days as people write them (rule Q-18), and the day that the portal's clock shows."""

import re
from datetime import date
from typing import Final

from babel import dates

from portal.core.db import now
from portal.core.errors import Invalid
from portal.core.language import N_, ZONE, language

_GERMAN: Final = re.compile(r"\s*(\d{1,2})\s*\.\s*(\d{1,2})\s*\.\s*(\d{4})\s*", re.ASCII)
_ISO: Final = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*", re.ASCII)
OLDEST: Final = 130
"""Years; nobody is known to have lived longer than 122."""


class BadDay(Invalid):
    """Not written as a day."""

    code = "day"
    message = N_("Please enter the day as day.month.year, for example 03.12.2026.")


class NoSuchDay(Invalid):
    """Written as a day, but the calendar has none such."""

    code = "no_such_day"
    message = N_("There is no such day in the calendar. Please check day and month.")


class BadBirthDate(Invalid):
    """Not written as a day."""

    code = "birth_date"
    message = N_("Please enter the birth date as day.month.year, for example 01.04.1956.")


class NotYetBorn(Invalid):
    """A birth date after today."""

    code = "birth_date_future"
    message = N_("This day has not come yet. Please check the year.")


class BornTooLongAgo(Invalid):
    """A birth date on which nobody alive was born."""

    code = "birth_date_past"
    message = N_("This day is more than 130 years ago. Please check the year.")


def today() -> date:
    """The day it is where the portal's people are."""
    return now().astimezone(ZONE).date()


def show_short(day: date) -> str:
    """A day near by, in the reader's language: 3 Dec, 3. Dez.; with its year when it is another."""
    locale = "en_GB" if language() == "en" else "de"
    skeleton = "MMMd" if day.year == today().year else "yMMMd"
    return str(dates.format_skeleton(skeleton, day, locale=locale))


def read_day(typed: str) -> date:
    """01.04.1956, 1.4.1956 and 1956-04-01 are the first of April.  Raises `BadDay`, `NoSuchDay`."""
    if found := _GERMAN.fullmatch(typed):
        day, month, year = (int(part) for part in found.groups())
    elif found := _ISO.fullmatch(typed):
        year, month, day = (int(part) for part in found.groups())
    else:
        raise BadDay
    try:
        return date(year, month, day)
    except ValueError:
        raise NoSuchDay from None


def read_birth_date(typed: str) -> date:
    """
    A day on which somebody alive may have been born.

    Raises `BadBirthDate`, `NoSuchDay`, `NotYetBorn` or `BornTooLongAgo`.
    """
    try:
        born = read_day(typed)
    except BadDay:
        raise BadBirthDate from None
    current = today()
    if born > current:
        raise NotYetBorn
    if (born.year + OLDEST, born.month, born.day) < (current.year, current.month, current.day):
        raise BornTooLongAgo
    return born
