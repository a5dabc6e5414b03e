"""Looking into a PDF with PDFium; runs in the limited child.

The library is built without a script engine: JavaScript in a document is never even parsed.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final

import pypdfium2
from PIL import Image

from viewer.pdf.facts import PREVIEW_BYTES

MOST_PIXELS: Final = 12_000_000
LONGEST_SIDE: Final = 8000
"""Pixels of a picture: a page of 200 by 200 inches is drawn coarser, never larger."""
LEAST_SIZE: Final = 1.0
MOST_TEXT: Final = 20_000
"""Characters kept of one page."""
MOST_WORDS: Final = 400_000
"""Characters kept of a document, for the search: about two hundred pages."""
WORDS_SECONDS: Final = 1.5
"""Processor time after which no further page is read for that."""
PREVIEW: Final = 256
_PASSWORD_ERRORS: Final = frozenset({4, 5})
_CREATED: Final = re.compile(r"(?:D:)?(\d{8})")
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Unreadable(Exception):
    """The document cannot be shown; `why` is a code of ours."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@contextmanager
def opened(data: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """The document.  Raises `Unreadable`."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) in _PASSWORD_ERRORS
        raise Unreadable("encrypted" if locked else "damaged") from None
    with closing(document):
        if len(document) < 1:
            raise Unreadable("damaged")
        with suppress(pypdfium2.PdfiumError):
            document.init_forms()  # what somebody typed into a form is part of the finding
        yield document


def look(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Pages, date and a small picture of the first page.  Raises `Unreadable`."""
    with opened(data) as document:
        facts = {"pages": len(document), "created": _created(document)}
        try:
            return facts, _drawn(document, 1, PREVIEW, PREVIEW)
        except (Unreadable, pypdfium2.PdfiumError):
            return facts, b""


def outline(data: bytes, first: int, count: int) -> dict[str, Any]:
    """Sizes and texts of *count* pages from number *first*.  Raises `Unreadable`."""
    with opened(data) as document:
        numbers = range(first, min(first + count, len(document) + 1))
        return {"pages": len(document), "papers": [_paper(document, each) for each in numbers]}


def words(data: bytes) -> str:
    """What is written on the pages, as far as there is time and room.  Raises `Unreadable`."""
    found, length, started = [], 0, time.process_time()
    with opened(data) as document:
        for number in range(1, len(document) + 1):
            if length >= MOST_WORDS or time.process_time() - started > WORDS_SECONDS:
                break
            text = _paper(document, number)[3]
            found.append(text)
            length += len(text)
    return "\n".join(found)[:MOST_WORDS]


def page(data: bytes, number: int, width: int) -> bytes:
    """Page *number* (from 1) as a WebP picture *width* pixels wide.  Raises `Unreadable`."""
    with opened(data) as document:
        try:
            return _drawn(document, number, width, LONGEST_SIDE)
        except pypdfium2.PdfiumError:
            raise Unreadable("damaged") from None


def _drawn(document: pypdfium2.PdfDocument, number: int, width: int, height: int) -> bytes:
    if not 1 <= number <= len(document):
        raise Unreadable("damaged")
    with closing(document[number - 1]) as leaf:
        across, down = _size(leaf)
        scale = min(width / across, height / down, (MOST_PIXELS / (across * down)) ** 0.5)
        with closing(leaf.render(scale=scale)) as bitmap:
            picture = bitmap.to_pil().convert("RGB")
    if width == PREVIEW:
        return small(picture)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=88, method=2)
    return out.getvalue()


def small(picture: Image.Image) -> bytes:
    """A JPEG of at most `PREVIEW_BYTES`: coarser until it is, or nothing."""
    for quality in (80, 60, 40, 20, 5):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= PREVIEW_BYTES:
            return out.getvalue()
    return b""


def _paper(document: pypdfium2.PdfDocument, number: int) -> list[Any]:
    """Number, width, height and text; a page that is damaged counts as an empty A4 sheet."""
    try:
        with closing(document[number - 1]) as leaf:
            return [number, *_size(leaf), _text(leaf)]
    except (Unreadable, pypdfium2.PdfiumError):
        return [number, 595.0, 842.0, ""]


def _size(leaf: pypdfium2.PdfPage) -> tuple[float, float]:
    across, down = leaf.get_size()
    if not (LEAST_SIZE <= across < float("inf") and LEAST_SIZE <= down < float("inf")):
        raise Unreadable("damaged")
    return float(across), float(down)


def _text(leaf: pypdfium2.PdfPage) -> str:
    with closing(leaf.get_textpage()) as words:
        count = min(words.count_chars(), MOST_TEXT)
        found = words.get_text_range(0, count) if count > 0 else ""
    return _UNSEEN.sub("", found.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _created(document: pypdfium2.PdfDocument) -> str:
    said = _CREATED.match(document.get_metadata_value("CreationDate"))
    return said.group(1) if said else ""


def warm_up() -> None:
    """Do everything once while files can still be opened."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100)
    out = io.BytesIO()
    document.save(out)
    document.close()
    Image.init()
    look(out.getvalue())
    outline(out.getvalue(), 1, 1)
    words(out.getvalue())
    page(out.getvalue(), 1, 100)
