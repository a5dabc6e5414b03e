"""Birth dates as people write them (rule Q-18)."""

import re
from datetime import date
from typing import Final

from portal.core.db import now
from portal.core.errors import Invalid
from portal.core.language import N_

_GERMAN: Final = re.compile(r"\s*(\d{1,2})\s*\.\s*(\d{1,2})\s*\.\s*(\d{4})\s*", re.ASCII)
_ISO: Final = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*", re.ASCII)
OLDEST: Final = 130


class BadBirthDate(Invalid):
    """Not a day in the calendar, or not one a living person was born on."""

    code = "birth_date"
    message = N_("Please enter the birth date as day.month.year, for example 01.04.1956.")


def read_birth_date(typed: str) -> date:
    """01.04.1956, 1.4.1956 and 1956-04-01 are the first of April.  Raises `BadBirthDate`."""
    if found := _GERMAN.fullmatch(typed):
        day, month, year = (int(part) for part in found.groups())
    elif found := _ISO.fullmatch(typed):
        year, month, day = (int(part) for part in found.groups())
    else:
        raise BadBirthDate
    try:
        born = date(year, month, day)
    except ValueError:
        raise BadBirthDate from None
    today = now().date()
    if not today.year - OLDEST <= born.year or born > today:
        raise BadBirthDate
    return born
