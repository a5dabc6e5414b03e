"""A compressed frame as the values that an uncompressed file would have; runs in the child."""

from __future__ import annotations

from typing import Any

import numpy as np

from viewer.dicom import codecs
from viewer.dicom.codecs import Array
from viewer.dicom.inspecting import MAX_FRAME
from viewer.dicom.reasons import Reason, Unreadable


def plain_frame(pixels: dict[str, Any], data: bytes) -> bytes:
    """
    The stored values of a frame, little endian, in the order that the data set says (PS3.5 8.1.1).

    *pixels* is what `viewer.dicom.describing` says.  Raises Unreadable.
    """
    rows, columns, samples = pixels["rows"], pixels["columns"], pixels["samples"]
    allocated = pixels["allocated"]
    size = rows * columns * samples * allocated // 8
    if allocated not in {8, 16} or size > MAX_FRAME:
        raise Unreadable(Reason.UNSUPPORTED, "bits")
    if pixels["syntax"] == codecs.DEFLATED_FRAME:
        return codecs.inflate_frame(data, size)
    if pixels["syntax"] == codecs.RLE:
        plain = codecs.decode_rle(data, samples, allocated // 8, rows * columns)
        array: Array = np.frombuffer(plain, f"<u{allocated // 8}").reshape(samples, rows, columns)
        array = array[0] if samples == 1 else array.transpose(1, 2, 0)
    else:
        array = codecs.decode(pixels["syntax"], data, (rows, columns, samples), luma=False)
    if array.ndim == 3 and pixels["planar"]:
        array = array.transpose(2, 0, 1)
    kind = "i" if array.dtype.kind == "i" else "u"
    return array.astype(f"<{kind}{allocated // 8}", casting="unsafe").tobytes()
