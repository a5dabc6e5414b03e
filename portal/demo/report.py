"""A finding as practices send it: one page of PDF, about nobody real."""

from pathlib import Path

import typst


def knee() -> bytes:
    """The report of the knee examination."""
    source = Path(__file__).with_name("report.typ").read_bytes()
    made = typst.compile(source, format="pdf", font_paths=typst.Fonts(include_system_fonts=False))
    if not isinstance(made, bytes):
        raise TypeError("a report of one document")
    return made
