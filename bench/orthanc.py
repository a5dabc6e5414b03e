"""Debian's Orthanc with its DICOMweb plugin, as shipped, without sign-in: the peer for images."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

import aiohttp

from bench.measuring import Family
from bench.portal import START_SECONDS, free_port, stopped

PLUGINS: Final = ("/usr/share/orthanc/plugins", "/usr/lib/orthanc")
MISSING: Final = (
    "Orthanc is not installed, so images have no peer in this run: "
    "apt-get install orthanc orthanc-dicomweb"
)


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running Orthanc."""

    url: str
    """Where its DICOMweb is."""
    family: Family


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Orthanc | None]:
    """An Orthanc that keeps everything below *folder*; None where it is not installed."""
    program, plugin = _program(), _plugin()
    if program is None or plugin is None:
        yield None
        return
    port = free_port()
    folder.mkdir(mode=0o700)
    settings = folder / "orthanc.json"
    settings.write_text(json.dumps(_settings(folder, port, plugin)))
    process = await asyncio.create_subprocess_exec(
        program,
        str(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await _answers(f"http://127.0.0.1:{port}/dicom-web/studies", process)
        yield Orthanc(f"http://127.0.0.1:{port}/dicom-web", Family(process.pid))
    finally:
        await stopped(process)


def name() -> str:
    """Which Orthanc this is: a newer one than a distribution's may be several times faster."""
    program = _program()
    if program is None:
        return MISSING
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return f"the peer for images is {said.stdout.splitlines()[0]}, as shipped"


def _program() -> str | None:
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


def _plugin() -> Path | None:
    found = (next(Path(each).glob("libOrthancDicomWeb.so*"), None) for each in PLUGINS)
    return next((each for each in found if each is not None), None)


def _settings(folder: Path, port: int, plugin: Path) -> dict[str, object]:
    return {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "TemporaryDirectory": str(folder),
        "Plugins": [str(plugin)],
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }


async def _answers(url: str, process: asyncio.subprocess.Process) -> None:
    until = monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if process.returncode is not None or monotonic() > until:
                raise RuntimeError("Orthanc did not start")
            await asyncio.sleep(0.1)
