"""T34: what one uploads and shares into a case comes back to another member, bit for bit."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
import pydicom
import pytest
from quart import Quart

from cases.forms import MOST_STUDIES
from portal import documents, studies
from portal.studies import parts
from tests.people import Browser, Person, World
from tests.viewer.dicom.making import dataset, written
from tests.viewer.pdf.making import encapsulated, pdf

pytestmark = pytest.mark.one_engine

JSON: Final = {"Accept": "application/json"}
SAMPLES: Final = Path(pydicom.data.__file__).parent / "test_files"
KINDS: Final = (np.uint8, np.uint16)
AT_ONCE: Final = 6 * 1024 * 1024
"""Bytes of files in one part; a larger file goes in pieces."""


@dataclass
class Sent:
    """What became of the files, by their numbers."""

    kept: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    """Duplicates, and what was refused with its reason."""
    studies: list[str] = field(default_factory=list)


def _parts(files: Sequence[bytes]) -> Iterator[bytes]:
    batch: list[tuple[int, bytes]] = []
    for number, data in enumerate(files):
        if len(data) > parts.PIECE:
            yield from parts.build_pieces(number, data)
            continue
        if sum(len(each) for _, each in batch) + len(data) > AT_ONCE:
            yield parts.build(batch)
            batch = []
        batch.append((number, data))
    yield parts.build(batch)


async def _uploads(browser: Browser, files: Sequence[bytes]) -> Sent:
    """Sends them part by part, as the upload page does."""
    begun = await browser.post("/uploads", json={"client": str(uuid4())}, headers=JSON)
    upload, sent = (await begun.get_json())["id"], Sent()
    for number, body in enumerate(_parts(files)):
        answer = await browser.put(f"/uploads/{upload}/parts/{number}", data=body, headers=JSON)
        said: dict[str, Any] = await answer.get_json()
        assert answer.status_code == 200, said
        sent.kept += said["kept"]
        sent.others += [*said["duplicates"], *(file for file, _ in said["refused"])]
        sent.studies += said["studies"]
    finished = await browser.post(f"/uploads/{upload}/finish", json={}, headers=JSON)
    assert finished.status_code == 200
    sent.studies = list(dict.fromkeys(sent.studies))
    return sent


async def _comes_back(app: Quart, world: World, files: Sequence[bytes]) -> Counter[str]:
    """Ada uploads the files and opens cases about all of them; Ben downloads every original."""
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    sent = await _uploads(ada.browser, files)
    assert sorted(sent.kept + sent.others) == list(range(len(files))), "a file without an answer"
    for start in range(0, len(sent.studies), MOST_STUDIES):
        shared = [UUID(each) for each in sent.studies[start : start + MOST_STUDIES]]
        await ada.opens("All of it", in_=board, about=shared)

    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    came = [each for study in sent.studies async for each in _downloads(shelf, ada, ben, study)]
    # What is no examination stands by itself and is shared with nobody: its owner downloads it.
    alone = [f"/d/{document.id}/original" for document in await documents.mine(ada.actor)]
    came += [await _downloaded(ada, path) for path in alone]
    assert Counter(came) == Counter(digest(files[number]) for number in sent.kept)
    return Counter(came)


async def _downloads(
    shelf: studies.Shelf, owner: Person, member: Person, study: str
) -> AsyncIterator[str]:
    """SHA-256 of every original of a study once its frames are made, as the member gets it."""
    assert await shelf.preparing.done(UUID(study), 300.0)
    opened = await studies.open_own(shelf, owner.actor, UUID(study))
    for series in (await opened.manifest())["series"]:
        for each in series["instances"]:
            assert each["why"] != "preparing"
            yield await _downloaded(member, f"/v/{study}/i/{UUID(each['id'])}/original")


async def _downloaded(person: Person, path: str) -> str:
    answer = await person.browser.get(path)
    assert answer.status_code == 200, path
    return digest(await answer.get_data(as_text=False))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _own() -> list[bytes]:
    """Images of every depth, one too large for a part, a report in DICOM and one by itself."""
    noise = np.random.default_rng(34)
    uids = {name: f"2.25.{uuid4().int}" for name in ("StudyInstanceUID", "SeriesInstanceUID")}
    shapes = ((64, 64), (17, 31), (1600, 1600))
    pixels = [noise.integers(0, 250, shape).astype(kind) for shape in shapes for kind in KINDS]
    images = [
        written(dataset(each, SOPInstanceUID=f"2.25.{uuid4().int}", **uids)) for each in pixels
    ]
    report = pdf(["Finding of March"])
    return [*images, encapsulated(pdf(["Finding"]), **uids), report, report, b"no image at all"]


async def test_everything_of_our_own_comes_back_from_a_case(world: World, app: Quart) -> None:
    """Also every sample of pydicom; no data beside the project is needed."""
    samples = [path.read_bytes() for path in sorted(SAMPLES.glob("*.dcm"))]
    own = _own()

    came = await _comes_back(app, world, [*own, *samples])

    assert sum(came.values()) > 40
    assert {digest(each) for each in own[:-1]} <= set(came), "one of ours was not kept"


async def test_everything_real_comes_back_from_a_case(
    world: World, app: Quart, shared: Path
) -> None:
    """Every file beside the project: what was kept comes back, all of it, from other hands."""
    files = [path.read_bytes() for path in sorted(shared.rglob("*")) if path.is_file()]

    came = await _comes_back(app, world, files)

    assert sum(came.values()) > 500
