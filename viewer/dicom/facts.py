"""The facts the browser needs beside the pixels, as JSON (mm, ms; None where unknown).

Keys are always all there. `perFrame` lists, for enhanced multi-frame objects, what differs from
the common values in each frame.
"""

from __future__ import annotations

from typing import Any, Final

from viewer.dicom import codecs
from viewer.dicom.dataset import Dataset
from viewer.dicom.geometry import aspect, regions, spacing
from viewer.dicom.inspecting import laterality
from viewer.dicom.opening import Opened
from viewer.dicom.pictures import Values
from viewer.dicom.windowing import Function, WindowFacts, window

SHARED_GROUPS, FRAME_GROUPS = 0x52009229, 0x52009230
_MAX_WINDOWS: Final = 16
_SENSELESS: Final = 1e12
_FUNCTIONS: Final[dict[str, Function]] = {"SIGMOID": "SIGMOID", "LINEAR_EXACT": "LINEAR_EXACT"}


def instance_facts(opened: Opened) -> dict[str, Any]:
    """What holds without having decoded anything; shape and windows are added by the caller."""
    ds = opened.dataset
    first = _layer(_groups(ds))
    mm, kind = spacing(ds, first.get("spacing"))
    return {
        "v": 1,
        "sopClass": ds.uid(0x00080016) or opened.meta_class,
        "sop": ds.uid(0x00080018),
        "study": ds.uid(0x0020000D),
        "series": ds.uid(0x0020000E),
        "frameOfReference": ds.uid(0x00200052),
        "modality": ds.text(0x00080060),
        "number": ds.integer(0x00200013),
        "originalTransferSyntax": opened.transfer_syntax[:64],
        "originalPhotometric": ds.text(0x00280004),
        "lossy": ds.text(0x00282110) == "01" or opened.transfer_syntax in codecs.LOSSY,
        "lossyRatio": ds.number(0x00282112),
        "spacing": mm,
        "spacingKind": kind,
        "aspect": aspect(ds),
        "thickness": first.get("thickness"),
        "spacingBetweenSlices": first.get("spacingBetweenSlices"),
        "position": first.get("position"),
        "orientation": first.get("orientation"),
        "sliceLocation": ds.number(0x00201041),
        "frameTimeMs": _frame_time(ds),
        "frameTimes": list(ds.numbers(0x00181065)) or None,
        "laterality": first.get("laterality") or laterality(ds),
        "viewPosition": ds.text(0x00185101),
        "patientOrientation": _two(ds, 0x00200020),
        "acquisitionTime": ds.text(0x00080032),
        "contentTime": ds.text(0x00080033),
        "temporalPosition": ds.integer(0x00200100),
        "acquisitionNumber": ds.integer(0x00200012),
        "regions": regions(ds),
        "pet": _pet(ds),
    }


def _groups(ds: Dataset) -> list[Dataset]:
    """Data sets to look for a common value in, the most special first."""
    frames, shared = ds.item(FRAME_GROUPS), ds.item(SHARED_GROUPS)
    nested = [item for group in (frames, shared) if group is not None for item in _parts(group)]
    detector = ds.item(0x00540022)
    return [*nested, ds, *([detector] if detector is not None else [])]


def _parts(group: Dataset) -> list[Dataset]:
    found = (group.item(tag) for tag in group.elements)
    return [item for item in found if item is not None]


def _layer(groups: list[Dataset]) -> dict[str, Any]:
    """Geometry, order and laterality found in these data sets; the first to name one wins."""
    found: dict[str, Any] = {}
    for ds in groups:
        values = {
            "position": ds.vector(0x00200032, 3),
            "orientation": ds.vector(0x00200037, 6),
            "spacing": ds.vector(0x00280030, 2),
            "thickness": ds.number(0x00180050),
            "spacingBetweenSlices": ds.number(0x00180088),
            "laterality": ds.text(0x00209072)[:1] or None,
            "stack": ds.text(0x00209056) or None,
            "inStack": ds.integer(0x00209057),
            "temporalPosition": ds.integer(0x00209128),
            "frameTimeMs": ds.number(0x00189220),
        }
        for name, value in values.items():
            if value is not None:
                found.setdefault(name, value)
    return found


def frame_facts(ds: Dataset, frames: int, values: Values, common: dict[str, Any]) -> list[Any]:
    """One dictionary per frame with what differs from `common`; [] without functional groups."""
    items = ds.items(FRAME_GROUPS)
    if len(items) != frames:
        return []
    listed = []
    for item in items:
        parts = _parts(item)
        own: dict[str, Any] = _layer(parts)
        own["windows"] = next((w for w in (windows(part) for part in parts) if w), None)
        own["rescale"] = next((r for r in (_own_rescale(p, values) for p in parts) if r), None)
        listed.append({k: v for k, v in own.items() if v is not None and v != common.get(k)})
    return listed


def windows(ds: Dataset) -> list[WindowFacts]:
    """The windows a data set names; those without width are left out."""
    function = _FUNCTIONS.get(ds.text(0x00281056), "LINEAR")
    centers, widths = ds.numbers(0x00281050), ds.numbers(0x00281051)
    words = ds.texts(0x00281055)
    pairs = list(zip(centers, widths, strict=False))[:_MAX_WINDOWS]
    return [
        window(center, width, words[n] if n < len(words) else "", function)
        for n, (center, width) in enumerate(pairs)
        if 0 < width < _SENSELESS and abs(center) < _SENSELESS
    ]


def common_windows(ds: Dataset) -> list[WindowFacts]:
    """Windows of the instance, or of its first frame that names any."""
    for part in _groups(ds):
        found = windows(part)
        if found:
            return found
    return []


def rescale(ds: Dataset, values: Values) -> dict[str, Any]:
    """Delivered pixels to real values: slope, intercept and the name of the unit ("" unknown)."""
    if values.modality is not None:
        return {"slope": 1.0, "intercept": 0.0, "type": values.modality}
    for part in _groups(ds):
        found = _own_rescale(part, values)
        if found is not None:
            return found
    dose = ds.number(0x3004000E)
    if dose:
        return _composed(dose, 0.0, ds.text(0x30040002), values)
    return _composed(1.0, 0.0, "", values)


def _own_rescale(ds: Dataset, values: Values) -> dict[str, Any] | None:
    slope = ds.number(0x00281053)
    if values.modality is not None or not slope:
        return None
    return _composed(slope, ds.number(0x00281052) or 0.0, ds.text(0x00281054), values)


def _composed(slope: float, intercept: float, kind: str, values: Values) -> dict[str, Any]:
    total = values.slope * slope
    offset = values.intercept * slope + intercept
    if not (abs(total) < _SENSELESS and abs(offset) < _SENSELESS):
        total, offset, kind = values.slope, values.intercept, ""
    return {"slope": total, "intercept": offset, "type": kind}


def padding(ds: Dataset, values: Values, *, signed: bool) -> int | None:
    """The delivered value that marks "no image here"."""
    value = ds.integer(0x00280120)
    if value is None or values != Values():
        return None
    return value - 0x10000 if signed and value > 0x7FFF else value


def _frame_time(ds: Dataset) -> float | None:
    """FrameTime, else from the frame rates; None when the object names none of them."""
    time = ds.number(0x00181063)
    if time and time > 0:
        return time
    vector = [step for step in ds.numbers(0x00181065)[1:] if step > 0]
    if vector and max(vector) < _SENSELESS:
        return sum(vector) / len(vector)
    for tag in (0x00082144, 0x00180040):
        rate = ds.number(tag)
        if rate and rate > 1e-3:
            return 1000.0 / rate
    return None


def _two(ds: Dataset, tag: int) -> list[str] | None:
    parts = ds.texts(tag)
    return list(parts) if len(parts) == 2 else None


def _pet(ds: Dataset) -> dict[str, Any] | None:
    dose = ds.item(0x00540016)
    if ds.text(0x00080060) != "PT" and dose is None:
        return None
    return {
        "units": ds.text(0x00541001),
        "decayCorrection": ds.text(0x00541102),
        "patientWeight": ds.number(0x00101030),
        "injectedDose": dose.number(0x00181074) if dose else None,
        "halfLife": dose.number(0x00181075) if dose else None,
        "startTime": dose.text(0x00181072) if dose else "",
        "seriesTime": ds.text(0x00080031),
    }
