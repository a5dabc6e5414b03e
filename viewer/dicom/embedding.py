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
    start: int | None = None
    """Where it begins in the file; None where it is packed together with the rest."""


def embedded_document(data: Buffer) -> Embedded | Refused:
    """The document, or why there is none; whatever the bytes are, this answers."""
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
    start = None if opened.deflated else dataset.elements[_DOCUMENT].start
    return Embedded(found[: max(0, length)], mime, dataset.text(_TITLE), start)
