"""The attributes by which studies, series and instances are found and listed (PS3.18 10.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Level = Literal["study", "series", "instance"]
LEVELS: Final[tuple[Level, ...]] = ("study", "series", "instance")
Record = Mapping[str, Any]
"""Values by keyword: a text, a number, a list of them, or None where nothing is known."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute (PS3.6) and where it belongs."""

    keyword: str
    tag: str
    vr: str
    level: Level
    always: bool = True
    """Listed without being asked for."""


def _table(level: Level, listed: str, *, always: bool = True) -> list[Attribute]:
    rows = (line.split() for line in listed.strip().splitlines())
    return [Attribute(keyword, tag, vr, level, always) for tag, vr, keyword in rows]


ATTRIBUTES: Final[tuple[Attribute, ...]] = (
    *_table(
        "study",
        """
        00080020 DA StudyDate
        00080030 TM StudyTime
        00080050 SH AccessionNumber
        00080056 CS InstanceAvailability
        00080061 CS ModalitiesInStudy
        00080090 PN ReferringPhysicianName
        00081030 LO StudyDescription
        00081190 UR RetrieveURL
        00100010 PN PatientName
        00100020 LO PatientID
        00100030 DA PatientBirthDate
        00100040 CS PatientSex
        0020000D UI StudyInstanceUID
        00200010 SH StudyID
        00201206 IS NumberOfStudyRelatedSeries
        00201208 IS NumberOfStudyRelatedInstances
        """,
    ),
    *_table("study", "00100021 LO IssuerOfPatientID", always=False),
    *_table(
        "series",
        """
        00080060 CS Modality
        0008103E LO SeriesDescription
        0020000E UI SeriesInstanceUID
        00200011 IS SeriesNumber
        00201209 IS NumberOfSeriesRelatedInstances
        """,
    ),
    *_table(
        "series",
        """
        00080021 DA SeriesDate
        00080031 TM SeriesTime
        00080070 LO Manufacturer
        00080080 LO InstitutionName
        00180015 CS BodyPartExamined
        00181030 LO ProtocolName
        00200060 CS Laterality
        """,
        always=False,
    ),
    *_table(
        "instance",
        """
        00080016 UI SOPClassUID
        00080018 UI SOPInstanceUID
        00200013 IS InstanceNumber
        00280008 IS NumberOfFrames
        00280010 US Rows
        00280011 US Columns
        00280100 US BitsAllocated
        """,
    ),
    *_table(
        "instance",
        """
        00083002 UI AvailableTransferSyntaxUID
        00180050 DS SliceThickness
        00185101 CS ViewPosition
        00200032 DS ImagePositionPatient
        00200037 DS ImageOrientationPatient
        00200052 UI FrameOfReferenceUID
        00201041 DS SliceLocation
        00280002 US SamplesPerPixel
        00280004 CS PhotometricInterpretation
        00280030 DS PixelSpacing
        00280101 US BitsStored
        """,
        always=False,
    ),
)

BY_NAME: Final = {each.keyword: each for each in ATTRIBUTES} | {
    each.tag: each for each in ATTRIBUTES
}
"""By keyword and by tag, as parameters name them."""

COMMON: Final = frozenset({"RetrieveURL", "InstanceAvailability"})
"""Each level has its own."""
SHARED: Final = frozenset({"StudyInstanceUID", "SeriesInstanceUID"})
"""By these a result says what it belongs to, whatever level it has."""


def as_json(record: Record, wanted: frozenset[str]) -> dict[str, Any]:
    """Those attributes of *record* that are *wanted*, as DICOM JSON (PS3.18 F.2)."""
    listed = sorted((each for each in ATTRIBUTES if each.keyword in wanted), key=lambda x: x.tag)
    return {
        each.tag: element(each.vr, record.get(each.keyword))
        for each in listed
        if each.keyword in record
    }


def element(vr: str, value: Any) -> dict[str, Any]:
    """One element; without `Value` where nothing is known (PS3.18 F.2.5)."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    kept = [each for each in values if each not in {None, ""}]
    if not kept:
        return {"vr": vr}
    return {"vr": vr, "Value": [person_name(each) for each in kept] if vr == "PN" else kept}


def person_name(text: str) -> dict[str, str]:
    """The up to three groups of a name (PS3.5 6.2.1, PS3.18 F.2.2)."""
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), text.split("="), strict=False)
    return {name: group for name, group in groups if group}
