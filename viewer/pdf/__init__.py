"""Documents as pictures of their pages; hostile files are read in limited child processes.

`PdfPool` is the only way to look into a PDF or photo that came from outside: no plugin and no
script of a document ever runs near a browser.
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

__all__ = [
    "MOST_PAGES",
    "PREVIEW_BYTES",
    "WIDTHS",
    "Look",
    "Outline",
    "Paper",
    "PdfPool",
    "Reader",
    "Unshown",
    "begins_pdf",
]
