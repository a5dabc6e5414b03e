"""Checks one file and reads its header. Runs in the limited child."""

from __future__ import annotations

import re
from typing import Any, Final

from viewer.dicom.dataset import Dataset
from viewer.dicom.header import Header, Kind
from viewer.dicom.opening import Buffer, Opened, open_file
from viewer.dicom.reasons import Reason, Refused, Unreadable
from viewer.dicom.scanning import PIXELS

MAX_FRAME: Final = 256 << 20
MAX_PIXELS: Final = 2 << 30
_UID: Final = re.compile(r"[0-9]+(\.[0-9]+)+")
_VIDEO: Final = tuple(f"1.2.840.10008.1.2.4.10{n}" for n in range(9))
_CLASSES: Final[tuple[tuple[str, Kind], ...]] = (
    ("1.2.840.10008.5.1.4.1.1.104.", "document"),
    ("1.2.840.10008.5.1.4.1.1.88.59", "keys"),
    ("1.2.840.10008.5.1.4.1.1.88.", "report"),
    ("1.2.840.10008.5.1.4.1.1.9.", "waveform"),
    ("1.2.840.10008.5.1.4.1.1.11.", "presentation"),
    ("1.2.840.10008.5.1.4.1.1.481.3", "plan"),
    ("1.2.840.10008.5.1.4.1.1.481.5", "plan"),
    ("1.2.840.10008.5.1.4.1.1.481.8", "plan"),
)
_TEXTS: Final = {
    "modality": 0x00080060,
    "patient_id": 0x00100020,
    "patient_name": 0x00100010,
    "birth_date": 0x00100030,
    "sex": 0x00100040,
    "issuer_of_patient_id": 0x00100021,
    "study_id": 0x00200010,
    "study_date": 0x00080020,
    "study_time": 0x00080030,
    "study_description": 0x00081030,
    "accession_number": 0x00080050,
    "referring_physician": 0x00080090,
    "institution": 0x00080080,
    "manufacturer": 0x00080070,
    "series_date": 0x00080021,
    "series_time": 0x00080031,
    "series_description": 0x0008103E,
    "body_part": 0x00180015,
    "protocol_name": 0x00181030,
    "view_position": 0x00185101,
    "photometric": 0x00280004,
}
_UIDS: Final = {
    "sop_instance_uid": 0x00080018,
    "study_instance_uid": 0x0020000D,
    "series_instance_uid": 0x0020000E,
}


def inspect_file(data: Buffer) -> Header | Refused:
    """The header of one file, or why it is refused; whatever the bytes are, this answers."""
    try:
        return read_header(open_file(data))
    except Unreadable as fault:
        return Refused(fault.reason, fault.detail)
    except MemoryError:
        return Refused(Reason.MEMORY)
    except Exception as fault:  # noqa: BLE001 - hostile bytes; the message may quote them
        return Refused(Reason.DAMAGED, type(fault).__name__)


def read_header(opened: Opened) -> Header:
    """Raises Unreadable when identity or pixel sizes do not hold."""
    ds = opened.dataset
    kind = kind_of(opened)
    values: dict[str, Any] = {
        **_identity(ds),
        **_sizes(opened, kind),
        **_numbers(ds),
        **{name: ds.text(tag) for name, tag in _TEXTS.items()},
    }
    warnings = opened.warnings + (["bad_value"] if ds.bad else [])
    if kind == "other" and 0x00280010 in ds:
        warnings.append("no_pixels")
    return Header(
        kind=kind,
        sop_class_uid=ds.uid(0x00080016) or opened.meta_class,
        frame_of_reference_uid=ds.uid(0x00200052),
        transfer_syntax=opened.transfer_syntax[:64],
        laterality=laterality(ds),
        series_number=ds.integer(0x00200011),
        instance_number=ds.integer(0x00200013),
        warnings=tuple(dict.fromkeys(warnings)),
        **values,
    )


def _identity(ds: Dataset) -> dict[str, str]:
    uids = {name: ds.uid(tag) for name, tag in _UIDS.items()}
    if not all(uids.values()):
        raise Unreadable(Reason.NO_IDENTITY)
    if not all(len(uid) <= 64 and _UID.fullmatch(uid) for uid in uids.values()):
        raise Unreadable(Reason.BAD_UID)
    return uids


def kind_of(opened: Opened) -> Kind:
    """What an object is by its class, its encoding and whether it has pixels."""
    ds = opened.dataset
    sop_class = ds.uid(0x00080016) or opened.meta_class
    for prefix, kind in _CLASSES:
        if sop_class.startswith(prefix):
            return kind
    if not any(tag in ds.elements for tag in PIXELS):
        return "other"
    return "video" if opened.transfer_syntax.startswith(_VIDEO) else "image"


def laterality(ds: Dataset) -> str:
    """Image before series laterality: L, R, B, U or ""."""
    return (ds.text(0x00200062) or ds.text(0x00200060))[:1]


def _numbers(ds: Dataset) -> dict[str, Any]:
    slope, intercept = ds.number(0x00281053), ds.number(0x00281052)
    position, orientation = ds.vector(0x00200032, 3), ds.vector(0x00200037, 6)
    spacing = ds.vector(0x00280030, 2)
    words = ds.texts(0x00281055)
    pairs = zip(ds.numbers(0x00281050), ds.numbers(0x00281051), strict=False)
    return {
        "image_position": tuple(position) if position else None,
        "image_orientation": tuple(orientation) if orientation else None,
        "pixel_spacing": tuple(spacing) if spacing else None,
        "slice_location": ds.number(0x00201041),
        "slice_thickness": ds.number(0x00180050),
        "frame_time_ms": ds.number(0x00181063),
        "lossy": ds.text(0x00282110) == "01",
        "rescale": (slope, intercept or 0.0) if slope is not None else None,
        "window": tuple(
            (centre, width, words[n] if n < len(words) else "")
            for n, (centre, width) in enumerate(list(pairs)[:16])
            if width > 0
        ),
    }


def _sizes(opened: Opened, kind: Kind) -> dict[str, Any]:
    ds = opened.dataset
    found = [ds.elements[tag] for tag in PIXELS if tag in ds.elements]
    if kind not in {"image", "video"} or not found:
        names = ("rows", "columns", "frames", "samples", "bits_allocated", "bits_stored")
        return {**dict.fromkeys((*names, "pixel_bytes"), 0), "signed": False}
    rows, columns = ds.integer(0x00280010) or 0, ds.integer(0x00280011) or 0
    samples = ds.integer(0x00280002) or 1
    bits = ds.integer(0x00280100) or 0
    frames = max(1, ds.integer(0x00280008) or 1)
    if kind == "image":
        _check_sizes(rows, columns, samples, bits, frames)
    pixel = found[0]
    if pixel.fragments is None and kind == "image":
        needed = _native_bytes(ds, rows * columns * samples * frames, bits)
        if pixel.length < needed:
            raise Unreadable(Reason.SHORT_PIXELS)
    return {
        "rows": rows,
        "columns": columns,
        "frames": frames,
        "samples": samples,
        "bits_allocated": bits,
        "bits_stored": ds.integer(0x00280101) or bits,
        "signed": ds.integer(0x00280103) == 1,
        "pixel_bytes": pixel.length,
    }


def _native_bytes(ds: Dataset, values: int, bits: int) -> int:
    if ds.text(0x00280004).startswith("YBR_FULL_422") and ds.integer(0x00280006) in {0, None}:
        values = values // 3 * 2
    return (values * bits + 7) // 8


def _check_sizes(rows: int, columns: int, samples: int, bits: int, frames: int) -> None:
    if not (0 < rows <= 0xFFFF and 0 < columns <= 0xFFFF):
        raise Unreadable(Reason.BAD_PIXELS, "rows or columns")
    if samples not in {1, 3, 4} or bits not in {1, 8, 16, 32, 64}:
        raise Unreadable(Reason.BAD_PIXELS, "samples or bits")
    frame = rows * columns * samples * max(1, bits // 8)
    if frame > MAX_FRAME or frame * frames > MAX_PIXELS:
        raise Unreadable(Reason.TOO_LARGE)
