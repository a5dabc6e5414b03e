"""What one instance becomes for the viewer: frames, previews, facts, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Codec = Literal["htj2k", "jpeg"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as the browser gets it; `ends` are the prefixes that hold resolution 0..n."""

    index: int
    codec: Codec
    data: bytes
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonical:
    """All of one instance; `meta` has the keys of viewer.dicom.facts, previews are JPEG.

    `skeleton` and the frames yield the original of `size` bytes and SHA-256 `sha256`; that was
    tried. Without a skeleton the original has to be kept.
    """

    meta: dict[str, Any]
    frames: tuple[Frame, ...]
    preview_512: bytes
    preview_128: bytes
    skeleton: bytes | None
    sha256: str
    size: int
