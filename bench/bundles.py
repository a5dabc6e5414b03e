"""
A thousand small files in, and everything out again as one ZIP: the browser's ways, beside Orthanc.

What takes time here is what each file costs whatever its size.  The archive is also put beside
`zipfile`, which packs the same bytes out of memory without looking at them.
"""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from time import perf_counter
from typing import Final

import aiohttp

from bench import images, people
from bench.ingest import WAYS, prepared, stow, upload, warm_up
from bench.measuring import Spent, watching
from bench.opening import uids
from bench.orthanc import Orthanc
from bench.people import Visitor
from bench.printing import head, note, row
from bench.stage import Stage

SIDE: Final = 32
"""Pixels: files of some 3 kB."""
ARCHIVE: Final = "/download/archive?all=1&dicom=1"


async def measure(stage: Stage) -> None:
    """Upload, download, and print."""
    files = images.ct(stage.sizes.small_files, SIDE)
    head(f"{len(files)} files of {len(files[0]) / 1000:.0f} kB", "Orthanc")
    visitor, theirs = await people.physician(stage.portal, "Bundles"), Spent()
    await warm_up(stage, visitor)
    with watching(stage.portal.family) as ours:
        study = await upload(stage, visitor, files, WAYS[1].ours_at_once)
    if stage.orthanc is not None:
        with watching(stage.orthanc.family) as theirs:
            await stow(stage.orthanc, files, WAYS[1])
    row("wall until all is kept", ours.wall, theirs.wall, "s")
    rate = len(files) / theirs.wall if theirs.wall else 0.0
    row("instances", len(files) / ours.wall, rate, "1/s")
    row("CPU of server and children", ours.cpu, theirs.cpu, "s")
    with watching(stage.portal.family) as after:
        await prepared(stage, visitor, study)
    row("wall until frames are ready", ours.wall + after.wall, 0, "s")
    await _archives(stage, visitor, files)


async def _archives(stage: Stage, visitor: Visitor, files: Sequence[bytes]) -> None:
    """The same files as a ZIP: of ours, of Orthanc's, and of Python's own library."""
    theirs = Spent()
    async with aiohttp.ClientSession(stage.portal.url, headers=visitor.headers) as session:
        with watching(stage.portal.family) as ours:
            packed = await _all_of(session, ARCHIVE)
    _prove(packed, files)
    if stage.orthanc is not None:
        async with aiohttp.ClientSession() as session:
            address = await _address(session, stage.orthanc, files[0])
            with watching(stage.orthanc.family) as theirs:
                await _all_of(session, address)
    row("everything as a ZIP, wall", ours.wall, theirs.wall, "s")
    row("CPU of server and children", ours.cpu, theirs.cpu, "s")
    plain = _zipped(files)
    row("the same; peer: zipfile in memory", ours.wall, plain, "s")
    note(f"{len(packed) / 1e6:.1f} MB, every file in it bit for bit")


async def _all_of(session: aiohttp.ClientSession, address: str) -> bytes:
    async with session.get(address, headers={"Accept": "*/*"}) as answer:
        answer.raise_for_status()
        return await answer.read()


def _prove(packed: bytes, files: Sequence[bytes]) -> None:
    """An archive without what was uploaded is no figure worth printing."""
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        inside = {archive.read(each) for each in archive.namelist()}
    assert inside.issuperset(files)


async def _address(session: aiohttp.ClientSession, peer: Orthanc, file: bytes) -> str:
    """Where Orthanc gives the study of *file* as an archive (its own REST, not DICOMweb)."""
    root = peer.url.removesuffix("/dicom-web")
    async with session.post(f"{root}/tools/lookup", data=uids(file)[0]) as answer:
        answer.raise_for_status()
        (found,) = await answer.json()
    return f"{root}{found['Path']}/archive"


def _zipped(files: Sequence[bytes]) -> float:
    """Seconds to write *files* with Python's library, packed as it does by itself: not at all."""
    began = perf_counter()
    with zipfile.ZipFile(BytesIO(), "w") as archive:
        for number, data in enumerate(files):
            archive.writestr(f"{number:05}.dcm", data)
    return perf_counter() - began
