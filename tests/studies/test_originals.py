"""Originals are given back in stretches: bit for bit, never all of a large one in memory."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from portal import studies, vault
from portal.storing import Boxes, Place
from portal.studies import originals
from portal.studies.originals import Original
from tests.documents.test_documents import Erika, erika
from tests.studies.test_uploading import Slices
from tests.viewer.dicom import making
from tests.viewer.dicom.making import parsed
from tests.viewer.pdf.making import encapsulated, pdf
from viewer.dicom import Pool

pytestmark = pytest.mark.every_store

__all__ = ["erika"]

LONG = encapsulated(pdf(content=b"% a finding of many words\n" * 2000))
"""Kept as it is, as it has no frames."""


async def file_of(erika_: Erika, study: UUID, kind: str = "") -> tuple[UUID, Original]:
    opened = await studies.open_own(erika_.shelf, erika_.actor, study)
    listed = [
        each for series in (await opened.manifest())["series"] for each in series["instances"]
    ]
    instance = next(UUID(each["id"]) for each in listed if kind in {"", each["kind"]})
    return instance, await opened.original_file(instance)


async def read(file: Original, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([piece async for piece in file.stretches(start, stop)])


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of every range that is read from the store."""
    seen, ranges = list[int](), Boxes.ranges

    async def noted(self: Boxes, *args: object) -> list[bytes]:
        places: Sequence[Place] = args[-1]  # type: ignore[assignment]
        seen.append(sum(place.length for place in places))
        return await ranges(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Boxes, "ranges", noted)
    return seen


@pytest.mark.parametrize("way", ["stored", "rebuilt", "by frames"])
async def test_every_range_of_an_original_is_the_slice_of_the_whole(
    erika: Erika, slices: Slices, monkeypatch: pytest.MonkeyPatch, way: str, reads: list[int]
) -> None:
    """As it lies in the pack, and rebuilt: as a small file, and as a large one frame by frame."""
    monkeypatch.setattr(originals, "STRETCH", 4096)
    monkeypatch.setattr(originals, "REBUILT_AT_ONCE", 0 if way == "by frames" else 1 << 24)
    image = LONG if way == "stored" else slices(1, size=128)[0]
    study = UUID((await erika.sends([image]))["studies"][0])
    opened = await studies.open_own(erika.shelf, erika.actor, study)
    assert await studies.prepared(erika.shelf, opened, 60.0)
    _, file = await file_of(erika, study)
    assert bool(file.entry["at"]) is (way == "stored")
    reads.clear()

    assert await read(file) == image
    for start, stop in [(0, 1), (0, 4096), (4095, 4097), (1, len(image)), (len(image) - 1, None)]:
        assert await read(file, start, stop) == image[start:stop]
    assert await read(file, 5, 5) == b""
    if way == "stored":
        assert max(reads) <= 4096


async def test_the_end_of_a_large_file_is_read_without_what_lies_in_front(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames cost decoding: whoever asks for one byte pays for one frame."""
    monkeypatch.setattr(originals, "REBUILT_AT_ONCE", 0)
    pixels = np.random.default_rng(5).integers(0, 4000, (6, 32, 32), dtype=np.uint16)
    image = making.image(pixels)
    study = UUID((await erika.sends([image]))["studies"][0])
    opened = await studies.open_own(erika.shelf, erika.actor, study)
    assert await studies.prepared(erika.shelf, opened, 60.0)
    _, file = await file_of(erika, study)
    assert not file.entry["at"]
    decoded, stored = list[int](), Pool.stored

    async def noted(self: Pool, layout: dict[str, Any], frame: bytes) -> bytes | None:
        decoded.append(len(frame))
        return await stored(self, layout, frame)

    monkeypatch.setattr(Pool, "stored", noted)
    assert await read(file) == image
    assert len(decoded) == 6
    begin = image.index(pixels.tobytes())

    for start, stop, frames in [
        (begin + 4 * 2048, begin + 4 * 2048 + 1, 1),
        (begin + 4 * 2048 - 1, begin + 4 * 2048 + 1, 2),
        (begin + 6 * 2048 - 1, None, 1),
        (0, 1, 0),
    ]:
        decoded.clear()
        assert await read(file, start, stop) == image[start:stop]
        assert len(decoded) == frames


async def test_a_file_that_is_not_what_was_kept_never_ends(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The boxes are whole and the place is wrong: the last stretch does not leave."""
    monkeypatch.setattr(originals, "STRETCH", 4096)
    study = UUID((await erika.sends([LONG]))["studies"][0])
    _, file = await file_of(erika, study)
    wrong = Original({**file.entry, "sha256": "0" * 64}, file._read, file._pool)

    got = bytearray()
    with pytest.raises(vault.Tampered):
        async for piece in wrong.stretches():
            got += piece

    assert 0 < len(got) < len(LONG)
    assert LONG.startswith(got)


async def test_an_original_is_downloaded_whole_or_by_range(
    erika: Erika, monkeypatch: pytest.MonkeyPatch, reads: list[int]
) -> None:
    monkeypatch.setattr(originals, "STRETCH", 4096)
    image = LONG
    study = UUID((await erika.sends([image]))["studies"][0])
    instance, _ = await file_of(erika, study)
    address, browser = f"/v/{study}/i/{instance}/original", erika.person.browser
    opened = await studies.open_own(erika.shelf, erika.actor, study)
    assert await studies.prepared(erika.shelf, opened, 60.0)
    reads.clear()

    whole = await browser.get(address)
    assert (whole.status_code, await whole.get_data()) == (200, image)
    assert whole.headers["Content-Length"] == str(len(image))
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = await browser.get(address, headers={"Range": "bytes=100-9999"})
    assert (part.status_code, await part.get_data()) == (206, image[100:10_000])
    assert part.headers["Content-Range"] == f"bytes 100-9999/{len(image)}"
    last = await browser.get(address, headers={"Range": "bytes=-7"})
    assert await last.get_data() == image[-7:]
    beyond = await browser.get(address, headers={"Range": f"bytes={len(image)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(image)}"
    changed = await browser.get(address, headers={"Range": "bytes=1-2", "If-Range": '"x"'})
    assert (changed.status_code, await changed.get_data()) == (200, image)
    assert max(reads) <= 4096


@pytest.mark.parametrize("kept", [b"", b"no skeleton at all", b"{"])
async def test_a_plan_that_is_none_is_damage_of_ours(kept: bytes) -> None:
    """Whoever asks sent nothing wrong."""

    async def gives(_role: str, _places: Sequence[Place]) -> list[bytes]:
        return [kept]

    with pytest.raises(vault.Tampered):
        await originals._Skeleton([[str(UUID(int=1)), 0, 100]], gives).plan()


async def test_a_finding_inside_an_object_is_given_back_from_where_it_lies(
    erika: Erika, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    (image,) = slices(1, size=64)
    finding = pdf(["Kein Befund"])
    inside = encapsulated(finding, StudyInstanceUID=parsed(image).StudyInstanceUID)
    study = UUID((await erika.sends([image, inside]))["studies"][0])
    instance, file = await file_of(erika, study, "document")
    address, browser = f"/v/{study}/i/{instance}/document/original", erika.person.browser
    sent, stretches = list[tuple[int, int | None]](), Original.stretches

    def noted(self: Original, start: int = 0, stop: int | None = None) -> object:
        sent.append((start, stop))
        return stretches(self, start, stop)

    monkeypatch.setattr(Original, "stretches", noted)
    whole = await browser.get(address)

    assert (whole.status_code, await whole.get_data()) == (200, finding)
    start = inside.index(finding)
    assert sent[-1] == (start, start + len(finding)), "what is sent is read from the object"
    part = await browser.get(address, headers={"Range": "bytes=5-20"})
    assert (part.status_code, await part.get_data()) == (206, finding[5:21])
    assert file.size == len(inside)
