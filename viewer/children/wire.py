"""Messages between the pool and its children: JSON and raw blobs, each with its length in front.

No pickle: a child that was taken over can only send text and bytes of bounded length.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, Final

MAX_JSON: Final = 64 << 20
MAX_BLOBS: Final = 4096
MAX_BLOB: Final = (1 << 30) + 1

HEAD: Final = struct.Struct("<II")
SIZE: Final = struct.Struct("<Q")


def pack(message: dict[str, Any], sizes: Sequence[int]) -> bytes:
    """Everything in front of the blobs."""
    text = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    lengths = b"".join(SIZE.pack(size) for size in sizes)
    return HEAD.pack(len(text), len(sizes)) + lengths + text


def unpack_head(head: bytes) -> tuple[int, int]:
    """(bytes of JSON, number of blobs). Raises ValueError beyond the limits."""
    length, count = HEAD.unpack(head)
    if length > MAX_JSON or count > MAX_BLOBS:
        raise ValueError("message too large")
    return length, count


def unpack_sizes(packed: bytes) -> list[int]:
    """Lengths of the blobs. Raises ValueError beyond the limit."""
    sizes = [size for (size,) in SIZE.iter_unpack(packed)]
    if any(size > MAX_BLOB for size in sizes):
        raise ValueError("blob too large")
    return sizes
