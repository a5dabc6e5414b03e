"""The document inside an Encapsulated Document object (PS3.3 A.45); runs in the child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from viewer.dicom.opening import Buffer, open_file
from viewer.dicom.reasons import Reason, Refused, Unreadable

_TITLE: Final = 0x00420010
_DOCUMENT: Final = 0x00420011
_MIME: Final = 0x00420012
_LENGTH: Final = 0x00420015


@dataclass(frozen=True, slots=True)
class Embedded:
    """A document as it was before somebody put it into a DICOM object."""

    data: bytes
    mime: str
    """As the object says, in lower case; nobody checked it."""
    title: str
    start: int
    """Where it begins in the file, or in what a deflated file packs."""
    packed: int | None = None
    """Where in the file that is packed which holds it; None where nothing is."""


def embedded_document(data: Buffer, most: int) -> Embedded | Refused:
    """
    The document of at most *most* bytes, or why there is none; this answers whatever comes.

    Of a deflated file what lies before the document counts too: it is unpacked with it.
    """
    try:
        opened = open_file(data)
    except Unreadable as fault:
        return Refused(fault.reason, fault.detail)
    dataset = opened.dataset
    found = dataset.raw(_DOCUMENT)
    if not found:
        return Refused(Reason.NOT_IMAGE, "no document")
    # Values have an even length; the true one is said beside them, or the last byte is a filler.
    length = dataset.integer(_LENGTH)
    if length is None:
        length = len(found) - (found[-1] == 0)
    mime = dataset.text(_MIME).strip().lower()
    start, length = dataset.elements[_DOCUMENT].start, min(max(0, length), len(found))
    if length + (start if opened.packed is not None else 0) > most:
        return Refused(Reason.TOO_LARGE, "document")
    return Embedded(found[:length], mime, dataset.text(_TITLE), start, opened.packed)
