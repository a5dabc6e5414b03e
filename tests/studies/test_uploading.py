"""What somebody uploads is kept once, whole, and said so only when it is."""

import asyncio
import copy
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from portal import storing, studies
from portal.core.actor import Actor
from portal.core.errors import PortalError, Unknown
from portal.core.settings import Settings
from portal.storing import DiskFull, QuotaFull
from portal.storing.models import StoredObject
from portal.studies import parts
from portal.studies.errors import PartChanged, UploadOver
from portal.studies.models import Instance, Study, UploadPiece
from tests.studies.reading import originals_in

pytestmark = pytest.mark.every_store

Person = Callable[..., Awaitable[Actor]]
Slices = Callable[..., list[bytes]]


async def _begun(shelf: studies.Shelf, actor: Actor) -> UUID:
    return (await studies.begin_upload(shelf, actor, uuid4())).id


async def _sent(
    shelf: studies.Shelf, actor: Actor, files: list[bytes], upload: UUID | None = None
) -> studies.PartReceipt:
    """One upload of one part, finished."""
    upload = upload or await _begun(shelf, actor)
    body = parts.build(list(enumerate(files)))
    receipt = await studies.receive_part(shelf, actor, upload, 1, body)
    await studies.finish(shelf, actor, upload)
    return receipt


async def _originals(shelf: studies.Shelf, actor: Actor, study_id: UUID) -> set[bytes]:
    return await originals_in(await studies.open_own(shelf, actor, study_id))


async def test_a_ct_becomes_one_examination_in_my_documents(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    receipt = await _sent(shelf, erika, slices(5))

    (summary,) = await studies.my_studies(shelf, erika)
    assert receipt.kept == (0, 1, 2, 3, 4)
    assert receipt.studies == (summary.id,)
    assert (summary.date, summary.modalities, summary.description) == (
        "20260312",
        ("CT",),
        "Schädel nativ",
    )
    assert (summary.shown_name, summary.series, summary.images) == ("Erika Beispiel", 1, 5)


async def test_sizes_and_the_space_used_fit_together_while_frames_are_made(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    """Frames are added and originals given back while somebody looks at the list."""
    receipt = await _sent(shelf, erika, slices(40, size=64))
    assert (await studies.overview(shelf, erika)).packing, "why the space used will fall is said"
    done = False
    while not done:
        done = await shelf.preparing.done(receipt.studies[0], 0.001)
        seen = await studies.overview(shelf, erika)
        assert sum(entry.study.size for entry in seen.entries if entry.study) == seen.space.used

    assert not (await studies.overview(shelf, erika)).packing
    (summary,) = await studies.my_studies(shelf, erika)
    assert summary.size == (await storing.space(erika.id, shelf.free_quota)).used > 0


async def test_every_file_comes_back_bit_for_bit(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    """T34, before the frames are made and after, when most originals are rebuilt."""
    odd = Path(str(get_testdata_file("MR_small_RLE.dcm"))).read_bytes()
    colour = Path(str(get_testdata_file("SC_rgb_rle.dcm"))).read_bytes()
    files = [*slices(4), odd, colour]
    receipt = await _sent(shelf, erika, files)
    assert len(receipt.kept) == len(files)

    for patience in (0.0, 30.0):
        found: set[bytes] = set()
        for study_id in receipt.studies:
            study = await studies.open_own(shelf, erika, study_id)
            if patience:
                assert await studies.prepared(shelf, study, patience)
            found |= await _originals(shelf, erika, study_id)
        assert found == set(files)


async def test_the_viewer_gets_frames_and_the_original_is_not_kept_twice(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    files = slices(3, size=128)
    receipt = await _sent(shelf, erika, files)
    study = await studies.open_own(shelf, erika, receipt.studies[0])
    assert await studies.prepared(shelf, study, 30.0)

    study = await studies.open_own(shelf, erika, study.id)
    view = await study.manifest()
    (series,) = view["series"]
    assert [each["number"] for each in series["instances"]] == [1, 2, 3]
    for each in series["instances"]:
        whole = await study.frame(UUID(each["id"]), 0)
        assert len(whole) == each["bytes"][0] == (await study.frame_size(UUID(each["id"]), 0))[1]
        cut = each["ends"][0][2]
        assert await study.frame(UUID(each["id"]), 0, 0, cut) == whole[:cut]
        assert await study.frame(UUID(each["id"]), 0, cut) == whole[cut:]
        assert each["meta"]["rows"] == 128
        assert await study.preview(UUID(each["id"]), 128)
    with pytest.raises(Unknown):
        await study.frame(UUID(series["instances"][0]["id"]), 1)
    with pytest.raises(Unknown):
        await study.frame(uuid4(), 0)
    entry = await study.stored(UUID(series["instances"][0]["id"]))
    assert not entry["at"], "the frames and a skeleton stand in for the original"


async def test_the_same_files_again_are_already_there(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    files = slices(4)
    (study_id,) = (await _sent(shelf, erika, files)).studies
    assert await shelf.preparing.done(study_id, 30.0)
    before = await storing.space(erika.id, shelf.free_quota)

    again = await _sent(shelf, erika, files)

    assert (again.kept, again.duplicates) == ((), (0, 1, 2, 3))
    assert (await studies.my_studies(shelf, erika))[0].instances == 4
    assert await storing.space(erika.id, shelf.free_quota) == before
    digests = [hashlib.sha256(each).digest() for each in [*files, b"never seen"]]
    assert await studies.already_there(shelf, erika, digests) == [0, 1, 2, 3]


async def test_other_content_under_the_same_number_is_refused_and_the_first_stays(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    first = slices(1, SOPInstanceUID=generate_uid(), StudyInstanceUID=generate_uid())[0]
    uids = pydicom.dcmread(_as_file(first))
    same = {"SOPInstanceUID": uids.SOPInstanceUID, "StudyInstanceUID": uids.StudyInstanceUID}
    other = slices(1, seed=2, **same)[0]
    await _sent(shelf, erika, [first])

    receipt = await _sent(shelf, erika, [other])

    assert (receipt.kept, receipt.refused) == ((), ((0, "conflict"),))
    (summary,) = await studies.my_studies(shelf, erika)
    assert await _originals(shelf, erika, summary.id) == {first}


def _as_file(data: bytes) -> pydicom.filebase.DicomBytesIO:
    return pydicom.filebase.DicomBytesIO(data)


async def test_two_patients_become_two_examinations(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    hers = slices(2)
    his = slices(2, seed=3, PatientName="Beispiel^Otto", PatientID="4712", PatientSex="M")

    await _sent(shelf, erika, [hers[0], his[0], hers[1], his[1]])

    found = await studies.my_studies(shelf, erika)
    assert {each.shown_name for each in found} == {"Erika Beispiel", "Otto Beispiel"}
    assert [each.instances for each in found] == [2, 2]


async def test_what_is_no_image_is_named_with_its_reason_and_the_rest_is_stored(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    good = slices(2)
    program = b"MZ" + os.urandom(126) + b"DICM" + os.urandom(500)
    cut = good[1][: len(good[1]) // 2]
    files = [good[0], b"MZ" + os.urandom(5000), program, cut, b"no image at all", good[1]]

    receipt = await _sent(shelf, erika, files)

    assert receipt.kept == (0, 5)
    reasons = dict(receipt.refused)
    assert set(reasons) == {1, 2, 3, 4}
    assert reasons[1] == "executable"
    assert reasons[3] in {"truncated", "short_pixels", "damaged"}
    assert (await studies.my_studies(shelf, erika))[0].instances == 2


async def test_a_repeated_part_gets_the_same_answer(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    upload = await _begun(shelf, erika)
    body = parts.build([*enumerate(slices(2)), (9, b"no image")])

    first = await studies.receive_part(shelf, erika, upload, 7, body)
    again = await studies.receive_part(shelf, erika, upload, 7, body)

    assert first == again
    assert first.kept == (0, 1)
    with pytest.raises(PartChanged):
        await studies.receive_part(shelf, erika, upload, 7, parts.build([(0, b"other")]))
    assert (await studies.begin_upload(shelf, erika, uuid4())).parts == ()


async def test_one_part_sent_many_times_at_once_is_kept_once(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    upload = await _begun(shelf, erika)
    body = parts.build(list(enumerate(slices(3))))

    answers = await asyncio.gather(
        *(studies.receive_part(shelf, erika, upload, 1, body) for _ in range(5))
    )

    assert set(answers) == {answers[0]}
    assert answers[0].kept == (0, 1, 2)
    assert await Instance.filter(owner=erika.id).count() == 3


async def test_parts_of_one_study_may_arrive_at_once(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    upload, files = await _begun(shelf, erika), slices(12)
    bodies = [parts.build([(n, files[n]), (n + 1, files[n + 1])]) for n in range(11)]

    answers = await asyncio.gather(
        *(studies.receive_part(shelf, erika, upload, n, body) for n, body in enumerate(bodies))
    )
    await studies.finish(shelf, erika, upload)

    kept = [file for answer in answers for file in answer.kept]
    assert sorted(kept) == list(range(12)), "every file is kept by exactly one of two parts"
    assert await Study.filter(owner=erika.id).count() == 1
    (summary,) = await studies.my_studies(shelf, erika)
    assert await _originals(shelf, erika, summary.id) == set(files)


async def test_a_large_file_arrives_in_pieces_in_any_order(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    (large,) = slices(1, size=1600)
    assert len(large) > parts.PIECE
    upload, bodies = await _begun(shelf, erika), parts.build_pieces(4, large)

    first = await studies.receive_part(shelf, erika, upload, 2, bodies[1])
    again = await studies.receive_part(shelf, erika, upload, 2, bodies[1])
    last = await studies.receive_part(shelf, erika, upload, 1, bodies[0])
    await studies.finish(shelf, erika, upload)

    assert first == again == studies.PartReceipt(waiting=(4,))
    assert last.kept == (4,)
    assert await UploadPiece.all().count() == 0
    assert await _originals(shelf, erika, last.studies[0]) == {large}
    mark = parts.fingerprint(parts.digests(large))
    assert await studies.already_there(shelf, erika, [mark]) == [0]


async def test_a_large_file_that_never_became_whole_leaves_nothing(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    (large,) = slices(1, size=1600)
    upload = await _begun(shelf, erika)
    await studies.receive_part(shelf, erika, upload, 1, parts.build_pieces(4, large)[0])
    assert (await storing.space(erika.id, shelf.free_quota)).used > parts.PIECE

    await studies.finish(shelf, erika, upload)

    assert (await storing.space(erika.id, shelf.free_quota)).used == 0
    assert await studies.my_studies(shelf, erika) == []


async def test_an_account_that_is_full_takes_nothing_and_loses_nothing(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    await _sent(shelf, erika, slices(2))
    free = (await storing.space(erika.id, shelf.free_quota)).free
    small = replace(shelf, free_quota=shelf.free_quota - free + 100)

    with pytest.raises(QuotaFull):
        await _sent(small, erika, slices(2, seed=5))

    assert len(await studies.my_studies(shelf, erika)) == 1
    assert await Instance.filter(owner=erika.id).count() == 2


def _crowded(shelf: studies.Shelf, settings: Settings) -> studies.Shelf:
    """The same shelf when its store takes nothing more."""
    full = copy.copy(shelf.store)

    async def put(object_id: UUID, data: bytes) -> int:
        raise DiskFull

    full.put = put  # type: ignore[method-assign, assignment]
    return studies.Shelf.of(settings, full, shelf.pool, shelf.desk)


async def test_a_full_disk_acknowledges_nothing_and_reading_goes_on(
    shelf: studies.Shelf, erika: Actor, slices: Slices, settings: Settings
) -> None:
    files = slices(2)
    await _sent(shelf, erika, files)
    crowded = _crowded(shelf, settings)

    with pytest.raises(DiskFull):
        await _sent(crowded, erika, slices(2, seed=5))

    (summary,) = await studies.my_studies(crowded, erika)
    assert await _originals(crowded, erika, summary.id) == set(files)
    assert await Instance.filter(owner=erika.id).count() == 2
    again = await _sent(shelf, erika, slices(2, seed=5))
    assert again.kept == (0, 1)


async def test_a_disk_that_fills_up_before_the_end_of_an_upload_loses_nothing(
    shelf: studies.Shelf, erika: Actor, slices: Slices, settings: Settings
) -> None:
    files, upload = slices(2), await _begun(shelf, erika)
    part = parts.build(list(enumerate(files)))
    receipt = await studies.receive_part(shelf, erika, upload, 1, part)
    await shelf.preparing.done(receipt.studies[0], 30)
    rows = set(await StoredObject.filter(gone_at=None).values_list("id", flat=True))

    await studies.finish(_crowded(shelf, settings), erika, upload)

    assert await _originals(shelf, erika, receipt.studies[0]) == set(files)
    assert rows <= set(await StoredObject.all().values_list("id", flat=True))


async def test_other_peoples_uploads_and_studies_do_not_exist(
    shelf: studies.Shelf, erika: Actor, person: Person, slices: Slices
) -> None:
    mallory = await person()
    upload = await _begun(shelf, erika)
    body = parts.build(list(enumerate(slices(2))))
    receipt = await studies.receive_part(shelf, erika, upload, 1, body)

    for wanted in (upload, uuid4()):
        with pytest.raises(UploadOver):
            await studies.receive_part(shelf, mallory, wanted, 2, body)
    for study in (receipt.studies[0], uuid4()):
        with pytest.raises(Unknown):
            await studies.open_own(shelf, mallory, study)
        with pytest.raises(Unknown):
            await studies.delete(mallory, study)
    assert await studies.my_studies(shelf, mallory) == []
    assert await studies.already_there(shelf, mallory, [hashlib.sha256(body).digest()]) == []


async def test_two_people_keep_the_same_files_without_noticing_each_other(
    shelf: studies.Shelf, erika: Actor, person: Person, slices: Slices
) -> None:
    otto, files = await person(), slices(2)
    hers = await _sent(shelf, erika, files)

    his = await _sent(shelf, otto, files)

    assert his.kept == (0, 1)
    assert set(his.studies).isdisjoint(hers.studies)
    marks = [row.digest_mark for row in await Instance.all()]
    assert len(set(marks)) == 4, "equal files of two people look unequal in the database"


async def test_a_deleted_study_is_gone_for_good(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    files = slices(2)
    receipt = await _sent(shelf, erika, files)

    await studies.delete(erika, receipt.studies[0])

    assert await studies.my_studies(shelf, erika) == []
    assert (await storing.space(erika.id, shelf.free_quota)).used == 0
    with pytest.raises(Unknown):
        await studies.open_own(shelf, erika, receipt.studies[0])
    again = await _sent(shelf, erika, files)
    assert again.kept == (0, 1)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
async def test_a_part_cut_anywhere_stores_nothing_and_may_come_again(
    shelf: studies.Shelf, erika: Actor, slices: Slices, share: float
) -> None:
    upload = await _begun(shelf, erika)
    body = parts.build(list(enumerate(slices(2))))

    with pytest.raises(PortalError):
        await studies.receive_part(shelf, erika, upload, 1, body[: int(len(body) * share)])

    assert await Instance.filter(owner=erika.id).count() == 0
    assert (await storing.space(erika.id, shelf.free_quota)).used == 0
    assert (await studies.receive_part(shelf, erika, upload, 1, body)).kept == (0, 1)
