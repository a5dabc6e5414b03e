"""Loads everything a task may need while files can still be opened."""

from __future__ import annotations

import encodings.aliases
import importlib
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from viewer.dicom import codecs
from viewer.dicom.previews import grey_or_rgb, previews
from viewer.dicom.rendering import rendered_frame
from viewer.dicom.tables import Table
from viewer.dicom.windowing import computed_window

_TEXTS = ("iso", "euc", "gb", "shift", "utf", "johab", "big5", "latin", "tis", "cp", "hz")


def warm_up() -> None:
    """Run every codec, the window and the previews once; import all text encodings."""
    grey = np.zeros((16, 16), np.uint8)
    codecs.decode_own(codecs.encode(grey))
    imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(grey))
    imagecodecs.jpegls_decode(imagecodecs.jpegls_encode(grey))
    imagecodecs.jpeg2k_decode(imagecodecs.jpeg2k_encode(grey))
    imagecodecs.dicomrle_decode(b"\x01\0\0\0\x40\0\0\0" + bytes(56) + b"\x00\x00", "<u1")
    Image.init()
    meta: dict[str, Any] = {
        "windows": [computed_window(grey, 1.0, 0.0, None)],
        "rescale": {"slope": 1.0, "intercept": 0.0},
        "photometric": "MONOCHROME1",
        "spacing": [2.0, 1.0],
        "aspect": None,
    }
    previews(grey_or_rgb(grey, meta), meta)
    how: dict[str, Any] = {"codec": "htj2k", "meta": meta, "quality": 90, "window": None}
    for form in ("png", "jpeg"):
        rendered_frame(
            how | {"format": form, "region": [0, 0, 8, 8], "size": [4, 4]}, codecs.encode(grey)
        )
    Table(0, 8, np.zeros(256, np.uint16)).map(grey)
    np.nan_to_num(np.linspace(0.0, 1.0, 4))
    for name in set(encodings.aliases.aliases.values()):
        if name.startswith(_TEXTS):
            importlib.import_module(f"encodings.{name}")
