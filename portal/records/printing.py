"""
A medication plan on paper: tagged PDF (PDF/UA-1), fonts embedded, three pages of fifteen lines.

Made in memory by typst from the source beside this file.  What people typed arrives there as data.
The fonts are those inside the package; a letter that they lack, which PDF/UA forbids to print as an
empty box, is printed as a question mark, and the page says so.

The two-dimensional code of the federal plan (Data Matrix, ISO/IEC 16022) is not drawn: nothing in
the lock can, and the page says that it is not there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from portal.core.language import gettext as _
from portal.core.language import show_date, speaking
from portal.records.comparing import shown_about
from portal.records.medication import ABOUT, DOSES, LINES_ON_A_PAGE, Line, Plan
from portal.typesetting import Unprintable, at_the_press, typeset

SHEET: Final = Path(__file__).with_name("plan.typ")
FACTS: Final = tuple(name for name in ABOUT if name not in {"person", "born"})
SURELY_PRINTED: Final = re.compile("[^\u0020-\u007e\u00a0-\u017f]")
"""What is none of the letters of Latin languages, which the fonts all have."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What is printed, and by whom."""

    plan: Plan = field(repr=False)
    by: str = field(repr=False)
    changed: date
    on: date
    """The day that the paper names as its own."""


async def as_pdf(printed: Printed, language: str) -> bytes:
    """A4 across; *language* `de` is the form of the German federal plan."""
    with speaking(language):
        words = _words(printed) | {"language": language}
        return await on_paper(SHEET, words)


async def on_paper(sheet: Path, words: dict[str, Any]) -> bytes:
    """*sheet* with *words*, whose `origin` says so when some letters could not be printed."""
    lacking = _("Letters that could not be printed stand as “?”.")
    return await at_the_press(partial(_compile_somehow, sheet, words, lacking))


def _words(printed: Printed) -> dict[str, Any]:
    plan, lines = printed.plan, [_line(each) for each in printed.plan.lines]
    pages = [lines[at : at + LINES_ON_A_PAGE] for at in range(0, len(lines), LINES_ON_A_PAGE)] or [
        []
    ]
    facts = [
        {"label": _(ABOUT[name]), "value": shown}
        for name in FACTS
        if (shown := shown_about(plan, name))
    ]
    return {
        "title": _("Medication plan"),
        "page_of": [
            _("Page %(page)s of %(pages)s", page=number, pages=len(pages))
            for number in range(1, len(pages) + 1)
        ],
        "for_label": _("for:"),
        "person": plan.person,
        "born_label": _("born on:"),
        "born": show_date(plan.birth_date) if plan.birth_date else "",
        "by_label": _("printed by:"),
        "by": printed.by,
        "on_label": _("printed on:"),
        "on": show_date(printed.on),
        "facts": facts,
        "columns": _columns(),
        "pages": pages,
        "nothing": _("No medicines are entered."),
        "disclaimer": _("No guarantee that this medication plan is complete and up to date."),
        "written": _("Last changed on %(day)s", day=show_date(printed.changed)),
        "origin": _(
            "In the form of the German federal medication plan (§ 31a SGB V), written by the "
            "person named or for them, without the 2D code."
        ),
    }


def _columns() -> list[str]:
    return [
        _("Active substance"), _("Trade name"), _("Strength"), _("Form"), _("morning"),
        _("noon"), _("evening"), _("at night"), _("Unit"), _("Notes"), _("Reason"),
    ]  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    """A line as the sheet wants it."""
    if line.kind != "drug":
        return {"kind": line.kind, "text": line.shown_heading or line.text}
    words = ("substance", "trade", "strength", "form", "dosage", "unit", "notes", "reason")
    said: Mapping[str, str] = {name: getattr(line, name) for name in words}
    return {"kind": "drug", "doses": [getattr(line, each) for each in DOSES], **said}


def _compile_somehow(sheet: Path, words: dict[str, Any], lacking: str) -> bytes:
    try:
        return typeset(sheet, words)
    except Unprintable:
        # PDF/UA allows no letter that the fonts lack; only what people typed can hold one.
        plain = _replaced(words)
        return typeset(sheet, plain | {"origin": f"{plain['origin']} {lacking}"})


def _replaced(said: Any) -> Any:
    if isinstance(said, str):
        return SURELY_PRINTED.sub(lambda found: found[0] if found[0] in "“”–…" else "?", said)
    if isinstance(said, list):
        return [_replaced(each) for each in said]
    return {k: _replaced(v) for k, v in said.items()} if isinstance(said, dict) else said
