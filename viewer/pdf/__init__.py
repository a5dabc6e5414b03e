"""PDF documents as pictures of their pages; hostile files are read in limited child processes.

`PdfPool` is the only way to look into a PDF that came from outside: no plugin and no script of a
document ever runs near a browser.
"""

from viewer.pdf.facts import (
    MOST_PAGES,
    PREVIEW_BYTES,
    WIDTHS,
    Look,
    Outline,
    Paper,
    Unshown,
    begins_pdf,
)
from viewer.pdf.pool import PdfPool, Reader
from viewer.pdf.turns import NoTurn, Turns

__all__ = [
    "MOST_PAGES",
    "PREVIEW_BYTES",
    "WIDTHS",
    "Look",
    "NoTurn",
    "Outline",
    "Paper",
    "PdfPool",
    "Reader",
    "Turns",
    "Unshown",
    "begins_pdf",
]
