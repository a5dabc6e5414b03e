"""What an archive says of itself to programs: every thing in it, and the files that hold it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from portal import documents, records, studies

NAME: Final = "HealthDataSpace.json"
FORMAT: Final = "healthdataspace-export"
VERSION: Final = 1
"""Grows when a reader of the version before would err."""


@dataclass(frozen=True, slots=True)
class Examination:
    """An examination; its files by their names in the archive."""

    title: str = field(repr=False)
    label: str = field(repr=False)
    """What its owner calls it, or empty."""
    date: str
    """`YYYYMMDD`, or empty."""
    uid: str = field(repr=False)
    """Study Instance UID."""
    patient: str = field(repr=False)
    """As the images have it (PS3.5 6.2.1)."""
    files: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    without_original: list[str] = field(default_factory=list)
    """Of the pictures those whose files were deleted: they are all that is left."""
    enclosed: list[str] = field(default_factory=list)
    """Documents that lie inside its DICOM files, taken out."""

    @classmethod
    def of(cls, study: studies.StudySummary, header: Mapping[str, Any]) -> Self:
        """Nothing is in it yet."""
        uid = str(header["study_instance_uid"])
        return cls(study.title, study.label, study.date, uid, study.patient_name)


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as it came."""

    file: str = field(repr=False)
    title: str = field(repr=False)
    label: str = field(repr=False)
    """What its owner calls it, or empty."""
    date: str
    size: int
    """Bytes."""
    sha256: str
    study: str = field(repr=False)
    """Study Instance UID of the examination it belongs to, or empty."""

    @classmethod
    def of(cls, path: str, paper: documents.DocumentSummary, study: str) -> Self:
        """Under its name in the archive."""
        facts = paper.facts
        return cls(path, paper.title, facts.label, paper.day, facts.size, facts.sha256, study)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written here."""

    kind: str
    title: str = field(repr=False)
    pdf: str = field(repr=False)
    """Empty where there is more than one paper holds."""
    table: str = field(repr=False)
    """There a table (CSV); else empty."""
    data: str = field(repr=False)

    @classmethod
    def of(cls, copy: records.Copy, paper: str, data: str) -> Self:
        """Under its names in the archive."""
        pdf, table = ("", paper) if copy.suffix == ".csv" else (paper, "")
        return cls(copy.kind, copy.name, pdf, table, data)


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that an archive holds of an account."""

    examinations: list[Examination] = field(default_factory=list)
    documents: list[Paper] = field(default_factory=list)
    records: list[Written] = field(default_factory=list)

    def as_manifest(self, more: Mapping[str, str]) -> bytes:
        """For programs; *more* names what else is there."""
        about = {"format": FORMAT, "version": VERSION, **more}
        return as_json(about | asdict(self))


def as_json(said: Mapping[str, Any]) -> bytes:
    """The same bytes for the same facts."""
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"
