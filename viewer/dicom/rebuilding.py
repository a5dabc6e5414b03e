"""The way back: a skeleton is the original file without its pixels.

Layout: b"HDS1", u32 length of the plan, plan (JSON), zlib of all bytes that are not pixels. The
plan lists pieces in order: [0, n] the next n of those bytes, [1, k] frame k as it was stored.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from viewer.dicom.codecs import Array, decode_own

_MAGIC: Final = b"HDS1"
_HEAD: Final = struct.Struct("<4sI")
SKELETON_HEAD: Final = _HEAD.size
"""Bytes of a skeleton before its plan."""


class NotRebuilt(Exception):
    """Skeleton and frames do not yield the file they were made from."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How delivered pixels were stored: `raw` as the compressed bytes themselves."""

    raw: bool = False
    big: bool = False
    planar: bool = False
    bits: int = 8
    """1 packed, 8 or 16."""
    shift: int = 0
    mask: int = 0
    """0 keeps the sign bits above the stored ones, else they were zero."""

    def stored(self, picture: Array) -> memoryview:
        """The bytes of one frame in the original file, not copied where they are the same."""
        if self.bits == 1:
            return np.packbits(picture.reshape(-1), bitorder="little").data
        if picture.ndim == 3 and self.planar:
            picture = picture.transpose(2, 0, 1)
        kind = "u" if picture.dtype.kind == "u" else "i"
        values = picture.astype(f"{kind}{self.bits // 8}", casting="unsafe", copy=False)
        if self.mask:
            values = values & values.dtype.type(self._fitting(kind))
        if self.shift:
            values = values << self.shift
        values = values.astype(values.dtype.newbyteorder(">" if self.big else "<"), copy=False)
        return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data

    def _fitting(self, kind: str) -> int:
        top = 1 << (self.bits - 1)
        return self.mask - 2 * top if kind == "i" and self.mask >= top else self.mask


def skeleton(layout: Layout, pieces: Sequence[memoryview | int], sha256: str, size: int) -> bytes:
    """`pieces` in the order of the file: bytes that are kept, or the number of a frame."""
    plan: list[list[int]] = []
    packer = zlib.compressobj(6)
    packed: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, int):
            plan.append([1, piece])
        else:
            plan.append([0, len(piece)])
            packed.append(packer.compress(piece))
    packed.append(packer.flush())
    text = json.dumps(
        {"layout": asdict(layout), "pieces": plan, "sha256": sha256, "size": size},
        separators=(",", ":"),
    ).encode()
    return b"".join([_HEAD.pack(_MAGIC, len(text)), text, *packed])


def rebuild(skeleton: bytes, frames: Sequence[bytes]) -> bytes:
    """The original file from its skeleton and its frames (`Frame.data`), bit for bit.

    Raises NotRebuilt when the result is not the file the skeleton was made from.
    """
    try:
        plan, kept = _parse(skeleton)
        layout = Layout(**plan["layout"])
        out: list[bytes | memoryview] = []
        pos = 0
        for what, number in plan["pieces"]:
            if what == 0:
                out.append(kept[pos : pos + number])
                pos += number
            else:
                data = frames[number]
                out.append(data if layout.raw else layout.stored(decode_own(data)))
        whole = b"".join(out)
    except (KeyError, IndexError, TypeError, ValueError, zlib.error, struct.error) as fault:
        raise NotRebuilt from fault
    if hashlib.sha256(whole).hexdigest() != plan["sha256"]:
        raise NotRebuilt
    return whole


def blank(skeleton: bytes, lengths: Sequence[int]) -> bytearray:
    """
    The file with zeros in place of its pixels; *lengths* in bytes of frames that are `raw`.

    Raises NotRebuilt.
    """
    try:
        plan, kept = _parse(skeleton)
        whole, at, pos = bytearray(plan["size"]), 0, 0
        others = [number for what, number in plan["pieces"] if what == 0]
        frames = len(plan["pieces"]) - len(others)
        each = (plan["size"] - sum(others)) // frames if frames else 0
        for what, number in plan["pieces"]:
            if what == 0:
                whole[at : at + number] = kept[pos : pos + number]
                pos += number
                at += number
            else:
                at += lengths[number] if plan["layout"]["raw"] else each
    except (KeyError, IndexError, TypeError, ValueError, zlib.error, struct.error) as fault:
        raise NotRebuilt from fault
    if at != plan["size"] or len(whole) != at:
        raise NotRebuilt
    return whole


def stored_frame(layout: dict[str, Any], frame: bytes) -> memoryview:
    """One frame (`Frame.data`) as it was in the file.  Raises NotRebuilt."""
    try:
        return Layout(**layout).stored(decode_own(frame))
    except (KeyError, IndexError, TypeError, ValueError) as fault:
        raise NotRebuilt from fault


def plan_length(head: bytes) -> int:
    """Bytes of the plan (JSON), by the first `SKELETON_HEAD` ones.  Raises ValueError."""
    if len(head) < SKELETON_HEAD:
        raise ValueError("no skeleton")
    magic, length = _HEAD.unpack_from(head)
    if magic != _MAGIC:
        raise ValueError("no skeleton")
    return int(length)


def _parse(skeleton: bytes) -> tuple[dict[str, Any], bytes]:
    length = plan_length(skeleton)
    plan: dict[str, Any] = json.loads(skeleton[_HEAD.size : _HEAD.size + length])
    return plan, zlib.decompress(skeleton[_HEAD.size + length :])
