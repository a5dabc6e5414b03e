"""How large a pixel is: PS3.3 10.7 (calibration), C.8.5.5 (ultrasound), magnification of X-rays."""

from __future__ import annotations

from typing import Any, Final

from viewer.dicom.dataset import Dataset

_IMAGER: Final = 0x00181164
_NOMINAL: Final = 0x00182010
_CENTIMETRES: Final = 3
_TOLERANCE: Final = 1e-4


def spacing(ds: Dataset, found: list[float] | None) -> tuple[list[float] | None, str]:
    """([row, column] in mm, what it refers to); (None, "none") when lengths mean nothing.

    "patient": in the body. "detector": at the detector, lengths in the body are shorter.
    "corrected": at the detector divided by the estimated magnification (ERMF). "scanned": of a
    digitised film. "ultrasound": of the one calibrated region.
    """
    imager = _positive(ds.vector(_IMAGER, 2))
    pixel = _positive(found)
    factor = ds.number(0x00181114)
    if pixel is not None:
        if imager is None or not _same(pixel, imager):
            return pixel, "patient"
        pixel = None
    if imager is not None:
        if factor and factor > 1:
            return [value / factor for value in imager], "corrected"
        return imager, "detector"
    nominal = _positive(ds.vector(_NOMINAL, 2))
    if nominal is not None:
        return nominal, "scanned"
    return _ultrasound(ds)


def _positive(values: list[float] | None) -> list[float] | None:
    return values if values and all(1e-6 < v < 1e4 for v in values) else None


def _same(a: list[float], b: list[float]) -> bool:
    return all(abs(x - y) <= _TOLERANCE * y for x, y in zip(a, b, strict=True))


def _ultrasound(ds: Dataset) -> tuple[list[float] | None, str]:
    """One region in centimetres, or several of the same scale, calibrate the picture."""
    scales = {
        (abs(r["deltaY"]) * 10, abs(r["deltaX"]) * 10)
        for r in regions(ds)
        if r["unitX"] == r["unitY"] == _CENTIMETRES and r["deltaX"] and r["deltaY"]
    }
    if len(scales) == 1:
        mm = _positive(list(scales.pop()))
        if mm is not None:
            return mm, "ultrasound"
    return None, "none"


def regions(ds: Dataset) -> list[dict[str, Any]]:
    """Calibrated regions of an ultrasound picture; units are the codes of C.8.5.5.1.15."""
    listed = []
    for item in ds.items(0x00186011)[:32]:
        corners = [item.integer(tag) for tag in (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)]
        if any(corner is None for corner in corners):
            continue
        x0, y0, x1, y1 = corners
        listed.append(
            {
                "x0": x0,
                "y0": y0,
                "x1": x1,
                "y1": y1,
                "unitX": item.integer(0x00186024),
                "unitY": item.integer(0x00186026),
                "deltaX": item.number(0x0018602C),
                "deltaY": item.number(0x0018602E),
                "type": item.integer(0x00186014),
            }
        )
    return listed


def aspect(ds: Dataset) -> list[float] | None:
    """[vertical, horizontal] size of a pixel where only their ratio is known."""
    values = ds.vector(0x00280034, 2)
    return values if values and all(0 < value < 1e4 for value in values) else None
