"""What is said of a document and its pages, and why one cannot be shown; plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Why = Literal["encrypted", "damaged", "timeout", "memory", "crashed", "busy"]

WIDTHS: Final = (800, 1200, 2400)
"""Pixels that a page may be wide as a picture: on phones, as usual, and magnified."""
MOST_PAGES: Final = 2000
"""Pages that are shown; a document may have more."""
PREVIEW_BYTES: Final = 16 * 1024
"""A small picture never takes more, whatever is on the page."""

_HEAD: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?[\x00\t\n\f\r ]{0,64}%PDF-[0-9]")


@dataclass(frozen=True, slots=True)
class Look:
    """A document at first sight."""

    pages: int
    created: str
    """`YYYYMMDD` as the document says, or empty."""
    preview: bytes
    """A small JPEG of the first page, empty when that page cannot be drawn."""
    found: tuple[str, ...] = ()
    """What a photo tells beside its picture (`viewer.photos.SAYS`)."""
    words: str = ""
    """What is written in it; empty for photos and scans."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One page before it is drawn."""

    number: int
    """From 1."""
    width: float
    height: float
    """Points (1/72 inch)."""
    text: str
    """What is written on it, for people who cannot see a picture; empty for scans."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Some pages of a document, and how many there are."""

    pages: int
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Unshown:
    """The document, or this page of it, cannot be drawn; its bytes are what they are."""

    why: Why


def begins_pdf(head: bytes | bytearray | memoryview) -> bool:
    """
    Whether a file that starts like this is a PDF at all (ISO 32000-1, 7.5.2).

    Readers forgive kilobytes of anything before the header; we forgive white space only, so that
    no picture, page or program is a PDF as well.
    """
    return _HEAD.match(bytes(head[:128])) is not None
