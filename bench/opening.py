"""
Opening a series and reading its frames: our viewer's requests beside Orthanc's DICOMweb.

Ours are signed in, permitted, unsealed, and carry lossless HTJ2K; Orthanc's are open to anybody and
carry the pixels as they were stored.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import aiohttp

from bench.ingest import Uploaded
from bench.orthanc import Orthanc
from bench.printing import head, note, percentile, row
from bench.stage import Stage
from bench.viewing import frame_paths, opened

CONNECTIONS = (1, 4, 16)
VIEWER_CONNECTIONS = 6
TIMES = 12
FRAME_TYPE = 'multipart/related; type="application/octet-stream"'
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")

Get = Callable[[str], Awaitable[bytes]]


@dataclass(slots=True)
class _Series:
    """What opening one series took, seconds, and where its frames are."""

    manifest: list[float] = field(default_factory=list)
    frame: list[float] = field(default_factory=list)
    manifest_bytes: int = 0
    frames: list[str] = field(default_factory=list)


async def measure(stage: Stage, uploaded: Uploaded) -> None:
    """Open, scroll, print."""
    head(f"Opening a series of {len(uploaded.files)} images", "Orthanc")
    headers, limit = uploaded.visitor.headers, aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(stage.portal.url, headers=headers, connector=limit) as session:
        ours = await _open_ours(session, uploaded.study)
        theirs = await _open_theirs(stage.orthanc, uploaded) if stage.orthanc else _Series()
        _print_opening(ours, theirs)
        peer = aiohttp.ClientSession(
            headers={"Accept": FRAME_TYPE}, connector=aiohttp.TCPConnector(limit=0)
        )
        async with peer:
            await _all_frames((session, ours), (peer, theirs))
            for count in CONNECTIONS:
                mine = await steady(session, ours.frames, count, stage.sizes.seconds)
                other = await steady(peer, theirs.frames, count, stage.sizes.seconds)
                _print_steady(count, mine, other, stage.sizes.seconds)
        await _previews(session, uploaded.study)


async def _open_ours(session: aiohttp.ClientSession, study: str) -> _Series:
    found = _Series()
    for _ in range(TIMES):
        answer = await opened(session, study)
        found.manifest.append(answer.manifest_after)
        found.frame.append(answer.frame_after)
        found.frames = frame_paths(study, answer.manifest)
    async with session.get(f"/v/{study}/open") as raw:
        found.manifest_bytes = len(await raw.read()) - len(answer.first_frame)
    return found


async def _open_theirs(peer: Orthanc, uploaded: Uploaded) -> _Series:
    found, (study, series) = _Series(), uids(uploaded.files[0])
    place = f"{peer.url}/studies/{study}/series/{series}"
    async with aiohttp.ClientSession() as session:
        for _ in range(TIMES):
            began = perf_counter()
            async with session.get(f"{place}/metadata") as answer:
                answer.raise_for_status()
                found.manifest_bytes = len(await answer.read())
                images = await answer.json()
            found.manifest.append(perf_counter() - began)
            sops = [each["00080018"]["Value"][0] for each in images]
            found.frames = [f"{place}/instances/{uid}/frames/1" for uid in sops]
            middle = found.frames[len(sops) // 2]
            async with session.get(middle, headers={"Accept": FRAME_TYPE}) as answer:
                answer.raise_for_status()
                await answer.read()
            found.frame.append(perf_counter() - began)
    return found


def uids(file: bytes) -> tuple[str, str]:
    """Study and series of an explicit little-endian file: tags (0020,000D) and (0020,000E)."""
    found = []
    for tag in (b"\x20\x00\x0d\x00UI", b"\x20\x00\x0e\x00UI"):
        match = re.search(re.escape(tag) + rb"..([0-9.]+)", file, re.DOTALL)
        assert match is not None
        found.append(match.group(1).decode())
    return found[0], found[1]


def _print_opening(ours: _Series, theirs: _Series) -> None:
    def line(measure: str, mine: Sequence[float], other: Sequence[float], goal: str) -> None:
        first = other[0] * 1000 if other else 0
        row(f"{measure}, first time", mine[0] * 1000, first, "ms")
        again = percentile(other[1:], 50) * 1000 if other else 0
        row(f"{measure}, p50", percentile(mine[1:], 50) * 1000, again, "ms", goal=goal)

    line("manifest", ours.manifest, theirs.manifest, "<= 0.5")
    line("manifest and first image", ours.frame, theirs.frame, "<= 0.5")
    row("bytes of the manifest", ours.manifest_bytes / 1000, theirs.manifest_bytes / 1000, "kB")


async def _all_frames(
    ours: tuple[aiohttp.ClientSession, _Series], theirs: tuple[aiohttp.ClientSession, _Series]
) -> None:
    walls, sizes = [], []
    for session, series in (ours, theirs):
        waiting, began, moved = iter(series.frames), perf_counter(), 0

        async def read(session: aiohttp.ClientSession = session) -> int:
            return sum([len(await _got(session, each)) for each in waiting])  # noqa: B023

        moved = sum(await asyncio.gather(*(read() for _ in range(VIEWER_CONNECTIONS))))
        walls.append(perf_counter() - began if series.frames else 0)
        sizes.append(moved / 1e6)
    row("all frames, 6 connections", walls[0], walls[1], "s", goal="<= 0.5")
    row("bytes of all frames", sizes[0], sizes[1], "MB", goal="<= 0.5")


async def _got(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None
) -> bytes:
    async with session.get(url, headers=headers) as answer:
        answer.raise_for_status()
        return await answer.read()


async def steady(
    session: aiohttp.ClientSession,
    frames: Sequence[str],
    connections: int,
    seconds: float,
    headers: dict[str, str] | None = None,
) -> list[float]:
    """How long each frame took while *connections* readers asked without pause."""
    took: list[float] = []
    until = perf_counter() + seconds

    async def read(turn: int) -> None:
        while frames and perf_counter() < until:
            began = perf_counter()
            await _got(session, frames[turn % len(frames)], headers)
            took.append(perf_counter() - began)
            turn += 7

    await asyncio.gather(*(read(37 * number) for number in range(connections)))
    return took


def _print_steady(
    connections: int, ours: Sequence[float], theirs: Sequence[float], seconds: float
) -> None:
    name, goal = f"{connections} connection{'s' * (connections > 1)}", "<= 0.7"
    for percent in (50, 95):
        other = percentile(theirs, percent) * 1000 if theirs else 0
        row(f"one frame, {name}, p{percent}", percentile(ours, percent) * 1000, other, "ms",
            goal=goal if connections == 1 else "")  # fmt: skip
    row(f"frames, {name}", len(ours) / seconds, len(theirs) / seconds, "1/s",
        goal=">= 1.2" if connections > 1 else "")  # fmt: skip


async def _previews(session: aiohttp.ClientSession, study: str) -> None:
    """The whole series in low resolution, which is what scrolling shows first."""
    began = perf_counter()
    data = await _got(session, f"/v/{study}/low?res=3")
    note(f"whole series at low resolution: {perf_counter() - began:.2f} s, "
         f"{len(data) / 1e6:.1f} MB")  # fmt: skip
