"""Original data that their owner deletes: pictures and findings stay, the space is free at once."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, generate_uid

from portal import storing, studies
from portal.accounts.factors import stepping_up
from portal.core.db import now
from portal.core.errors import Busy, Gone, Unknown
from portal.storing.models import StoredObject
from portal.studies import packing, thinning
from portal.studies.models import Study
from tests.documents.test_documents import Erika, erika
from tests.people import World
from tests.studies.conftest import file_of
from tests.viewer.pdf.making import encapsulated, pdf

__all__ = ["erika"]

Slices = Callable[..., list[bytes]]


async def keeps(erika: Erika, files: list[bytes]) -> studies.OpenStudy:
    """The one study of these files, once it is prepared."""
    sent = await erika.sends([*files])
    study = await studies.open_own(erika.shelf, erika.actor, UUID(sent["studies"][0]))
    assert await studies.prepared(erika.shelf, study, 60.0)
    return await again(erika, study.id)


async def again(erika: Erika, study: UUID) -> studies.OpenStudy:
    return await studies.open_own(erika.shelf, erika.actor, study)


async def instances(study: studies.OpenStudy) -> list[dict[str, Any]]:
    return [each for one in (await study.manifest())["series"] for each in one["instances"]]


async def test_the_space_is_free_at_once_and_every_picture_stays(
    erika: Erika, slices: Slices
) -> None:
    files = slices(9, size=600, PixelSpacing=[0.5, 0.5])
    study = await keeps(erika, files)
    before = await erika.used()

    await studies.thin(erika.shelf, erika.actor, study.id)

    assert await erika.used() == sum((await storing.shares_of(erika.actor.id)).values())
    assert await erika.used() < before / 2
    small = await again(erika, study.id)
    found = await instances(small)
    assert len(found) == 9
    for each in found:
        assert (each["codec"], each["rows"], each["columns"]) == ("jpeg", 512, 512)
        assert each["meta"]["spacing"] == pytest.approx([0.5 * 600 / 512] * 2)
        picture = Image.open(io.BytesIO(await small.frame(UUID(each["id"]), 0)))
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (512, 512), "L")
    (listed,) = await studies.my_studies(erika.shelf, erika.actor)
    assert (listed.thinned, listed.images, listed.prepared) == (9, 9, True)
    page = await erika.sees("/documents")
    assert "9 images in preview quality; their original data were deleted on" in page


async def test_the_picture_is_the_one_that_was_seen(erika: Erika) -> None:
    """Grey as the file's window draws it, upright, as large as it was when it is small."""
    ramp = np.tile(np.arange(0, 2048, 32, dtype=np.uint16), (64, 1))
    file = pydicom.dcmread(io.BytesIO(_one(WindowCenter=1024, WindowWidth=2048, pixels=ramp)))
    stream = io.BytesIO()
    file.save_as(stream)
    study = await keeps(erika, [stream.getvalue()])

    await studies.thin(erika.shelf, erika.actor, study.id)

    small = await again(erika, study.id)
    (each,) = await instances(small)
    shown = np.asarray(Image.open(io.BytesIO(await small.frame(UUID(each["id"]), 0))), int)
    assert shown.shape == (64, 64)
    expected = np.linspace(0, 252, 64)
    assert np.abs(shown - expected).max() <= 6


def _one(*, pixels: np.ndarray[Any, Any], **tags: Any) -> bytes:
    uids = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    return file_of(uids | {"RescaleIntercept": 0} | tags, 1, pixels)


async def test_findings_stay_as_they_came(erika: Erika, slices: Slices) -> None:
    """Also one that lies in the same pack as the images."""
    images = slices(2)
    uid = pydicom.dcmread(io.BytesIO(images[0]))
    report = pdf(["Befund"])
    inside = encapsulated(
        report, StudyInstanceUID=uid.StudyInstanceUID, SeriesInstanceUID=uid.SeriesInstanceUID
    )
    study = await keeps(erika, [*images, inside])

    await studies.thin(erika.shelf, erika.actor, study.id)

    small = await again(erika, study.id)
    files = [file async for _, file in small.originals()]
    assert [b"".join([each async for each in file.stretches()]) for file in files] == [inside]
    gone = [file async for _, file in small.originals(gone=True) if file.is_gone]
    assert len(gone) == 2
    with pytest.raises(Gone):
        _ = [each async for each in gone[0].stretches()]


async def test_the_same_cd_brings_everything_back(erika: Erika, slices: Slices) -> None:
    files = slices(3)
    study = await keeps(erika, files)
    whole = [(each["id"], each["bytes"]) for each in await instances(study)]
    await studies.thin(erika.shelf, erika.actor, study.id)

    known = [studies.known_by(each) for each in files]
    assert await studies.already_there(erika.shelf, erika.actor, known) == []
    sent = await erika.sends(files)
    assert (sent["kept"], sent["duplicates"], sent["refused"]) == ([0, 1, 2], [], [])
    back = await again(erika, study.id)
    assert await studies.prepared(erika.shelf, back, 60.0)

    back = await again(erika, study.id)
    assert [(each["id"], each["bytes"]) for each in await instances(back)] == whole
    came = [
        b"".join([each async for each in file.stretches()]) async for _, file in back.originals()
    ]
    assert sorted(came) == sorted(files)
    (listed,) = await studies.my_studies(erika.shelf, erika.actor)
    assert listed.thinned == 0
    assert await erika.used() == sum((await storing.shares_of(erika.actor.id)).values())
    assert await studies.already_there(erika.shelf, erika.actor, known) == [0, 1, 2]


async def test_the_download_holds_the_pictures_and_says_so(erika: Erika, slices: Slices) -> None:
    study = await keeps(erika, slices(2))
    await studies.thin(erika.shelf, erika.actor, study.id)

    answer = await erika.person.browser.get(f"/download/archive?e={study.id.hex}&dicom=1")
    with zipfile.ZipFile(io.BytesIO(await answer.get_data(as_text=False))) as zipped:
        names = zipped.namelist()
        readme = zipped.read("README.txt").decode()
    assert sum(name.endswith(".jpg") for name in names) == 2
    assert not any(name.startswith("DICOM") for name in names)
    assert "The original data of 2 images were deleted" in readme
    (image, *_) = [each["id"] for each in await instances(await again(erika, study.id))]
    original = await erika.person.browser.get(f"/v/{study.id}/i/{UUID(image)}/original")
    assert original.status_code == 410
    picture = await erika.person.browser.get(f"/download/picture/{study.id}/{UUID(image)}/0")
    assert picture.status_code == 200
    page = await erika.sees(f"/download/size?e={study.id.hex}")
    assert "The original data were deleted" in page


async def test_programs_are_not_given_the_picture_for_the_image(
    erika: Erika, slices: Slices
) -> None:
    (file,) = slices(1)
    study, header = await keeps(erika, [file]), pydicom.dcmread(io.BytesIO(file))
    image = (
        f"/dicomweb/studies/{header.StudyInstanceUID}/series/{header.SeriesInstanceUID}"
        f"/instances/{header.SOPInstanceUID}"
    )
    wanted = {"Accept": 'multipart/related; type="application/octet-stream"'}
    frames = f"{image}/frames/1"
    assert (await erika.person.browser.get(frames, headers=wanted)).status_code == 200

    await studies.thin(erika.shelf, erika.actor, study.id)

    for path in (frames, image, f"{image}/metadata", f"{image}/rendered"):
        answer = await erika.person.browser.get(path, headers=wanted)
        assert answer.status_code == 404, path


async def test_of_what_never_had_a_picture_nothing_is_left_and_everybody_is_told(
    erika: Erika, slices: Slices
) -> None:
    """Its frames could not be made: there is nothing to draw."""
    (file,) = slices(1)
    broken = pydicom.dcmread(io.BytesIO(file))
    broken.file_meta.TransferSyntaxUID = JPEG2000Lossless
    broken.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(500)])
    broken["PixelData"].VR = "OB"
    stream = io.BytesIO()
    broken.save_as(stream)
    study = await keeps(erika, [stream.getvalue()])

    await studies.thin(erika.shelf, erika.actor, study.id)

    (each,) = await instances(await again(erika, study.id))
    assert (each["codec"], each["why"]) == ("none", "deleted")
    page = await erika.sees("/documents")
    assert "The original data were deleted on" in page
    assert "originals/delete" not in await erika.sees(f"/documents/{study.id}/delete")


async def test_either_all_of_it_happens_or_nothing(
    erika: Erika, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No picture can be made just now: everything is as it was."""
    study = await keeps(erika, slices(2))
    before, row = await erika.used(), await Study.get(id=study.id)

    async def busy(*_: object) -> bytes:
        raise Busy(retry_after=0)

    monkeypatch.setattr(studies.Original, "drawn", busy)
    with pytest.raises(Busy):
        await studies.thin(erika.shelf, erika.actor, study.id)

    assert await erika.used() == before
    assert (await Study.get(id=study.id)).generation == row.generation
    assert len([each async for each in (await again(erika, study.id)).originals()]) == 2


async def test_it_may_take_longer_than_what_is_new_is_given(
    erika: Erika, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty minutes go by over each picture, and each is written at once."""
    study = await keeps(erika, slices(4))
    drawn = studies.Original.drawn

    async def slowly(file: studies.Original, frame: int, how: dict[str, Any]) -> bytes:
        for row in await StoredObject.filter(gone_at__isnull=False):
            assert row.gone_at is not None
            older = row.gone_at - timedelta(minutes=50)
            await StoredObject.filter(id=row.id).update(gone_at=older)
        return await drawn(file, frame, how)

    monkeypatch.setattr(studies.Original, "drawn", slowly)
    monkeypatch.setattr(packing, "PACK", 100)
    monkeypatch.setattr(thinning, "AGAIN", 0.0)

    await studies.thin(erika.shelf, erika.actor, study.id)

    (listed,) = await studies.my_studies(erika.shelf, erika.actor)
    assert listed.thinned == 4


async def test_a_long_film_is_written_while_it_is_drawn_and_whole_or_not_at_all(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pictures do not wait in memory for the last; when one fails, nothing of them stays."""
    frames = np.arange(6 * 64 * 64, dtype=np.uint16).reshape(6, 64, 64)
    film = pydicom.dcmread(io.BytesIO(_one(pixels=frames[0])))
    film.NumberOfFrames, film.PixelData = len(frames), frames.tobytes()
    stream = io.BytesIO()
    film.save_as(stream)
    study = await keeps(erika, [stream.getvalue()])
    monkeypatch.setattr(packing, "PACK", 2000)
    drawn, lying = studies.Original.drawn, list[int]()

    async def until_the_last(file: studies.Original, frame: int, how: dict[str, Any]) -> bytes:
        lying.append(await StoredObject.filter(gone_at__gt=now(), holding=study.id).count())
        if frame == 5:
            raise Unknown
        return await drawn(file, frame, how)

    before = await StoredObject.filter(holding=study.id, gone_at__gt=now()).count()
    monkeypatch.setattr(studies.Original, "drawn", until_the_last)
    await studies.thin(erika.shelf, erika.actor, study.id)

    assert lying[0] == before
    assert lying[-1] > before
    (each,) = await instances(await again(erika, study.id))
    assert (each["codec"], each["why"]) == ("none", "deleted")
    named = await storing.objects_of(study.id)
    new = await StoredObject.filter(holding=study.id, gone_at__gt=now()).count()
    assert (new, len(named) > 0) == (0, True), "what was drawn in vain is taken back"


async def test_only_its_owner_and_only_after_a_second_look(
    world: World, erika: Erika, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = await keeps(erika, slices(1))
    other = await world.patient("Somebody Else")
    path = f"/documents/{study.id}/originals/delete"
    assert (await other.browser.get(path)).status_code == 404
    assert (await other.browser.post(path)).status_code == 404

    page = await erika.sees(path)
    assert "cannot be used for a diagnosis" in page
    with monkeypatch.context() as hours_later:
        later = now() + 2 * stepping_up.LASTS
        hours_later.setattr(stepping_up, "now", lambda: later)
        assert (await erika.person.browser.post(path)).status_code == 403
    (listed,) = await studies.my_studies(erika.shelf, erika.actor)
    assert listed.thinned == 0
    assert (await erika.person.browser.post(path)).status_code == 303
    (listed,) = await studies.my_studies(erika.shelf, erika.actor)
    assert listed.thinned == 1
    # Nothing is left to delete: the page says so, and the offer is gone.
    assert "originals/delete" not in await erika.sees(f"/documents/{study.id}/delete")
    assert (await erika.person.browser.get(path)).status_code == 303


async def test_whoever_has_it_in_a_case_is_counted_before(world: World, slices: Slices) -> None:
    ada = await world.physician("Ada")
    shelf = world.app.extensions["hds"]["shelf"]
    mine = Erika(ada, shelf, world.settings.object_folder)
    study = await keeps(mine, slices(1))
    board = await ada.founds("Board")
    await ada.opens("Is this a fracture?", in_=board, about=[study.id])

    page = await mine.sees(f"/documents/{study.id}/originals/delete")
    assert "1 case shows this examination" in page
