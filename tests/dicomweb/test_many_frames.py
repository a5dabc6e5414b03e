"""Frame after frame of a series: what is opened for the first serves the others."""

import io
from collections.abc import Sequence
from uuid import uuid4

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames

from portal import storing, studies
from portal.storing import Place
from portal.studies.layouts import Layout
from portal.studies.manifests import InstanceEntry
from portal.studies.originals import PIECES_NOTED
from portal.studies.shelf import AT_LEAST, SLOTS
from tests.dicomweb.conftest import Keeps, Made, uid
from tests.people import Person, World
from tests.viewer.dicom.making import sample
from viewer.dicom import Pool

HTJ2K = 'multipart/related; type="image/jphc"; transfer-syntax=1.2.840.10008.1.2.4.202'
PLAIN = "application/octet-stream"
ENTRY: InstanceEntry = {"header": {}, "sha256": "", "size": 0, "at": []}


@pytest.fixture
async def ada(world: World) -> Person:
    return await world.physician("Dr. Ada Lindqvist")


class Reads:
    """What is read of stored objects, and what children are asked to describe."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.whole: list[str] = []
        self.bytes = 0
        self.described = 0
        read, ranges, describe = storing.Boxes.read, storing.Boxes.ranges, Pool.describe

        async def whole(boxes: storing.Boxes, *what: object) -> bytes:
            self.whole.append(str(what[2]))
            return await read(boxes, *what)  # type: ignore[arg-type]

        async def some(boxes: storing.Boxes, *what: object) -> list[bytes]:
            places = what[3]
            assert isinstance(places, Sequence)
            self.bytes += sum(each.length for each in places if isinstance(each, Place))
            return await ranges(boxes, *what)  # type: ignore[arg-type]

        async def described(pool: Pool, *what: object) -> object:
            self.described += 1
            return await describe(pool, *what)  # type: ignore[arg-type]

        monkeypatch.setattr(storing.Boxes, "read", whole)
        monkeypatch.setattr(storing.Boxes, "ranges", some)
        monkeypatch.setattr(Pool, "describe", described)

    def forget(self) -> None:
        self.whole, self.bytes, self.described = [], 0, 0


async def frame(person: Person, image: Dataset, accept: str, number: int = 1) -> bytes:
    study, series = image.StudyInstanceUID, image.SeriesInstanceUID
    answer = await person.browser.get(
        f"/dicomweb/studies/{study}/series/{series}/instances/{image.SOPInstanceUID}"
        f"/frames/{number}",
        headers={"Accept": accept},
    )
    assert answer.status_code == 200
    data: bytes = await answer.get_data(as_text=False)
    return data


async def test_one_look_at_the_description_serves_all_frames_of_a_series(
    ada: Person, keeps: Keeps, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = made(5)
    await keeps(ada, images, frames=True)
    reads = Reads(monkeypatch)

    for each in images:
        assert await frame(ada, each, PLAIN) == each.PixelData
        assert await frame(ada, each, HTJ2K)

    assert reads.whole == ["manifest"]

    # Who may not see it finds nothing, whatever others have opened; so does who names it wrongly.
    images[0].SeriesInstanceUID = uid()
    with pytest.raises(AssertionError):
        await frame(ada, images[0], PLAIN)


async def test_a_frame_of_a_file_that_lies_as_it_came_is_read_where_it_lies(
    ada: Person, keeps: Keeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = dcmread(io.BytesIO(sample("MR_small_RLE.dcm")))
    await keeps(ada, [image], frames=True)
    reads = Reads(monkeypatch)
    rle = 'multipart/related; type="image/dicom-rle"; transfer-syntax=1.2.840.10008.1.2.5'
    first = await frame(ada, image, rle)
    assert reads.described == 1
    reads.forget()

    again = await frame(ada, image, rle)

    assert len(again) == len(first)  # the boundary between the parts is another
    assert (reads.whole, reads.described) == ([], 0)
    assert 0 < reads.bytes < len(first)


async def test_a_file_in_very_many_pieces_is_not_remembered_piece_by_piece(
    ada: Person, keeps: Keeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame may lie in millions of them: it is read each time as well as any other."""
    image = dcmread(io.BytesIO(sample("MR_small_RLE.dcm")))
    (once,) = generate_frames(image.PixelData, number_of_frames=1)
    image.PixelData = encapsulate([once], fragments_per_frame=PIECES_NOTED + 1, has_bot=False)
    await keeps(ada, [image], frames=True)
    reads = Reads(monkeypatch)
    rle = 'multipart/related; type="image/dicom-rle"; transfer-syntax=1.2.840.10008.1.2.5'

    for times in (1, 2):
        assert once.rstrip(b"\0") in await frame(ada, image, rle)
        assert reads.described == times


async def test_what_is_remembered_between_two_frames_says_nothing_of_a_person(
    ada: Person, keeps: Keeps, made: Made, world: World
) -> None:
    (image,) = made(1, PatientName="Beispiel^Erika", WindowCenterWidthExplanation="Erika")
    await keeps(ada, [image], frames=True)
    await frame(ada, image, PLAIN)

    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    (study,) = await studies.my_studies(shelf, ada.actor)
    opened = await studies.open_own(shelf, ada.actor, study.id)
    known = shelf.maps.get((study.id, opened._row.generation))
    assert known is not None
    remembered = repr((known.entries, known.names, known.noted))

    assert image.SOPInstanceUID not in remembered
    for secret in (
        "Beispiel", "Erika", "CT head", "A-17", "20260312", str(image.PatientID),
        image.StudyInstanceUID, image.SeriesInstanceUID,
    ):  # fmt: skip
        assert secret not in remembered, secret


def test_what_is_remembered_of_many_and_of_large_studies_is_bounded(world: World) -> None:
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    empty, large = Layout({}, {}, {}), Layout(dict.fromkeys(map(str, range(SLOTS)), ENTRY), {}, {})
    names = [(uuid4(), 1) for _ in range(SLOTS // AT_LEAST + 1)]
    for each in names:
        shelf.maps.put(each, empty)
    assert [each in shelf.maps for each in names] == [False] + [True] * (len(names) - 1)
    assert shelf.maps.get((names[-1][0], 2)) is None, "another generation is another map"

    shelf.maps.put((uuid4(), 1), large)

    assert not any(each in shelf.maps for each in names)
    assert shelf.maps.weight == SLOTS


async def test_an_image_that_comes_later_is_found_beside_those_already_read(
    ada: Person, keeps: Keeps, made: Made
) -> None:
    first, second = made(2)
    await keeps(ada, [first], frames=True)
    await frame(ada, first, PLAIN)

    await keeps(ada, [second], frames=True)

    assert await frame(ada, second, PLAIN) == second.PixelData
    assert np.frombuffer(await frame(ada, first, PLAIN), np.uint16).size == 32 * 48
