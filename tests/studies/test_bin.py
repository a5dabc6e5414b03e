"""The bin: what somebody deleted can be taken out for 30 days, and is gone for good then."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from quart import Quart

from portal import documents, keys, storing, studies
from portal.accounts.factors import stepping_up
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Unknown
from portal.documents.models import Document
from portal.studies import binning, parts
from portal.studies.expiring import forget_binned, forget_study
from portal.studies.models import Study
from tests.people import Person, World
from tests.studies.reading import originals_in
from tests.viewer.dicom.making import parsed, written
from tests.viewer.pdf.making import pdf

Slices = Callable[..., list[bytes]]
MONTH = timedelta(days=30)
SECOND = timedelta(seconds=1)


async def _sent(shelf: studies.Shelf, actor: Actor, files: list[bytes]) -> studies.PartReceipt:
    upload = (await studies.begin_upload(shelf, actor, uuid4())).id
    receipt = await studies.receive_part(
        shelf, actor, upload, 1, parts.build(list(enumerate(files)))
    )
    await studies.finish(shelf, actor, upload)
    return receipt


async def _both(shelf: studies.Shelf, actor: Actor, files: list[bytes]) -> tuple[UUID, UUID]:
    """An examination and a finding in the bin."""
    receipt = await _sent(shelf, actor, files)
    (study,), (paper,) = receipt.studies, await documents.mine(actor)
    await shelf.preparing.done(study, 30.0)
    await binning.throw(actor, study)
    await documents.throw(actor, paper.id)
    return study, paper.id


async def _used(shelf: studies.Shelf, actor: Actor) -> int:
    return (await storing.space(actor.id, shelf.free_quota)).used


async def _thrown_at() -> datetime:
    (row,) = await Study.all()
    assert row.binned_at is not None
    return row.binned_at


async def _sees(person: Person, path: str) -> str:
    answer = await person.browser.get(path)
    assert answer.status_code == 200, path
    return str(await answer.get_data(as_text=True))


async def test_it_goes_into_the_bin_and_comes_back_by_one_press(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    study = await erika.keeps_a_study("CT of the knee")
    asked = await _sees(erika, f"/documents/{study}/delete")
    assert f'action="/documents/{study}/bin"' in asked
    assert "for 30 days" in asked
    assert "takes up your storage space" in asked

    thrown = await erika.browser.post(f"/documents/{study}/bin")
    page = await _sees(erika, thrown.headers["Location"])

    assert "“CT of the knee” is in the bin." in page
    assert f'action="/documents/{study}/restore"' in page
    assert f'data-study="{study.hex}"' not in page
    assert (await erika.browser.get(f"/v/{study}")).status_code == 404
    lying = await _sees(erika, "/documents/bin")
    assert "CT of the knee" in lying
    assert "30 days left" in lying

    undone = await erika.browser.post(f"/documents/{study}/restore")

    assert undone.headers["Location"] == "/documents"
    assert f'data-study="{study.hex}"' in await _sees(erika, "/documents")
    assert "The bin is empty" in await _sees(erika, "/documents/bin")
    assert (await erika.browser.post(f"/documents/{study}/restore")).status_code == 404


async def test_in_the_bin_it_counts_and_comes_out_whole(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    files = [*slices(3), pdf(["Finding"])]
    study, paper = await _both(shelf, erika, files)
    used = await _used(shelf, erika)

    thrown = await binning.in_bin(shelf, erika)
    assert {each.thing.id for each in thrown} == {study, paper}
    assert sum(each.thing.size for each in thrown) == used > 0, "what emptying the bin frees"
    assert (await studies.overview(shelf, erika)).entries == []
    with pytest.raises(Unknown):
        await studies.open_own(shelf, erika, study)
    with pytest.raises(Unknown):
        await studies.own_key(erika, study)

    await binning.take_out(erika, study)
    await documents.take_out(erika, paper)

    opened = await studies.open_own(shelf, erika, study)
    assert await originals_in(opened) == set(files[:3])
    assert await _used(shelf, erika) == used
    assert await binning.in_bin(shelf, erika) == []


async def test_after_thirty_days_to_the_minute_it_is_gone_for_good(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    study, paper = await _both(shelf, erika, [*slices(2), pdf(["Finding"])])
    thrown = await _thrown_at()
    await Document.filter(id=paper).update(binned_at=thrown)

    assert await forget_binned(thrown + MONTH - SECOND) == 0
    assert len(await binning.in_bin(shelf, erika)) == 2
    assert await forget_binned(thrown + MONTH) == 2

    assert await binning.in_bin(shelf, erika) == []
    assert await keys.open_study_keys(erika, [study, paper]) == {}, "the keys go first"
    assert await storing.objects_of(study) == await storing.objects_of(paper) == frozenset()
    assert await _used(shelf, erika) == 0


async def test_nobody_takes_out_what_is_over_though_nobody_swept_it(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    study, paper = await _both(shelf, erika, [*slices(1), pdf(["Finding"])])
    over = now() - MONTH
    await Study.filter(id=study).update(binned_at=over)
    await Document.filter(id=paper).update(binned_at=over)

    assert await binning.in_bin(shelf, erika) == []
    with pytest.raises(Unknown):
        await binning.take_out(erika, study)
    with pytest.raises(Unknown):
        await documents.take_out(erika, paper)


async def test_taken_out_in_the_last_moment_it_stays(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    """Whoever sweeps looked a moment before: the row decides, whoever comes first."""
    files = slices(1)
    (study,) = (await _sent(shelf, erika, files)).studies
    await binning.throw(erika, study)
    limit = await _thrown_at()
    await binning.take_out(erika, study)

    assert not await forget_study(study, erika.id, binned_by=limit)

    assert await originals_in(await studies.open_own(shelf, erika, study)) == set(files)
    await binning.throw(erika, study)
    results = await asyncio.gather(
        binning.take_out(erika, study),
        forget_study(study, erika.id, binned_by=now()),
        return_exceptions=True,
    )
    there = await Study.filter(id=study).exists()
    assert there == (results[0] is None) == (results[1] is False), results
    assert there == bool(await keys.open_study_keys(erika, [study]))


async def test_what_is_sent_again_comes_out_of_the_bin_and_is_not_kept_twice(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    files = [*slices(2), pdf(["Finding"])]
    study, paper = await _both(shelf, erika, files)
    used = await _used(shelf, erika)
    fingerprints = [parts.fingerprint(parts.digests(each)) for each in files]
    assert await studies.already_there(shelf, erika, fingerprints) == [], "so browsers send it"

    receipt = await _sent(shelf, erika, files)

    assert (receipt.kept, receipt.duplicates, receipt.restored) == ((), (0, 1, 2), (0, 1, 2))
    assert [each.id for each in await studies.my_studies(shelf, erika)] == [study]
    assert [each.id for each in await documents.mine(erika)] == [paper]
    assert await _used(shelf, erika) == used
    assert (await _sent(shelf, erika, files)).restored == (), "it is told once"


async def test_one_new_image_brings_its_examination_out_and_a_refused_one_does_not(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    files = slices(2)
    (study,) = (await _sent(shelf, erika, files[:1])).studies
    await binning.throw(erika, study)
    other = parsed(slices(1, seed=2)[0])
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(other, name, getattr(parsed(files[0]), name))
    other.file_meta.MediaStorageSOPInstanceUID = other.SOPInstanceUID

    receipt = await _sent(shelf, erika, [written(other)])
    assert [why for _, why in receipt.refused] == ["conflict"]
    assert await studies.my_studies(shelf, erika) == []

    receipt = await _sent(shelf, erika, files[1:])

    assert (receipt.kept, receipt.restored) == ((0,), (0,))
    assert await originals_in(await studies.open_own(shelf, erika, study)) == set(files)


async def test_emptying_the_bin_asks_who_is_there_and_leaves_the_rest(
    world: World, app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    kept, thrown = await erika.keeps_a_study("Kept"), await erika.keeps_a_study("Thrown")
    await erika.browser.post(f"/documents/{thrown}/bin")
    assert "1 entry will be destroyed" in await _sees(erika, "/documents/bin/empty")
    with monkeypatch.context() as later:
        later.setattr(stepping_up, "now", lambda: now() + timedelta(minutes=6))
        asked = await erika.browser.post("/documents/bin/empty")
    assert (asked.status_code, await Study.filter(id=thrown).exists()) == (403, True)

    emptied = await erika.browser.post("/documents/bin/empty")

    assert emptied.headers["Location"] == "/documents/bin"
    assert [row.id for row in await Study.all()] == [kept]
    assert await keys.open_study_keys(erika.actor, [thrown]) == {}


async def test_one_thing_in_the_bin_is_deleted_for_good_and_the_other_waits(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    first, second = await erika.keeps_a_study("First"), await erika.keeps_a_study("Second")
    for study in (first, second):
        await erika.browser.post(f"/documents/{study}/bin")
    asked = await _sees(erika, f"/documents/{first}/delete")
    assert f'action="/documents/{first}/bin"' not in asked, "it lies there already"

    assert (await erika.browser.post(f"/documents/{first}/delete")).status_code == 303

    assert [row.id for row in await Study.all()] == [second]
    page = await _sees(erika, "/documents/bin")
    assert ("First" in page, "Second" in page) == (False, True)
