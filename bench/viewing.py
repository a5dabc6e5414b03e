"""Asking a portal for images the way its viewer does."""

import gzip
import json
import struct
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import aiohttp

from viewer import series_of

HEADER = struct.Struct("<4I")


@dataclass(frozen=True, slots=True)
class Opened:
    """A series as its first answer brings it."""

    manifest: dict[str, Any]
    first_frame: bytes
    manifest_after: float
    """Seconds until the manifest was there."""
    frame_after: float
    """Seconds until the first frame was there."""


async def opened(session: aiohttp.ClientSession, study: str) -> Opened:
    """Open the middle of the first series."""
    began = perf_counter()
    async with session.get(f"/v/{study}/open") as answer:
        answer.raise_for_status()
        packed = await _record(answer)
        manifest_after = perf_counter() - began
        frame = b"" if answer.content.at_eof() else await _record(answer)
        frame_after = perf_counter() - began
    manifest = json.loads(gzip.decompress(packed))
    return Opened(manifest, frame, manifest_after, frame_after)


async def _record(answer: aiohttp.ClientResponse) -> bytes:
    _, _, _, length = HEADER.unpack(await answer.content.readexactly(HEADER.size))
    return await answer.content.readexactly(length)


def frame_paths(study: str, manifest: dict[str, Any]) -> list[str]:
    """The address of every frame of the first series, in order of display."""
    return [
        f"/v/{study}/i/{slot.instance}/frames/{slot.frame}"
        for slot in series_of(json.dumps(manifest).encode())[0].slots
        if slot is not None
    ]
