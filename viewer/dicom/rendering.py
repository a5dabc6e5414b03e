"""A frame as people see it: windowed, cut out, scaled, as PNG or JPEG; runs in the child."""

from __future__ import annotations

import io
from math import ceil
from typing import Any, Final

import imagecodecs
import numpy as np
from PIL import Image

from viewer.dicom import codecs
from viewer.dicom.codecs import Array
from viewer.dicom.previews import grey_or_rgb, stretch
from viewer.dicom.reasons import Reason, Unreadable

LARGEST: Final = 8192
"""Pixels of the longer side of what is made."""


def rendered_frame(how: dict[str, Any], data: bytes) -> bytes:
    """
    PNG or JPEG of a canonical frame.

    *how*: `codec` and `meta` of the frame (`Canonical.meta`), `format` ("png", "jpeg"), `quality`
    (1 to 100), `window` ({"center", "width", "function"} in the units after rescaling, or None),
    `region` ([x, y, width, height] in pixels of the frame, or None) and `size` ([width, height] of
    the box the picture fills without being distorted; "body": no pixel less than it has, in the
    proportions of the body; or None).  `invert` swaps light and dark.  Raises Unreadable.
    """
    picture = _decoded(how["codec"], data)
    meta = how["meta"]
    if how["window"] is not None:
        meta = meta | {"windows": [how["window"]]}
    shown = grey_or_rgb(picture, meta)
    image = Image.fromarray(np.ascontiguousarray(255 - shown if how.get("invert") else shown))
    if how["region"] is not None:
        left, top, width, height = how["region"]
        right, bottom = min(left + width, image.width), min(top + height, image.height)
        if right <= left or bottom <= top:
            raise Unreadable(Reason.BAD_PIXELS, "region")
        image = image.crop((left, top, right, bottom))
    if how["size"] == "body":
        tall = stretch(meta)
        box = [ceil(image.width * max(1.0, 1 / tall)), ceil(image.height * max(1.0, tall))]
        image = image if tall == 1 else _scaled(image, meta, box)
    elif how["size"] is not None:
        image = _scaled(image, meta, how["size"])
    out = io.BytesIO()
    if how["format"] == "png":
        image.save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=how["quality"])
    return out.getvalue()


def _decoded(codec: str, data: bytes) -> Array:
    try:
        if codec == "htj2k":
            return codecs.decode_own(data)
        if codecs.describe(codecs.JPEG_BASELINE, data).samples == 1:
            return np.asarray(imagecodecs.jpeg8_decode(data))
        return np.asarray(imagecodecs.jpeg8_decode(data, outcolorspace="RGB"))
    except MemoryError:
        raise
    except Exception as fault:  # noqa: BLE001 - each codec has errors of its own
        raise Unreadable(Reason.BAD_PIXELS, type(fault).__name__) from None


def _scaled(image: Image.Image, meta: dict[str, Any], box: list[int]) -> Image.Image:
    """As large as the box allows, in the proportions of the body."""
    width, height = float(image.width), image.height * stretch(meta)
    scale = min(box[0] / width, box[1] / height)
    size = [min(LARGEST, max(1, round(each * scale))) for each in (width, height)]
    way = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    return image.resize((size[0], size[1]), way)
