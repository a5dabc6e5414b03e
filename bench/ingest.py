"""
A CT series from files to kept images: the browser's way in, beside Orthanc's STOW-RS.

Ours checks every file in a limited child, seals it, and answers once it is durable; frames for the
viewer are made after the answer, so the wall until they are there is a row of its own.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import aiohttp

from bench import images, people
from bench.measuring import Spent, watching
from bench.orthanc import Orthanc
from bench.people import Visitor
from bench.printing import head, note, row
from bench.stage import Stage
from bench.viewing import opened
from portal.studies import parts

AT_ONCE = 3
"""Parts the browser has on the way at a time."""
FILES_A_REQUEST = 10
BOUNDARY = "hds-bench"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A study of ours and the same one with the peer."""

    visitor: Visitor
    study: str
    files: list[bytes]


@dataclass(frozen=True, slots=True)
class _Way:
    name: str
    ours_at_once: int
    files_a_request: int
    connections: int
    goal: str


WAYS = (
    _Way("one by one; STOW in one request", 1, 10_000, 1, "<= 1.0"),
    _Way("3 parts at once; STOW 10 a request, 4 conn.", 3, FILES_A_REQUEST, 4, "<= 1.5"),
)


async def measure(stage: Stage) -> Uploaded:
    """Upload one study each way, print, and give back the last one."""
    sizes = stage.sizes
    head(f"Ingest, CT of {sizes.slices} x {sizes.side}² x 16 bit", "Orthanc")
    visitor = await people.physician(stage.portal, "Ingest")
    await warm_up(stage, visitor)
    done = None
    for way in WAYS:
        files = images.ct(sizes.slices, sizes.side)
        note(way.name)
        with watching(stage.portal.family) as ours:
            study = await upload(stage, visitor, files, way.ours_at_once)
        with watching(stage.portal.family) as after:
            await prepared(stage, visitor, study)
        theirs = Spent()
        if stage.orthanc is not None:
            with watching(stage.orthanc.family) as theirs:
                await stow(stage.orthanc, files, way)
        _print(files, ours, theirs, way.goal)
        row("wall until frames are ready", ours.wall + after.wall, 0, "s")
        row("CPU after the last answer", after.cpu, 0, "s")
        row("peak memory while frames are made", after.peak, 0, "MiB")
        done = Uploaded(visitor, study, files)
    assert done is not None
    return done


async def warm_up(stage: Stage, visitor: Visitor) -> None:
    """What starts with the first upload ever (the limited children) is nobody's time."""
    files = images.ct(2, 64)
    await prepared(stage, visitor, await upload(stage, visitor, files, 1))
    if stage.orthanc is not None:
        await stow(stage.orthanc, files, WAYS[0])


def _print(files: Sequence[bytes], ours: Spent, theirs: Spent, goal: str) -> None:
    count, mb = len(files), sum(map(len, files)) / 1e6
    there = bool(theirs.wall)
    row("wall until all is kept", ours.wall, theirs.wall, "s", goal=goal)
    row("instances", count / ours.wall, count / theirs.wall if there else 0, "1/s")
    row("bytes", mb / ours.wall, mb / theirs.wall if there else 0, "MB/s")
    row("CPU of server and children", ours.cpu, theirs.cpu, "s", goal="<= 1.5")
    row("peak memory of server and children", ours.peak, theirs.peak, "MiB", goal="<= 0.6")


async def upload(stage: Stage, visitor: Visitor, files: Sequence[bytes], at_once: int) -> str:
    """Send *files* as the browser does; the study they became, once everything is acknowledged."""
    url, bodies = stage.portal.url, list(_parts(files))
    waiting, studies = iter(enumerate(bodies)), set()
    async with aiohttp.ClientSession(url, headers=visitor.headers) as session:
        async with session.post("/uploads", json={"client": str(uuid4())}) as answer:
            answer.raise_for_status()
            upload_id = (await answer.json())["id"]

        async def send() -> None:
            for number, body in waiting:
                async with session.put(f"/uploads/{upload_id}/parts/{number}", data=body) as answer:
                    said = await answer.json()
                    assert answer.status == 200, said
                    assert not said["refused"], said
                    studies.update(said["studies"])

        await asyncio.gather(*(send() for _ in range(at_once)))
        async with session.post(f"/uploads/{upload_id}/finish") as answer:
            answer.raise_for_status()
    (study,) = studies
    return str(study)


def _parts(files: Sequence[bytes]) -> Iterator[bytes]:
    batch: list[tuple[int, bytes]] = []
    size = 0
    for number, data in enumerate(files):
        if batch and size + len(data) > parts.PART:
            yield parts.build(batch)
            batch, size = [], 0
        batch.append((number, data))
        size += len(data)
    yield parts.build(batch)


async def prepared(stage: Stage, visitor: Visitor, study: str) -> None:
    """Wait until every image has its frames."""
    async with aiohttp.ClientSession(stage.portal.url, headers=visitor.headers) as session:
        while True:
            manifest = (await opened(session, study)).manifest
            images_ = [each for series in manifest["series"] for each in series["instances"]]
            if all(each["why"] != "preparing" for each in images_):
                return
            await asyncio.sleep(0.1)


async def stow(peer: Orthanc, files: Sequence[bytes], way: _Way) -> None:
    """Store *files* with Orthanc by STOW-RS (PS3.18 10.5)."""
    step = way.files_a_request
    waiting = iter([files[start : start + step] for start in range(0, len(files), step)])
    kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
    headers = {"Content-Type": kind, "Accept": "application/dicom+json"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def send() -> None:
            for batch in waiting:
                async with session.post(f"{peer.url}/studies", data=_related(batch)) as answer:
                    answer.raise_for_status()
                    await answer.read()

        await asyncio.gather(*(send() for _ in range(way.connections)))


def _related(files: Sequence[bytes]) -> bytes:
    opening = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    pieces = [piece for each in files for piece in (opening, each, b"\r\n")]
    return b"".join([*pieces, f"--{BOUNDARY}--\r\n".encode()])
