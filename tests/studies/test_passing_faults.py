"""A fault that passes while frames are made, or a child that is lost then, costs nothing."""

import asyncio
from uuid import UUID

import pytest
from pydicom.uid import generate_uid

from portal import storing, studies
from portal.core.actor import Actor
from portal.owing.models import Owed
from portal.studies import manifests
from portal.studies.intake import keep_files
from portal.studies.models import Instance
from portal.studies.preparing import Preparing
from tests.studies.spoiling import Slices, asked, kept, loses_its_objects, objects, prepared, whole
from viewer.dicom import Reason, Undecodable


async def test_one_damaged_image_keeps_nobody_from_preparing_the_others(
    shelf: studies.Shelf, erika: Actor, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = {"StudyInstanceUID": generate_uid()}
    one, other = slices(1, size=64, **about), slices(1, size=64, seed=2, **about)
    prepare = Preparing._prepare
    waits = asyncio.Event()

    async def later(self: Preparing, *rest: object) -> None:
        await waits.wait()
        await prepare(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Preparing, "_prepare", later)
    (study,) = (await keep_files(shelf, erika, one)).studies
    await loses_its_objects(shelf, study)
    await keep_files(shelf, erika, other)
    waits.set()
    await prepared(shelf, erika, study)

    opened = await studies.open_own(shelf, erika, study)
    seen = [
        (each["codec"] != "none", each["why"])
        for series in (await opened.manifest())["series"]
        for each in series["instances"]
    ]
    assert sorted(seen, key=str) == [(False, "damaged"), (True, None)]
    assert (await keep_files(shelf, erika, [*one, *other])).kept == [0]
    await prepared(shelf, erika, study)
    assert await whole(shelf, erika) == {*one, *other}


async def codecs(shelf: studies.Shelf, actor: Actor, study: UUID) -> list[str]:
    opened = await studies.open_own(shelf, actor, study)
    series = (await opened.manifest())["series"]
    return [each["codec"] for one in series for each in one["instances"]]


@pytest.mark.parametrize("openings", [0, 1, 5])
async def test_a_fault_that_passed_while_frames_were_made_leaves_no_image_without(
    shelf: studies.Shelf,
    erika: Actor,
    slices: Slices,
    monkeypatch: pytest.MonkeyPatch,
    openings: int,
) -> None:
    """Whoever opens it tries again, a few times; afterwards whoever sends the same file."""
    monkeypatch.setattr(shelf.preparing, "add", _nothing_at_once)
    files = slices(1, size=64)
    (study,) = (await keep_files(shelf, erika, files)).studies
    lying = {each: await shelf.store.get(each) for each in await objects(shelf, study)}
    await loses_its_objects(shelf, study)
    monkeypatch.undo()
    for _ in range(1 + openings):
        await prepared(shelf, erika, study)
    assert await codecs(shelf, erika, study) == ["none"]
    for each, sealed in lying.items():
        await shelf.store.put(each, sealed)

    if openings < 2:
        await prepared(shelf, erika, study)
        assert await codecs(shelf, erika, study) != ["none"]
    assert (await keep_files(shelf, erika, files)).duplicates == [0]
    assert await shelf.preparing.done(study, 60.0)

    assert await codecs(shelf, erika, study) != ["none"]
    assert await whole(shelf, erika) == set(files)
    assert await Owed.filter(kind="StudyPrepared").count() == 1


async def test_a_child_that_is_lost_while_frames_are_made_leaves_no_image_without(
    shelf: studies.Shelf, erika: Actor, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = slices(1, size=64)

    async def lost(*_: object, **__: object) -> Undecodable:
        return Undecodable(Reason.CRASHED)

    monkeypatch.setattr(shelf.pool, "canonical", lost)
    study = await kept(shelf, erika, files)
    assert await codecs(shelf, erika, study) == ["none"]
    monkeypatch.undo()

    await prepared(shelf, erika, study)

    assert await whole(shelf, erika) == set(files)


def _nothing_at_once(*_: object) -> None:
    """Whoever opens the study prepares it."""


async def test_a_fault_that_passed_makes_no_second_copy(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    """A disk that was away for a moment: what is sent again is what is there."""
    files = slices(2, size=64)
    study = await kept(shelf, erika, files)
    lying = {each: await shelf.store.get(each) for each in await objects(shelf, study)}
    await loses_its_objects(shelf, study)
    with pytest.raises(storing.Damaged):
        await whole(shelf, erika)
    for each, sealed in lying.items():
        await shelf.store.put(each, sealed)
    used = (await storing.space(erika.id, shelf.free_quota)).used

    outcome = await keep_files(shelf, erika, files)

    assert (outcome.kept, sorted(outcome.duplicates)) == ([], [0, 1])
    assert (await storing.space(erika.id, shelf.free_quota)).used == used
    assert await asked(shelf, erika, files) == [0, 1]


async def test_what_is_filed_just_before_the_manifest_is_read_is_told_of(
    shelf: studies.Shelf, erika: Actor, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its turn to be prepared finds nothing left: whoever made the last frame owes the news."""
    about = {"StudyInstanceUID": generate_uid()}
    one, other = slices(1, size=64, **about), slices(1, size=64, seed=2, **about)
    load, came = manifests.load, asyncio.Event()

    async def read(*rest: object) -> object:
        if not came.is_set():
            came.set()
            await keep_files(shelf, erika, other)
        return await load(*rest)  # type: ignore[arg-type]

    monkeypatch.setattr("portal.studies.preparing.manifests.load", read)
    (study,) = (await keep_files(shelf, erika, one)).studies
    await prepared(shelf, erika, study)

    assert await Instance.filter(study=study).count() == 2
    assert await Owed.filter(kind="StudyPrepared").count() == 1
