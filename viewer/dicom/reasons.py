"""Why a file was not taken or has no picture: a closed list the portal translates."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """One code per cause; the sentence behind each is for developers, people read the portal's.

    not_dicom: the bytes are no DICOM object and nothing else we recognise.
    executable: a Windows, Linux or macOS program, also one hidden in the preamble.
    script: text that starts like a script for an interpreter.
    archive: ZIP, gzip, 7z, RAR or another container of files.
    picture: JPEG, PNG, GIF, TIFF, WebP or BMP without DICOM around it.
    pdf: a bare PDF document.
    document: office document, HTML or XML.
    text: readable text, for instance a protocol or a README of a patient CD.
    empty: no bytes, or only zeros.
    dicomdir: the directory of a patient CD; its images are read from their own files.
    truncated: the file ends before the data it announces.
    damaged: the structure contradicts itself and cannot be read.
    too_deep: sequences nested deeper than 32.
    too_many_elements: more than 200 000 elements.
    too_large: the picture or the file is larger than we decode (256 MiB a frame, 2 GiB in all).
    bomb: a deflated data set that grows without measure.
    no_identity: SOP, study or series instance UID is missing.
    bad_uid: one of these is not a UID.
    no_pixels: an image object without pixel data.
    short_pixels: fewer pixels than rows, columns and frames ask for.
    bad_pixels: the pixel data cannot be decoded or contradicts the header.
    unsupported: no decoder for this encoding.
    video: a film; it is kept and offered, but has no frames here.
    not_image: a report, document, waveform or plan: nothing to draw.
    timeout: reading took longer than allowed.
    memory: reading took more memory than allowed.
    crashed: the reading process ended by itself.
    """

    NOT_DICOM = "not_dicom"
    EXECUTABLE = "executable"
    SCRIPT = "script"
    ARCHIVE = "archive"
    PICTURE = "picture"
    PDF = "pdf"
    DOCUMENT = "document"
    TEXT = "text"
    EMPTY = "empty"
    DICOMDIR = "dicomdir"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TOO_DEEP = "too_deep"
    TOO_MANY_ELEMENTS = "too_many_elements"
    TOO_LARGE = "too_large"
    BOMB = "bomb"
    NO_IDENTITY = "no_identity"
    BAD_UID = "bad_uid"
    NO_PIXELS = "no_pixels"
    SHORT_PIXELS = "short_pixels"
    BAD_PIXELS = "bad_pixels"
    UNSUPPORTED = "unsupported"
    VIDEO = "video"
    NOT_IMAGE = "not_image"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Refused:
    """This file is not taken. `detail` is ours and never quotes the file."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Undecodable:
    """The instance is sound, but nothing can be drawn; `meta` is {} when not even that was read."""

    reason: Reason
    detail: str = ""
    meta: dict[str, Any] = field(default_factory=dict)


class Unreadable(Exception):
    """Raised inside the readers; their edge turns it into Refused or Undecodable."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.value, detail)
        self.reason = reason
        self.detail = detail
