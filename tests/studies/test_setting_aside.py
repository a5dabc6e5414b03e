"""An examination that does not open stands aside, and what is sent lies beside it."""

import logging
from uuid import uuid4

import pytest
from pydicom.uid import generate_uid

from portal import storing, studies
from portal.core.actor import Actor
from portal.core.errors import Busy, SignInNeeded
from portal.core.settings import Settings
from portal.keys.models import LocalKey, Principal
from portal.memories import Memory
from portal.storing import store
from portal.studies import manifests, parts
from portal.studies.intake import keep_files
from portal.studies.models import Instance, Segment, Study
from tests.studies.spoiling import (
    Slices,
    Spoil,
    asked,
    gets_another_segment,
    kept,
    loses_its_key,
    loses_its_manifest,
    loses_its_objects,
    prepared,
    whole,
)


@pytest.mark.parametrize("spoil", [loses_its_manifest, loses_its_key, gets_another_segment])
async def test_an_examination_that_does_not_open_stands_aside_and_the_part_is_kept(
    shelf: studies.Shelf, erika: Actor, slices: Slices, spoil: Spoil
) -> None:
    files, others = slices(2, size=64), slices(2, size=64, StudyDescription="Thorax")
    study = await kept(shelf, erika, files)
    await spoil(shelf, study)
    shelf.sound.put(study, -1)

    assert await asked(shelf, erika, files) == []
    outcome = await keep_files(shelf, erika, [*others, *files])

    assert (sorted(outcome.kept), outcome.refused) == ([0, 1, 2, 3], [])
    assert study not in outcome.studies
    for each in outcome.studies:
        await prepared(shelf, erika, each)
    assert await whole(shelf, erika) == {*files, *others}
    listed = {each.id: each.damaged for each in await studies.my_studies(shelf, erika)}
    assert listed == {study: True} | dict.fromkeys(outcome.studies, False)
    assert await asked(shelf, erika, files) == [0, 1]
    await studies.delete(erika, study)
    assert await whole(shelf, erika) == {*files, *others}


async def test_a_store_that_is_away_for_a_moment_changes_nothing(
    shelf: studies.Shelf, erika: Actor, slices: Slices, settings: Settings
) -> None:
    """Its disk is not mounted: whoever sends, asks or looks is told to wait, and nothing splits."""
    about = {"StudyInstanceUID": generate_uid()}
    one, more = slices(1, size=64, **about), slices(1, size=64, seed=9, **about)
    study = await kept(shelf, erika, one)
    rows = await Study.all().values(), await Instance.all().values()
    folder = settings.object_folder
    away = folder.rename(folder.with_name("away"))
    folder.mkdir()
    shelf.sound.put(study, -1)
    shelf.boxes._ends = Memory(1)

    for files in (more, one, slices(1, size=64)):
        with pytest.raises(storing.Away):
            await keep_files(shelf, erika, files)
    with pytest.raises(storing.Away):
        await asked(shelf, erika, one)
    with pytest.raises(storing.Away):
        await whole(shelf, erika)
    assert list(folder.iterdir()) == [], "nothing lies where it will be hidden"
    folder.rmdir()
    away.rename(folder)

    assert (await Study.filter(id=study).values(), await Instance.all().values()) == rows
    assert (await keep_files(shelf, erika, [*one, *more])).duplicates == [0]
    await prepared(shelf, erika, study)
    assert await whole(shelf, erika) == {*one, *more}


async def test_a_store_that_was_put_back_without_its_mark_gets_one(
    shelf: studies.Shelf, erika: Actor, slices: Slices, settings: Settings
) -> None:
    files = slices(1, size=64)
    await kept(shelf, erika, files)
    (settings.object_folder / store.MARK).rmdir()

    later = await kept(shelf, erika, slices(1))
    await studies.delete(erika, later)

    assert await shelf.store.is_marked()
    assert list(await whole(shelf, erika)) == files


async def test_an_examination_that_opens_again_after_it_was_set_aside_is_shown_again(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    """Its manifest was brought back from a backup: two entries, both whole."""
    files, more = slices(1, size=64), slices(1, size=64)
    study = await kept(shelf, erika, files)
    row = await Study.get(id=study)
    assert row.manifest is not None
    sealed = await shelf.store.get(row.manifest)
    await shelf.store.delete(row.manifest)
    shelf.sound.put(study, -1)
    await keep_files(shelf, erika, [*files, *more])
    listed = {each.id: each.damaged for each in await studies.my_studies(shelf, erika)}

    await shelf.store.put(row.manifest, sealed)

    assert listed[study]
    found = {each.id: each for each in await studies.my_studies(shelf, erika)}
    assert (found[study].damaged, found[study].description) == (False, "Schädel nativ")


async def test_who_reads_by_an_old_map_doubts_nothing_that_was_mended(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    files = slices(1, size=64)
    study = await kept(shelf, erika, files)
    (instance,) = await Instance.filter(study=study)
    opened = await studies.open_own(shelf, erika, study)
    shown = await opened.frame(instance.id, 0)
    shelf.boxes._ends = Memory(1)
    await loses_its_objects(shelf, study)
    assert (await keep_files(shelf, erika, files)).kept == [0]
    await prepared(shelf, erika, study)

    with pytest.raises(Busy):
        await opened.frame(instance.id, 0)

    assert (await Instance.get(id=instance.id)).digest_mark == instance.digest_mark
    again = await studies.open_own(shelf, erika, study)
    assert await again.frame(instance.id, 0) == shown


async def test_an_account_that_was_secured_meanwhile_sets_nothing_aside(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    """Its old root opens no key: that says nothing about the study."""
    files = slices(1)
    study = await kept(shelf, erika, files)
    row = await Study.get(id=study)
    await LocalKey.filter(study=study).update(owner_epoch=2)
    await Principal.filter(id=erika.id).update(epoch=2)

    with pytest.raises(SignInNeeded):
        await keep_files(shelf, erika, files)

    assert (await Study.get(id=study)).uid_mark == row.uid_mark


@pytest.mark.parametrize("spoil", [loses_its_manifest, loses_its_key, gets_another_segment])
async def test_a_damaged_examination_hinders_no_end_of_an_upload(
    shelf: studies.Shelf,
    erika: Actor,
    slices: Slices,
    spoil: Spoil,
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = await kept(shelf, erika, slices(1, size=64))
    await gets_another_segment(shelf, study)
    await spoil(shelf, study)
    upload = (await studies.begin_upload(shelf, erika, uuid4())).id
    other = slices(1, size=64, StudyDescription="Thorax")
    body = parts.build([(0, other[0])])

    receipt = await studies.receive_part(shelf, erika, upload, 1, body)
    await studies.finish(shelf, erika, upload)

    assert receipt.kept == (0,)
    await prepared(shelf, erika, receipt.studies[0])
    assert not await Segment.filter(study=receipt.studies[0]).exists()
    assert await whole(shelf, erika) == set(other)
    assert any(each.levelno >= logging.WARNING for each in caplog.records)


async def _nothing(*_: object) -> None:
    """Whoever puts a study together comes later."""


async def test_a_lost_row_of_the_manifest_costs_its_own_images_alone(
    shelf: studies.Shelf, erika: Actor, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames of images that nobody knows any more stop neither the end nor the others."""
    monkeypatch.setattr(manifests, "merge", _nothing)
    files = slices(1, size=64)
    (study,) = (await keep_files(shelf, erika, files)).studies
    assert await shelf.preparing.done(study, 60.0)
    monkeypatch.undo()
    segments = await Segment.filter(study=study).order_by("created_at")
    assert len(segments) == 2
    await segments[0].delete()

    await studies.merge_all(shelf, erika)

    assert await asked(shelf, erika, files) == []
    assert (await keep_files(shelf, erika, files)).kept == [0]
    await prepared(shelf, erika, study)
    assert await whole(shelf, erika) == set(files)
