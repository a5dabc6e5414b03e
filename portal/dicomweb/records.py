"""What is known of studies, series and instances, by the keywords of their attributes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from portal.dicomweb.attributes import Record
from portal.studies import StudyFacts

Header = dict[str, Any]
"""`viewer.dicom.Header` as JSON."""


def study_record(study: StudyFacts, root: str) -> Record:
    """One study; *root* is the address of the service."""
    facts = study.facts
    return {
        "StudyDate": facts["date"],
        "StudyTime": facts["time"],
        "AccessionNumber": facts["accession_number"],
        "InstanceAvailability": "ONLINE",
        "ModalitiesInStudy": facts["modalities"],
        "ReferringPhysicianName": facts["referring_physician"],
        "StudyDescription": facts["description"],
        "RetrieveURL": f"{root}/studies/{study.uid}",
        "PatientName": facts["patient_name"],
        "PatientID": facts["patient_id"],
        "IssuerOfPatientID": facts["issuer_of_patient_id"],
        "PatientBirthDate": facts["birth_date"],
        "PatientSex": facts["sex"],
        "StudyInstanceUID": study.uid,
        "StudyID": facts["study_id"],
        "NumberOfStudyRelatedSeries": facts["series"],
        "NumberOfStudyRelatedInstances": facts["instances"],
        # Some of these are not listed, as their originals are gone: no keyword of the standard.
        "gone": bool(facts.get("thinned_on")),
    }


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
