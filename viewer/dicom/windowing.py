"""From stored values to grey (PS3.3 C.11.2); the reference for previews and for pixel tests."""

from __future__ import annotations

from typing import Any, Final, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

_STEP: Final = 1 << 20


class WindowFacts(TypedDict):
    """One window in the units after rescaling."""

    center: float
    width: float
    explanation: str
    function: Function
    computed: bool


def voi8(  # noqa: PLR0913 - the parameters of the standard's formula
    pixels: NDArray[Any],
    *,
    slope: float = 1.0,
    intercept: float = 0.0,
    center: float,
    width: float,
    function: Function = "LINEAR",
    invert: bool = False,
) -> NDArray[np.uint8]:
    """Grey 0 to 255 by C.11.2.1.2.1 (LINEAR), C.11.2.1.3.2 (LINEAR_EXACT), C.11.2.1.3.1 (SIGMOID).

    `invert` is for MONOCHROME1. A width below 1 counts as 1 for LINEAR, as tiny for the others.
    """
    flat = np.ascontiguousarray(pixels).reshape(-1)
    grey = np.empty(flat.shape, np.uint8)
    for start in range(0, flat.size, _STEP):
        part = flat[start : start + _STEP].astype(np.float64) * slope + intercept
        shown = np.clip(_unit(part, center, width, function), 0.0, 1.0) * 255.0
        grey[start : start + _STEP] = np.rint(255.0 - shown if invert else shown)
    return grey.reshape(pixels.shape)


def _unit(
    x: NDArray[np.float64], center: float, width: float, function: Function
) -> NDArray[np.float64]:
    if function == "SIGMOID":
        power = np.clip(-4.0 * (x - center) / max(width, 1e-9), -700.0, 700.0)
        return np.asarray(1.0 / (1.0 + np.exp(power)))
    if function == "LINEAR_EXACT":
        return (x - center) / max(width, 1e-9) + 0.5
    if width <= 1:
        return (x > center - 0.5).astype(np.float64)
    return (x - (center - 0.5)) / (width - 1.0) + 0.5


def computed_window(
    pixels: NDArray[Any], slope: float, intercept: float, padding: int | None
) -> WindowFacts:
    """A window for a picture that names none: the 1st to the 99.5th percentile without padding."""
    step = max(1, int((pixels.size / 262_144) ** 0.5))
    sample = pixels[::step, ::step].reshape(-1)
    if padding is not None and (sample != padding).any():
        sample = sample[sample != padding]
    low, high = (float(v) * slope + intercept for v in np.percentile(sample, (1.0, 99.5)))
    if low == high:
        low, high = (float(v) * slope + intercept for v in (pixels.min(), pixels.max()))
    low, high = min(low, high), max(low, high)
    unit = abs(slope) or 1.0
    if high - low < unit:
        high = low + unit
    function: Function = "LINEAR" if high - low >= 8 else "LINEAR_EXACT"
    width = high - low + 1 if function == "LINEAR" else high - low
    center = (high + low) / 2 + (0.5 if function == "LINEAR" else 0.0)
    return window(center, width, "", function, computed=True)


def window(
    center: float, width: float, explanation: str, function: Function, *, computed: bool = False
) -> WindowFacts:
    """Plain facts of one window."""
    return {
        "center": center,
        "width": width,
        "explanation": explanation,
        "function": function,
        "computed": computed,
    }
