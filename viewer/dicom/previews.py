"""Small JPEG pictures: what is painted before the first frame has arrived."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
from PIL import Image

from viewer.dicom.codecs import Array
from viewer.dicom.windowing import voi8

_MAX_ASPECT: Final = 8.0


def grey_or_rgb(picture: Array, meta: dict[str, Any]) -> Array:
    """8-bit pixels with the first window of `meta` applied."""
    if picture.ndim == 3:
        return picture
    first, rescale = meta["windows"][0], meta["rescale"]
    return voi8(
        picture,
        slope=rescale["slope"],
        intercept=rescale["intercept"],
        center=first["center"],
        width=first["width"],
        function=first["function"],
        invert=meta["photometric"] == "MONOCHROME1",
    )


def previews(shown: Array, meta: dict[str, Any]) -> tuple[bytes, bytes]:
    """JPEGs with a longer side of at most 512 and 128 pixels, in the proportions of the body."""
    image = Image.fromarray(np.ascontiguousarray(shown))
    large = _resized(image, meta, 512)
    return _jpeg(large), _jpeg(_resized(image, meta, 128))


def _resized(image: Image.Image, meta: dict[str, Any], side: int) -> Image.Image:
    height, width = image.height * stretch(meta), float(image.width)
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)


def stretch(meta: dict[str, Any]) -> float:
    """Height of a pixel relative to its width."""
    pair = meta["spacing"] or meta["aspect"]
    ratio = pair[0] / pair[1] if pair else 1.0
    return min(_MAX_ASPECT, max(1 / _MAX_ASPECT, ratio))


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=75)
    return out.getvalue()
