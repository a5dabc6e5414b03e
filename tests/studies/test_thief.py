"""A thief of the database and the object folder reads nothing of anybody's images."""

import io
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import numpy as np
import pydicom
import pytest

from portal import studies, vault
from portal.core.actor import Actor, Secret
from portal.core.settings import Settings
from portal.studies import manifests, parts
from portal.studies.models import Study
from tests.thief import look

Slices = Callable[..., list[bytes]]
Person = Callable[..., Awaitable[Actor]]

NAME = "Kanarienvogel^Wilhelmine"
CANARIES = {
    "PatientName": NAME,
    "PatientID": "PID-KANARIE-4711",
    "StudyDescription": "Kanarienschädel nativ",
    "SeriesDescription": "Kanarienserie axial",
}


@pytest.mark.one_engine
async def test_nothing_readable_lies_on_disk(
    shelf: studies.Shelf, erika: Actor, slices: Slices, settings: Settings
) -> None:
    """T27, for uploads: names, UIDs, pixels, keys; boxes of half an upload included."""
    files = slices(3, size=128, **CANARIES)
    upload = (await studies.begin_upload(shelf, erika, uuid4())).id
    body = parts.build(list(enumerate(files)))
    receipt = await studies.receive_part(shelf, erika, upload, 1, body)
    (large,) = slices(1, size=1600, **CANARIES)
    await studies.receive_part(shelf, erika, upload, 2, parts.build_pieces(9, large)[0])
    assert await shelf.preparing.done(receipt.studies[0], 30.0)
    uids = [str(getattr(_read(files[0]), each)) for each in ("StudyInstanceUID", "SOPInstanceUID")]
    pixels = _read(files[0]).PixelData[4096:4352]
    keys = [erika.root.reveal(), (await studies.own_key(erika, receipt.studies[0])).reveal()]
    canaries = [*CANARIES.values(), "Wilhelmine", "19560401", *uids, pixels, *keys]

    assert look([settings.object_folder], canaries) == []
    database = settings.data / "portal.db"
    assert database.stat().st_size > 0
    assert look([database, *settings.data.glob("portal.db-*")], canaries) == []


def _read(data: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(data))


async def test_equal_images_make_unequal_objects(
    shelf: studies.Shelf, erika: Actor, person: Person, slices: Slices
) -> None:
    otto, files = await person(), slices(2)
    for actor in (erika, otto):
        await studies.keep_files(shelf, actor, files)
        await studies.merge_all(shelf, actor)

    bodies = []
    for row in await Study.all():
        for object_id in (row.manifest, row.view):
            assert object_id is not None
            bodies.append(await shelf.store.get(object_id))

    assert len({body[:64] for body in bodies}) == len(bodies) == 4


async def test_objects_cannot_stand_in_for_each_other(
    shelf: studies.Shelf, erika: Actor, slices: Slices, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = await studies.keep_files(shelf, erika, [*slices(2), *slices(3, seed=7)])
    await studies.merge_all(shelf, erika)
    for study_id in outcome.studies:
        assert await shelf.preparing.done(study_id, 30.0)
    one, other = await Study.filter(owner=erika.id)
    assert outcome.studies == {one.id, other.id}
    listed = await studies.my_studies(shelf, erika)

    await Study.filter(id=one.id).update(view=other.view, summary=other.summary)

    study = await studies.open_own(shelf, erika, one.id)
    with pytest.raises(vault.Tampered):
        await study.manifest()
    # What is listed is read anew from what nobody exchanged.
    assert await studies.my_studies(shelf, erika) == listed
    assert f"study does not open: row {one.id}" in caplog.text


async def test_a_segment_of_another_study_is_noticed(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    for seed in (1, 2):
        (study_id,) = (await studies.keep_files(shelf, erika, slices(1, seed=seed))).studies
        assert await shelf.preparing.done(study_id, 30.0)
    one, other = await Study.filter(owner=erika.id)
    key = await studies.own_key(erika, one.id)
    segment = manifests.segment(one.id, key, {"instances": {}, "views": {}})
    segment.study = other.id
    await segment.save(force_create=True)

    study = await studies.open_own(shelf, erika, other.id)
    with pytest.raises(vault.Tampered):
        await study.manifest()


async def test_another_key_opens_nothing(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    (study_id,) = (await studies.keep_files(shelf, erika, slices(1))).studies
    assert await shelf.preparing.done(study_id, 30.0)
    wrong: Secret = vault.new_secret()

    study = await studies.open_with(shelf, study_id, wrong)

    with pytest.raises(vault.Tampered):
        await study.manifest()
    with pytest.raises(vault.Tampered):
        await study.frame(UUID(int=1), 0)


@pytest.mark.one_engine
async def test_pixels_of_a_series_do_not_show_through_their_packs(
    shelf: studies.Shelf, erika: Actor, slices: Slices, settings: Settings
) -> None:
    """A thousand equal pixels must not become equal bytes on disk."""
    (flat,) = slices(1, size=256)
    image = _read(flat)
    image.PixelData = np.full((256, 256), 1234, np.uint16).tobytes()
    out = io.BytesIO()
    image.save_as(out)
    await studies.keep_files(shelf, erika, [out.getvalue()])

    packs = [path for path in settings.object_folder.rglob("*") if path.is_file()]
    assert packs
    for pack in packs:
        data = pack.read_bytes()
        blocks = [data[at : at + 16] for at in range(0, len(data) - 16, 16)]
        assert len(set(blocks)) == len(blocks)
