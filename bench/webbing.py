"""
A series over DICOMweb: our service beside Orthanc's, with the same requests.

Ours know who asks, prove that they may, open what is sealed, and make explicit little endian out of
the lossless HTJ2K that lies there; so the same frames are also asked for as they lie.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from uuid import UUID

import aiohttp

from bench.ingest import Uploaded
from bench.measuring import Spent, watching
from bench.opening import CONNECTIONS, FRAME_TYPE, steady, uids
from bench.printing import head, note, percentile, row
from bench.stage import Stage
from portal import storing

TIMES: Final = 5
HTJ2K: Final = 'multipart/related; type="image/jphc"; transfer-syntax=1.2.840.10008.1.2.4.202'
WHOLE: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
JSON: Final = "application/dicom+json"


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two services, and the series in it."""

    session: aiohttp.ClientSession
    series: str

    async def get(self, path: str, accept: str) -> bytes:
        async with self.session.get(self.series + path, headers={"Accept": accept}) as answer:
            answer.raise_for_status()
            return await answer.read()


async def measure(stage: Stage, uploaded: Uploaded) -> None:
    """Describe, read frames, read everything, and print."""
    head(f"DICOMweb, a series of {len(uploaded.files)} images", "Orthanc")
    study, series = uids(uploaded.files[0])
    place = f"/studies/{study}/series/{series}"
    limit, headers = aiohttp.TCPConnector(limit=0), uploaded.visitor.headers
    async with (
        aiohttp.ClientSession(headers=headers, connector=limit) as mine,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as other,
    ):
        ours = _Side(mine, f"{stage.portal.url}/dicomweb{place}")
        theirs = _Side(other, stage.orthanc.url + place) if stage.orthanc else None
        await _metadata(ours, theirs)
        await _frames(stage, ours, theirs)
        await _whole(stage, ours, theirs)
    await _stored(uploaded)


async def _metadata(ours: _Side, theirs: _Side | None) -> None:
    async def read(side: _Side) -> int:
        return len(await side.get("/metadata", JSON))

    mine, other = await _timed(read, ours), await _timed(read, theirs)
    row("metadata, first time", mine[0] * 1000, other[0] * 1000, "ms")
    row("metadata, p50", percentile(mine[1:], 50) * 1000, percentile(other[1:], 50) * 1000, "ms",
        goal="<= 0.5")  # fmt: skip


async def _timed(read: Callable[[_Side], Awaitable[int]], side: _Side | None) -> list[float]:
    took = []
    for _ in range(TIMES if side else 0):
        assert side is not None
        began = perf_counter()
        await read(side)
        took.append(perf_counter() - began)
    return took or [0.0] * TIMES


async def _frames(stage: Stage, ours: _Side, theirs: _Side | None) -> None:
    """The same frames of both as explicit little endian, then ours as they lie."""
    addresses = await _addresses(ours)
    there = [] if theirs is None else [theirs.series + each for each in addresses]
    mine = [ours.series + each for each in addresses]
    seconds = stage.sizes.seconds / 2
    for count in CONNECTIONS:
        other = await _asked(theirs, there, count, seconds, FRAME_TYPE)
        for what, accept in (("little endian", FRAME_TYPE), ("as it lies", HTJ2K)):
            found = await _asked(ours, mine, count, seconds, accept)
            for percent in (50, 99):
                row(f"frame, {what}, {count} at once, p{percent}", _ms(found, percent),
                    _ms(other, percent), "ms")  # fmt: skip
            row(f"frames, {what}, {count} at once", len(found) / seconds, len(other) / seconds,
                "1/s")  # fmt: skip


async def _asked(
    side: _Side | None, frames: list[str], count: int, seconds: float, accept: str
) -> list[float]:
    if side is None:
        return []
    return await steady(side.session, frames, count, seconds, {"Accept": accept})


def _ms(took: list[float], percent: int) -> float:
    return percentile(took, percent) * 1000 if len(took) > 1 else 0.0


async def _addresses(side: _Side) -> list[str]:
    async with side.session.get(f"{side.series}/instances", headers={"Accept": JSON}) as answer:
        answer.raise_for_status()
        found = await answer.json(content_type=None)
    return [f"/instances/{each['00080018']['Value'][0]}/frames/1" for each in found]


async def _whole(stage: Stage, ours: _Side, theirs: _Side | None) -> None:
    """Every file of the series in one message, bit for bit as it came."""
    other = Spent()
    with watching(stage.portal.family) as spent:
        moved = len(await ours.get("", WHOLE))
    if theirs is not None and stage.orthanc is not None:
        with watching(stage.orthanc.family) as other:
            await theirs.get("", WHOLE)
    row("whole series", spent.wall, other.wall, "s")
    row("CPU of server and children", spent.cpu, other.cpu, "s")
    row("memory at the peak", spent.peak, other.peak, "MiB")
    note(f"{moved / 1e6 / spent.wall:.0f} MB/s")


async def _stored(uploaded: Uploaded) -> None:
    """What the account pays for it, beside the bytes that were uploaded."""
    sizes = await storing.sizes_of([UUID(uploaded.study)])
    came = sum(map(len, uploaded.files))
    row("bytes kept; peer: the files themselves", sum(sizes.values()) / 1e6, came / 1e6, "MB",
        goal="<= 0.5")  # fmt: skip
