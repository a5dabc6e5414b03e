"""What the portal shows and sorts by: the facts of one instance, as plain JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

Kind = Literal[
    "image",
    "video",
    "document",
    "report",
    "waveform",
    "presentation",
    "keys",
    "plan",
    "other",
]
Window = tuple[float, float, str]
"""Centre, width, explanation; in the units after rescaling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Decoded facts of one instance; texts are "" when absent, lengths in mm, times in ms.

    Dates are YYYYMMDD as in PS3.5 and not validated. `patient_name` keeps its DICOM form
    "Family^Given=ideographic=phonetic". `warnings` holds codes and never values: no_preamble,
    preamble (not empty), no_file_meta, bad_value (something was left unread), no_pixels.
    """

    kind: Kind
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    frame_of_reference_uid: str
    transfer_syntax: str
    modality: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    issuer_of_patient_id: str
    study_id: str
    study_date: str
    study_time: str
    study_description: str
    accession_number: str
    referring_physician: str
    institution: str
    manufacturer: str
    series_date: str
    series_time: str
    series_description: str
    body_part: str
    protocol_name: str
    view_position: str
    laterality: str
    photometric: str
    series_number: int | None
    instance_number: int | None
    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    pixel_bytes: int
    lossy: bool
    image_position: tuple[float, ...] | None
    image_orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    slice_location: float | None
    slice_thickness: float | None
    frame_time_ms: float | None
    window: tuple[Window, ...]
    rescale: tuple[float, float] | None
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values with every key present; tuples become lists once serialised."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """Inverse of to_json, also after a round trip through text. Raises KeyError, TypeError."""
        values = {f.name: _tupled(plain[f.name]) for f in fields(cls)}
        return cls(**values)


def _tupled(value: Any) -> Any:
    return tuple(_tupled(part) for part in value) if isinstance(value, list | tuple) else value
