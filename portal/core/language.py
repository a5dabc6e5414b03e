"""
Two languages.  The English sentence is the key; German comes from compiled gettext catalogues.

The language of a request lives in a context variable, so templates, mails and error messages of
concurrent requests do not mix.
"""

import gettext as _gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import dates, numbers

LANGUAGES: Final = ("en", "de")
CATALOGUES: Final = Path(__file__).parents[2] / "locale" / "build"
ZONE: Final = ZoneInfo("Europe/Berlin")

_language: ContextVar[str] = ContextVar("language", default="en")


def noop(message: str) -> str:
    """Mark *message* for translation; it is translated where it is shown."""
    return message


N_ = noop  # the short name under which the catalogue tools know it


def language() -> str:
    """The language of whoever is being answered."""
    return _language.get()


def choose(wanted: str | None) -> str:
    """The nearest language we speak to *wanted* (a code such as `de-AT`)."""
    short = (wanted or "")[:2].lower()
    return short if short in LANGUAGES else "en"


def speak(wanted: str | None) -> None:
    """Answer the rest of this request in *wanted*."""
    _language.set(choose(wanted))


@contextmanager
def speaking(wanted: str | None) -> Iterator[None]:
    """Answer in *wanted* inside the block, for example while a mail is written."""
    token = _language.set(choose(wanted))
    try:
        yield
    finally:
        _language.reset(token)


@cache
def _catalogue(code: str) -> _gettext.NullTranslations:
    return _gettext.translation("messages", CATALOGUES, [code], fallback=True)


def gettext(message: str, **values: Any) -> str:
    """*message* in the current language, its `%(name)s` filled in when values are given."""
    text = _catalogue(_language.get()).gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """The form for *number*, with `%(num)s` and *values* filled in."""
    text = _catalogue(_language.get()).ngettext(one, many, number)
    return text % {"num": number, **values}


def raw_ngettext(one: str, many: str, number: int) -> str:
    """For Jinja's newstyle ngettext, which fills in values itself."""
    return _catalogue(_language.get()).ngettext(one, many, number)


def show_date(day: date) -> str:
    """A day as the reader writes it: 1 April 1956, 1. April 1956."""
    return str(dates.format_date(day, "long", locale="en_GB" if language() == "en" else "de"))


def show_time(moment: datetime) -> str:
    """A moment in German local time, short: 12 Mar 2026, 14:05; 12. März 2026, 14:05."""
    locale, day = ("en_GB", "d") if language() == "en" else ("de", "d.")
    return str(dates.format_datetime(moment.astimezone(ZONE), f"{day} MMM y, HH:mm", locale=locale))


def show_bytes(size: int, beside: int = 0) -> str:
    """
    A size in the units of the product (1 GB = 1024 MB, S-124); of two in one sentence, which both
    name the larger one as *beside*, in one unit in which the smaller one still says something.
    """
    value, unit, locale = float(size), "B", "en_GB" if language() == "en" else "de"
    largest, most = float(beside or size), 10_240.0 if beside else 1023.5
    for bigger in ("kB", "MB", "GB", "TB"):
        if largest < most:  # S-124, and 1,024 MB is written 1.0 GB
            break
        value, largest, unit = value / 1024, largest / 1024, bigger
    digits = "#,##0" if unit == "B" or not 0 < value < 9.95 else "#,##0.0"  # noqa: PLR2004
    value = max(value, 0.1 * bool(size)) + 1e-9  # halves go up, as in browsers
    shown = numbers.format_decimal(value, digits, locale)
    return f"{shown}\N{NO-BREAK SPACE}{unit}"
