"""What is remembered of a series' metadata: the same as before, sealed, and never out of date."""

import json
import secrets
import zlib
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydicom import Dataset

from portal import studies, vault
from portal.core.actor import Secret
from portal.dicomweb import sheets as kept
from portal.dicomweb.sheets import Name, Packing, Sheets
from tests.dicomweb.conftest import Keeps, Made, uid
from tests.people import Person, World
from viewer.dicom import Pool, Reason, Refused

JSON = {"Accept": "application/dicom+json"}


@pytest.fixture
async def ada(world: World) -> Person:
    return await world.physician("Dr. Ada Lindqvist")


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One for each data set that a child read."""
    found: list[int] = []
    real = Pool.describe

    async def noted(self: Pool, *given: Any) -> Any:
        found.append(1)
        return await real(self, *given)

    monkeypatch.setattr(Pool, "describe", noted)
    return found


async def metadata(person: Person, image: Dataset, *, whole: bool = False) -> bytes:
    series = "" if whole else f"/series/{image.SeriesInstanceUID}"
    address = f"/dicomweb/studies/{image.StudyInstanceUID}{series}/metadata"
    answer = await person.browser.get(address, headers=JSON)
    assert answer.status_code == 200
    found: bytes = await answer.get_data(as_text=False)
    return found


def named(found: bytes) -> list[str]:
    return [each["00080018"]["Value"][0] for each in json.loads(found)]


async def test_a_second_look_says_the_same_and_reads_no_image(
    ada: Person, keeps: Keeps, made: Made, described: list[int], world: World
) -> None:
    images = made(6)
    await keeps(ada, images, frames=True)
    first = await metadata(ada, images[0])
    whole = await metadata(ada, images[0], whole=True)
    assert len(described) == 12
    described.clear()

    assert await metadata(ada, images[0]) == first
    assert await metadata(ada, images[0], whole=True) == whole
    assert described == []
    ben = await world.physician("Dr. Ben Ahrens")
    with pytest.raises(AssertionError):
        await metadata(ben, images[0])


async def test_what_comes_and_what_goes_is_seen_at_once(
    ada: Person, keeps: Keeps, made: Made, world: World
) -> None:
    images, later = made(3), made(1)[0]
    later.StudyInstanceUID, later.SeriesInstanceUID = (
        images[0].StudyInstanceUID, images[0].SeriesInstanceUID,
    )  # fmt: skip
    later.InstanceNumber, later.SOPInstanceUID = 9, uid()
    await keeps(ada, images, frames=True)
    await metadata(ada, images[0])

    await keeps(ada, [later], frames=True)
    assert named(await metadata(ada, images[0])) == [
        each.SOPInstanceUID for each in [*images, later]
    ]

    shelf = world.app.extensions["hds"]["shelf"]
    (study,) = await studies.my_studies(shelf, ada.actor)
    await studies.thin(shelf, ada.actor, study.id)
    with pytest.raises(AssertionError):
        await metadata(ada, images[0])


async def test_what_could_not_be_read_is_tried_again(
    ada: Person, keeps: Keeps, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = made(2)
    await keeps(ada, images, frames=True)

    async def refused(self: Pool, *given: Any) -> Refused:
        return Refused(Reason.MEMORY)

    with monkeypatch.context() as for_now:
        for_now.setattr(Pool, "describe", refused)
        poor = await metadata(ada, images[0])
    assert named(poor) == [each.SOPInstanceUID for each in images]
    assert b"7FE00010" not in poor

    assert b"7FE00010" in await metadata(ada, images[0])


def name(study: UUID, key: Secret, series: str, edition: int = 1) -> Name:
    class Opened:
        id: UUID
        key: Secret
        edition: int

    opened: Any = Opened()
    opened.id, opened.key, opened.edition = study, key, edition
    found = Name.of(opened, series)
    assert found is not None
    return found


@pytest.mark.one_engine
def test_it_is_sealed_bounded_and_of_one_edition() -> None:
    sheets, study, key = Sheets(), uuid4(), vault.new_secret()
    words = b"Beispiel^Erika" * 8
    one, two, three = (name(study, key, series) for series in ("2.25.1", "2.25.2", "2.25.3"))
    sheets.put(one, words)
    sheets.put(two, words)
    assert sheets.get(one) == words
    assert b"Erika" not in repr(sheets._boxes).encode()
    assert "2.25.1" not in repr(sheets._boxes)
    assert sheets.get(name(study, key, "2.25.1", edition=2)) is None
    assert sheets.get(name(study, vault.new_secret(), "2.25.1")) is None

    sheets._most = sheets._size
    sheets.put(three, words)

    assert [sheets.get(each) is not None for each in (one, two, three)] == [True, False, True]
    sheets.put(name(study, key, "2.25.3", edition=2), b"new")
    assert sheets._size == sum(len(box) for _, box in sheets._boxes.values())
    assert sheets.get(three) is None


def test_a_description_that_is_too_large_to_be_remembered_is_not_held_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "LARGEST", 1000)
    small, large = Packing(), Packing()
    small.add(b"CT" * 300)
    for _ in range(100):
        large.add(secrets.token_bytes(64 * 1024))
        assert len(large._packed) <= 1000

    packed = small.done()
    assert packed is not None
    assert zlib.decompress(packed) == b"CT" * 300
    assert large.done() is None
