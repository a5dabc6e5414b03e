"""What is known of studies, series and instances, by the keywords of their attributes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from portal.dicomweb.attributes import Record
from portal.studies import Catalogue

Header = dict[str, Any]
"""`viewer.dicom.Header` as JSON."""


OF_STUDY: Final = {
    "StudyDate": "date",
    "StudyTime": "time",
    "AccessionNumber": "accession_number",
    "ModalitiesInStudy": "modalities",
    "ReferringPhysicianName": "referring_physician",
    "StudyDescription": "description",
    "PatientName": "patient_name",
    "PatientID": "patient_id",
    "IssuerOfPatientID": "issuer_of_patient_id",
    "PatientBirthDate": "birth_date",
    "PatientSex": "sex",
    "StudyInstanceUID": "study_uid",
    "StudyID": "study_id",
    "NumberOfStudyRelatedSeries": "series",
    "NumberOfStudyRelatedInstances": "instances",
}
"""What a study's attributes are called among its facts (`studies.Catalogue`)."""


def study_record(found: Catalogue, number: int, root: str) -> Record:
    """One study (from 0); *root* is the address of the service.  For a thread."""
    record = {keyword: found.column(name)[number] for keyword, name in OF_STUDY.items()}
    record["InstanceAvailability"] = "ONLINE"
    record["RetrieveURL"] = f"{root}/studies/{record['StudyInstanceUID']}"
    return record


def study_values(found: Catalogue, keyword: str, root: str) -> Sequence[Any]:
    """One attribute of every study, in order.  For a thread."""
    if keyword == "InstanceAvailability":
        return ["ONLINE"] * len(found)
    if keyword == "RetrieveURL":
        return [f"{root}/studies/{uid}" for uid in found.column("study_uid")]
    return found.column(OF_STUDY[keyword])


def series_record(headers: Sequence[Header], above: Record) -> Record:
    """One series, with what is known of its study."""
    first = headers[0]
    uid = first["series_instance_uid"]
    return {
        **above,
        "RetrieveURL": f"{above['RetrieveURL']}/series/{uid}",
        "Modality": first["modality"],
        "SeriesDescription": _most_common(headers, "series_description"),
        "SeriesInstanceUID": uid,
        "SeriesNumber": first["series_number"],
        "NumberOfSeriesRelatedInstances": len(headers),
        "SeriesDate": _most_common(headers, "series_date"),
        "SeriesTime": _most_common(headers, "series_time"),
        "Manufacturer": _most_common(headers, "manufacturer"),
        "InstitutionName": _most_common(headers, "institution"),
        "BodyPartExamined": _most_common(headers, "body_part"),
        "ProtocolName": _most_common(headers, "protocol_name"),
        "Laterality": _most_common(headers, "laterality"),
    }


def instance_record(header: Header, above: Record) -> Record:
    """One instance, with what is known of its series and study; sizes only of pictures."""
    uid = header["sop_instance_uid"]
    known = {
        **above,
        "RetrieveURL": f"{above['RetrieveURL']}/instances/{uid}",
        "SOPClassUID": header["sop_class_uid"],
        "SOPInstanceUID": uid,
        "InstanceNumber": header["instance_number"],
        "AvailableTransferSyntaxUID": header["transfer_syntax"],
        "FrameOfReferenceUID": header["frame_of_reference_uid"],
    }
    return known | (_picture(header) if header["rows"] else {})


def _picture(header: Header) -> dict[str, Any]:
    return {
        "NumberOfFrames": header["frames"],
        "Rows": header["rows"],
        "Columns": header["columns"],
        "BitsAllocated": header["bits_allocated"],
        "BitsStored": header["bits_stored"],
        "SamplesPerPixel": header["samples"],
        "PhotometricInterpretation": header["photometric"],
        "SliceThickness": header["slice_thickness"],
        "SliceLocation": header["slice_location"],
        "ViewPosition": header["view_position"],
        "ImagePositionPatient": header["image_position"],
        "ImageOrientationPatient": header["image_orientation"],
        "PixelSpacing": header["pixel_spacing"],
    }


def _most_common(headers: Sequence[Header], field: str) -> str:
    values = Counter(str(each[field]) for each in headers if each.get(field))
    return values.most_common(1)[0][0] if values else ""
