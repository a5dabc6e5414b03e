"""What a photo is, by its first bytes and never by its name; plain values."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["", "jpeg", "png", "webp"]
"""Empty: it is no photo that is taken."""

FORMATS: Final = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
"""What the decoder calls them."""
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a photo."""
MOST_PIXELS: Final = 120_000_000
"""Points of a photo: the largest sensors of phones have 108 million and a little more."""
SAYS: Final = ("place", "camera", "time", "more")
"""What a photo may tell beside what is seen on it."""

_MARK: Final = slice(128, 132)


def kind_of(data: bytes | bytearray | memoryview) -> Kind:
    """
    The kind of a file that begins like this (132 bytes are enough).

    What is marked as DICOM behind a preamble is none, whatever the preamble looks like (PS3.10).
    """
    head = bytes(data[: _MARK.stop])
    if head[_MARK] == b"DICM":
        return ""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else ""
