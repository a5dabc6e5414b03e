"""A span of the diary for others: on paper (PDF/UA-1), and as a table (CSV, RFC 4180)."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from portal.core import language
from portal.core.errors import Invalid
from portal.core.language import N_, ngettext, show_date
from portal.core.language import gettext as _
from portal.records.diary import KINDS, MEASURES, Entry, shown_number
from portal.records.diary_forms import Span
from portal.records.printing import on_paper

SHEET: Final = Path(__file__).with_name("diary.typ")
MOST_PRINTED: Final = 1_000
MOST_LETTERS: Final = 500_000
"""Entries of one paper, and letters in them: it takes a second, and at most about 200 pages."""
BEGINS_A_FORMULA: Final = re.compile(r"^\s*[=+\-@＝＋－＠|%]|^[\t\r\n]")
"""What a spreadsheet would reckon with or run, in letters of full width, too (OWASP)."""


class TooMuchPaper(Invalid):
    """More entries, or longer ones, than one paper holds."""

    code = "too_much_paper"
    message = N_(
        "At most 1,000 entries with 500,000 letters are printed at once. Please choose a shorter "
        "span."
    )


@dataclass(frozen=True, slots=True)
class DiaryPrinted:
    """What is printed, and whose it is."""

    entries: Sequence[Entry] = field(repr=False)
    """The earliest first."""
    span: Span
    person: str = field(repr=False)


async def diary_as_pdf(printed: DiaryPrinted) -> bytes:
    """A4, in the reader's language.  Raises `TooMuchPaper`."""
    if not fits_on_paper(printed.entries):
        raise TooMuchPaper
    days = [
        {"name": show_date(day), "entries": [_row(each) for each in entries]}
        for day, entries in groupby(printed.entries, lambda each: each.day)
    ]
    return await on_paper(SHEET, _words(printed) | {"days": days})


def printable(span: Span, entries: Sequence[Entry]) -> Span | None:
    """
    The last days of *span* whose entries, the earliest first, one paper holds: all of it where that
    is possible, None where its last day with entries is too much.
    """
    fitting, letters, since = 0, 0, None
    for day, those in groupby(reversed(entries), lambda each: each.day):
        listed = list(those)
        fitting, letters = fitting + len(listed), letters + _letters(listed)
        if fitting > MOST_PRINTED or letters > MOST_LETTERS:
            return None if since is None else replace(span, since=since)
        since = day
    return span


def fits_on_paper(entries: Sequence[Entry]) -> bool:
    """Whether one paper holds them."""
    return len(entries) <= MOST_PRINTED and _letters(entries) <= MOST_LETTERS


def _letters(entries: Iterable[Entry]) -> int:
    return sum(len(each.symptoms) + len(each.text) for each in entries)


def _words(printed: DiaryPrinted) -> dict[str, Any]:
    span, count = printed.span, len(printed.entries)
    words = _(
        "From %(since)s to %(until)s", since=show_date(span.since), until=show_date(span.until)
    )
    kind = f" · {_(KINDS[span.kind][0])}" if span.kind else ""
    return {
        "title": _("Health diary"),
        "language": language.language(),
        "for_label": _("Written by:"),
        "person": printed.person,
        "span": words + kind,
        "count": ngettext("%(num)s entry", "%(num)s entries", count),
        "columns": [_("Time"), _("Measured"), _("Symptoms and notes")],
        "symptoms": _("Symptoms"),
        "origin": _("Written by the person named; nobody has checked these values."),
    }


def _row(entry: Entry) -> dict[str, Any]:
    facts = [list(each) for each in entry.facts()]
    return {
        "clock": entry.clock,
        "facts": facts,
        "symptoms": entry.symptoms,
        "lines": entry.text.split("\n") if entry.text else [],
    }


def as_csv(entries: Iterable[Entry]) -> bytes:
    """
    A table as the reader's spreadsheet opens it: UTF-8 with a mark, in German with semicolons and
    decimal commas.  What was typed is never a formula there; numbers of ours are numbers.
    """
    out = io.StringIO()
    table = csv.writer(out, delimiter=";" if language.language() == "de" else ",")
    table.writerow(_columns())
    for each in entries:
        own = "; ".join(
            f"{value.name}: {shown_number(value.value)} {value.unit}".strip() for value in each.own
        )
        numbers = [shown_number(getattr(each, name)) for name in MEASURES]
        words = [harmless(typed) for typed in (own, each.symptoms, each.text)]
        table.writerow([each.day.isoformat(), each.clock, *numbers, *words])
    return out.getvalue().encode("utf-8-sig")


def _columns() -> list[str]:
    units: Mapping[str, str] = {name: _(each.unit) for name, each in MEASURES.items()}
    numbers = [f"{_(each.label)} ({units[name]})" for name, each in MEASURES.items()]
    words = [_(KINDS[name][0]) for name in ("own", "symptoms", "text")]
    return [_("Day"), _("Time"), *numbers, *words]


def harmless(typed: str) -> str:
    """The same words, which no spreadsheet takes for a formula."""
    return f"'{typed}" if BEGINS_A_FORMULA.search(typed) else typed
