"""S28: a large upload over a line that is cut fifty times costs one part for each cut at most."""

import asyncio
import os
from collections.abc import Mapping
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portal.carrying import files
from portal.carrying.line import Line
from portal.carrying.uploading import upload
from portal.studies import parts
from tests.carrying.cutting import Cutter
from tests.carrying.test_carrying import hung_up, lined, quiet, token_of
from tests.people import World
from tests.studies.reading import originals_of
from tests.viewer.dicom.making import dataset, written

__all__ = ["hung_up"]

CUTS = 50
LONG = os.environ.get("FUZZ") == "long"


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> int:
    """Bytes of a part; with every run a sixty-fourth of what it really is, and so everything."""
    smaller = {"PIECE": parts.PIECE // 64, "PART": parts.PART // 64}
    for name, value in () if LONG else smaller.items():
        monkeypatch.setattr(parts, name, value)
        monkeypatch.setattr(files, name, value)
    return parts.PART


@pytest.fixture
def disc(tmp_path: Path, part: int) -> Path:
    """A large image that travels in pieces, and many that travel together: seventy parts."""
    disc, noise = tmp_path / "disc", np.random.default_rng(28)
    disc.mkdir()
    sizes = [part * 24, *[part // 5] * 180]
    for number, size in enumerate(sizes):
        pixels = noise.integers(0, 255, (size // 4096, 4096), np.uint8)
        data = written(dataset(pixels, SOPInstanceUID=f"2.25.28{number}"))
        (disc / f"IM{number}").write_bytes(data)
    return disc


@pytest.mark.one_engine
async def test_fifty_cuts_cost_a_part_each_at_most(
    world: World, server: str, disc: Path, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika, tried, asked = await world.patient("Erika"), list[str](), Line._asked
    sent = {path.read_bytes() for path in disc.iterdir()}

    def noted(
        self: Line, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> HTTPResponse:
        if method == "PUT":
            tried.append(path)
        return asked(self, method, path, body, headers)

    monkeypatch.setattr(Line, "_asked", noted)
    cutter = Cutter(int(server.rsplit(":", 1)[1]), CUTS, most=2 * part)
    async with cutter.listening() as port:
        line = lined(f"http://127.0.0.1:{port}", await token_of(erika), sleep=_at_once)
        outcome = await asyncio.to_thread(upload, line, [disc], quiet())
        line.close()

    assert outcome.left == []
    assert cutter.made == CUTS
    assert len(tried) - len(set(tried)) <= CUTS
    whole = sum(len(each) for each in sent)
    assert cutter.sent <= whole + (CUTS + 1) * (part + 2**16) + len(tried) * 2**10
    shelf = world.app.extensions["hds"]["shelf"]
    assert await originals_of(shelf, erika.actor) == sent


@pytest.mark.one_engine
async def test_a_part_that_arrives_damaged_is_sent_again(
    world: World, server: str, disc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever changed it on the way: its digests tell, and nothing of it is kept."""
    erika, spoiled, asked = await world.patient("Erika"), list[bytes](), Line._asked

    def spoil(
        self: Line, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> HTTPResponse:
        if method == "PUT" and not spoiled and body:
            spoiled.append(body)
            body = body[:-1] + bytes([body[-1] ^ 1])
        return asked(self, method, path, body, headers)

    monkeypatch.setattr(Line, "_asked", spoil)
    line = lined(server, await token_of(erika), sleep=_at_once)
    outcome = await asyncio.to_thread(upload, line, [disc], quiet())

    assert outcome.left == []
    assert len(spoiled) == 1
    assert await originals_of(world.app.extensions["hds"]["shelf"], erika.actor) == {
        path.read_bytes() for path in disc.iterdir()
    }


def _at_once(_seconds: float) -> Any:
    """Nobody waits in a test."""
