"""
The DICOMDIR of a file-set (PS3.10 section 8, PS3.3 annex F): explicit VR, little endian.

It is written in memory out of what the manifests say, so no file is opened for it, and says what
they say and no more: what PS3.3 wants and nobody told us stays empty, except numbers that only
have to differ.
"""

import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

NAME: Final = "DICOMDIR"
STORAGE: Final = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage."""
EXPLICIT: Final = "1.2.840.10008.1.2.1"
IMPLEMENTATION: Final = f"2.25.{UUID('6f3c2a52-8a35-4f6e-9b6c-0d8a1f5e7c31').int}"
LONG: Final = frozenset({"OB", "SQ"})
"""Value representations with four bytes of length."""
UTF8: Final = "ISO_IR 192"
UID: Final = re.compile(r"[0-9][0-9.]{0,63}")
PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
RADIOTHERAPY: Final = "1.2.840.10008.5.1.4.1.1.481."

BY_KIND: Final = {"image": "IMAGE", "video": "IMAGE", "document": "ENCAP DOC",
                  "report": "SR DOCUMENT", "keys": "KEY OBJECT DOC", "waveform": "WAVEFORM",
                  "presentation": "PRESENTATION"}  # fmt: skip
BY_CLASS: Final = {f"{RADIOTHERAPY}2": "RT DOSE", f"{RADIOTHERAPY}3": "RT STRUCTURE SET",
                   f"{RADIOTHERAPY}5": "RT PLAN", f"{RADIOTHERAPY}8": "RT PLAN",
                   f"{RADIOTHERAPY}4": "RT TREAT RECORD", f"{RADIOTHERAPY}6": "RT TREAT RECORD",
                   f"{RADIOTHERAPY}7": "RT TREAT RECORD", f"{RADIOTHERAPY}9": "RT TREAT RECORD",
                   "1.2.840.10008.5.1.4.1.1.66": "RAW DATA",
                   "1.2.840.10008.5.1.4.1.1.66.1": "REGISTRATION",
                   "1.2.840.10008.5.1.4.1.1.66.2": "FIDUCIAL",
                   "1.2.840.10008.5.1.4.1.1.67": "VALUE MAP"}  # fmt: skip
"""Types of records (PS3.3 table F.4-1), of what has no kind of its own."""

Header = Mapping[str, Any]
"""`viewer.dicom.Header.to_json`."""


@dataclass(slots=True)
class _Record:
    """A directory record without its links: what stands before the type, and behind it."""

    kind: str
    middle: bytes = field(repr=False)
    keys: bytes = field(repr=False)
    lower: "dict[Any, _Record]" = field(default_factory=dict, repr=False)
    at: int = 0

    @property
    def length(self) -> int:
        """Bytes, with the item's own tag and length."""
        return 8 + len(self.written(0))

    def written(self, following: int) -> bytes:
        """The elements; *following* is where the next record of the same level begins, or 0."""
        lower = next(iter(self.lower.values())).at if self.lower else 0
        links = (_number(0x0004_1400, following) + _element(0x0004_1410, "US", b"\xff\xff")
                 + _number(0x0004_1420, lower) + _text(0x0004_1430, "CS", self.kind))  # fmt: skip
        return links + self.middle + self.keys


class Directory:
    """Files are added one after another; `written` gives the DICOMDIR."""

    def __init__(self) -> None:
        self._patients: dict[Any, _Record] = {}
        self._studies = 0

    def add(self, header: Header, path: tuple[str, ...]) -> None:
        """A file under its ID, whose components have at most eight characters (PS3.10, 8.2)."""
        whose = (header["patient_id"], header["issuer_of_patient_id"], header["patient_name"])
        patient = self._patients.get(whose)
        if patient is None:
            patient = _patient(header, len(self._patients) + 1)
            self._patients[whose] = patient
        study = patient.lower.get(header["study_instance_uid"])
        if study is None:
            self._studies += 1
            study = _study(header, self._studies)
            patient.lower[header["study_instance_uid"]] = study
        series = study.lower.get(header["series_instance_uid"])
        if series is None:
            series = _series(header, len(study.lower) + 1)
            study.lower[header["series_instance_uid"]] = series
        series.lower[path] = _leaf(header, path, len(series.lower) + 1)

    def written(self) -> bytes:
        """All of it; for a thread."""
        front = len(_front(0, 0, 0, b"\0" * 32))
        end = _placed(self._patients, front)
        items: list[bytes] = []
        _collect(self._patients, items)
        records = b"".join(items)
        roots = list(self._patients.values())
        first, last = (roots[0].at, roots[-1].at) if roots else (0, 0)
        mark = hashlib.sha256(records).digest()
        return _front(first, last, end - front, mark) + records


def _placed(level: dict[Any, _Record], at: int) -> int:
    """Give each record its place, those below it right behind it; where the next one begins."""
    for record in level.values():
        record.at = at
        at = _placed(record.lower, at + record.length)
    return at


def _collect(level: dict[Any, _Record], items: list[bytes]) -> None:
    records = list(level.values())
    for number, record in enumerate(records, start=1):
        following = records[number].at if number < len(records) else 0
        written = record.written(following)
        items.append(struct.pack("<2HI", 0xFFFE, 0xE000, len(written)) + written)
        _collect(record.lower, items)


def _front(first: int, last: int, length: int, mark: bytes) -> bytes:
    """Everything before the first record; always of the same length."""
    own = f"2.25.{int.from_bytes(mark[:15]) | 1 << 119:036d}"
    meta = (_element(0x0002_0001, "OB", b"\0\1") + _text(0x0002_0002, "UI", STORAGE)
            + _text(0x0002_0003, "UI", own) + _text(0x0002_0010, "UI", EXPLICIT)
            + _text(0x0002_0012, "UI", IMPLEMENTATION)
            + _text(0x0002_0013, "SH", "HEALTHDATASPACE"))  # fmt: skip
    body = (_text(0x0004_1130, "CS", "HEALTHDATASPACE") + _number(0x0004_1200, first)
            + _number(0x0004_1202, last) + _element(0x0004_1212, "US", b"\0\0"))  # fmt: skip
    records = struct.pack("<2H2s2xI", 0x0004, 0x1220, b"SQ", length)
    return b"\0" * 128 + b"DICM" + _number(0x0002_0000, len(meta)) + meta + body + records


def _patient(header: Header, number: int) -> _Record:
    keys = (_named(0x0010_0010, "PN", header["patient_name"])
            + _named(0x0010_0020, "LO", header["patient_id"] or f"P{number:07}"))  # fmt: skip
    return _Record("PATIENT", b"", _charset() + keys)


def _study(header: Header, number: int) -> _Record:
    keys = (_text(0x0008_0020, "DA", _date(header["study_date"]))
            + _text(0x0008_0030, "TM", _time(header["study_time"]))
            + _named(0x0008_0050, "SH", header["accession_number"])
            + _named(0x0008_1030, "LO", header["study_description"])
            + _text(0x0020_000D, "UI", _uid(header["study_instance_uid"]))
            + _named(0x0020_0010, "SH", header["study_id"] or f"S{number:07}"))  # fmt: skip
    return _Record("STUDY", b"", _charset() + keys)


def _series(header: Header, number: int) -> _Record:
    modality = re.sub(r"[^A-Z0-9_ ]", "", str(header["modality"]).upper())[:16] or "OT"
    keys = (_text(0x0008_0060, "CS", modality)
            + _text(0x0020_000E, "UI", _uid(header["series_instance_uid"]))
            + _text(0x0020_0011, "IS", _whole(header["series_number"], number)))  # fmt: skip
    return _Record("SERIES", b"", _charset() + keys)


def _leaf(header: Header, path: tuple[str, ...], number: int) -> _Record:
    sop = _uid(header["sop_class_uid"])
    kind = BY_CLASS.get(sop) or BY_KIND.get(header["kind"], "PRIVATE")
    private = _text(0x0004_1432, "UI", sop) if kind == "PRIVATE" else b""
    file = (_text(0x0004_1500, "CS", "\\".join(path)) + _text(0x0004_1510, "UI", sop)
            + _text(0x0004_1511, "UI", _uid(header["sop_instance_uid"]))
            + _text(0x0004_1512, "UI", _uid(header["transfer_syntax"])))  # fmt: skip
    keys = _text(0x0020_0013, "IS", _whole(header["instance_number"], number))
    if kind != "IMAGE":
        keys = (_text(0x0008_0023, "DA", _date(header["series_date"] or header["study_date"]))
                + _text(0x0008_0033, "TM", _time(header["series_time"] or header["study_time"]))
                + keys)  # fmt: skip
    if kind == "ENCAP DOC":
        keys += _named(0x0042_0010, "ST", header["series_description"])
        keys += _text(0x0042_0012, "LO", "application/pdf") if sop == PDF else b""
    return _Record(kind, private + file, _charset() + keys)


def _charset() -> bytes:
    return _text(0x0008_0005, "CS", UTF8)


def _element(tag: int, vr: str, value: bytes) -> bytes:
    layout = "<2H2s2xI" if vr in LONG else "<2H2sH"
    return struct.pack(layout, tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value


def _number(tag: int, value: int) -> bytes:
    return _element(tag, "UL", struct.pack("<I", value))


def _text(tag: int, vr: str, value: str) -> bytes:
    """Padded to an even length as PS3.5 6.2 wants it."""
    plain = value.encode()
    return _element(tag, vr, plain + (b"\0" if vr == "UI" else b" ") * (len(plain) % 2))


def _named(tag: int, vr: str, value: str) -> bytes:
    """Words of somebody else, at most as long as the representation allows, in one value."""
    most = {"SH": 16, "PN": 64 * 3 + 2}.get(vr, 64)
    return _text(tag, vr, "".join(" " if _splits(each) else each for each in str(value))[:most])


def _splits(character: str) -> bool:
    return character == "\\" or ord(character) < 32 or ord(character) == 127  # noqa: PLR2004


def _uid(value: str) -> str:
    return value if UID.fullmatch(str(value)) else ""


def _date(value: str) -> str:
    return value if re.fullmatch("[0-9]{8}", str(value)) else ""


def _time(value: str) -> str:
    return value if re.fullmatch(r"[0-9]{2,6}(\.[0-9]{1,6})?", str(value)) else ""


def _whole(value: int | None, otherwise: int) -> str:
    return str(otherwise if value is None or abs(value) >= 2**31 else value)
