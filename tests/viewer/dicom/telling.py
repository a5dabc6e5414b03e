"""Structured reports made on the spot (PS3.3 A.35, PS3.16 TID 1500)."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from pydicom import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

from tests.viewer.dicom.making import dataset, written

COMPREHENSIVE: Final = UID("1.2.840.10008.5.1.4.1.1.88.33")


def coded(meaning: str, value: str = "111") -> Items:
    """A coded value of one item."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "99TEST", meaning
    return Items([code])


def item(
    kind: str, name: str = "", below: Sequence[Dataset] = (), code: str = "111", **more: Any
) -> Dataset:
    """A content item with what lies *below* it."""
    made = Dataset()
    made.RelationshipType, made.ValueType = "CONTAINS", kind
    if name:
        made.ConceptNameCodeSequence = coded(name, code)
    for keyword, value in more.items():
        setattr(made, keyword, value)
    if below:
        made.ContentSequence = Items(below)
    return made


def number(name: str, value: str, unit: str, below: Sequence[Dataset] = ()) -> Dataset:
    """A measurement."""
    measured = Dataset()
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = coded(unit, unit)
    return item("NUM", name, below, MeasuredValueSequence=Items([measured]))


def refers(sop: str, frame: int = 0, name: str = "Source image") -> Dataset:
    """An image that is referred to."""
    referred = Dataset()
    referred.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    referred.ReferencedSOPInstanceUID = sop
    if frame:
        referred.ReferencedFrameNumber = frame
    return item("IMAGE", name, ReferencedSOPSequence=Items([referred]))


def structured(
    content: Sequence[Dataset] = (), title: str = "Imaging report", **changes: Any
) -> bytes:
    """A comprehensive report; `changes` are keywords, None leaves one out."""
    about: dict[str, Any] = {
        "SOPClassUID": COMPREHENSIVE, "SOPInstanceUID": f"2.25.{uuid4().int}", "Modality": "SR",
        "SeriesInstanceUID": f"2.25.{uuid4().int}", "ContentDate": "20260312",
        "SpecificCharacterSet": "ISO_IR 192", "ValueType": "CONTAINER",
        "ConceptNameCodeSequence": coded(title), "CompletionFlag": "COMPLETE",
        "VerificationFlag": "VERIFIED",
        "ContentSequence": Items(content or [item("TEXT", "Finding", TextValue="Nothing found")]),
    }  # fmt: skip
    about |= changes
    made = dataset(None, **{name: value for name, value in about.items() if value is not None})
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return written(made)
