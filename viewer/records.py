"""
Several things in one response, so that one round trip brings all the browser needs next.

Each record is a 16-byte little-endian header (u32 index, u32 total, u32 kind, u32 length) and
`length` bytes.  `index` counts the frames of a series over all its instances, `total` is the size
of the whole frame, so the reader knows which bytes are still missing.
"""

import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from viewer.series import Slot
from viewer.study import ViewedStudy

FRAME: Final = 0
PREFIX: Final = 1
MANIFEST: Final = 9


def record(index: int, total: int, kind: int, payload: bytes) -> bytes:
    return struct.pack("<4I", index, total, kind, len(payload)) + payload


def nearest_first(count: int, start: int) -> Iterator[int]:
    """Indices from *start* outwards: what a reader scrolls to next comes first."""
    start = min(max(start, 0), count - 1)
    yield from (k for k in [start] if count)
    for step in range(1, count):
        if start + step < count:
            yield start + step
        if start - step >= 0:
            yield start - step


async def frame_record(study: ViewedStudy, slot: Slot) -> bytes:
    data = await study.frame(slot.instance, slot.frame)
    return record(slot.index, len(data), FRAME, data)


async def prefix_records(
    study: ViewedStudy, places: Sequence[Slot | None], resolution: int, start: int
) -> AsyncIterator[bytes]:
    """The exact low resolution of every frame that has one (HTJ2K), nearest to *start* first."""
    for index in nearest_first(len(places), start):
        slot = places[index]
        if slot is None or not 0 <= resolution < len(slot.ends) - 1:
            continue
        prefix = await study.frame(slot.instance, slot.frame, 0, slot.ends[resolution])
        yield record(index, slot.size, PREFIX, prefix)
