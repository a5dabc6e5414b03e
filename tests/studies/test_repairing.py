"""What cannot be read any more is sent again and is whole; what it lies beside goes on."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from pydicom.uid import generate_uid

from portal import storing, studies
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Busy, SignInNeeded
from portal.core.settings import Settings
from portal.keys.models import LocalKey, Principal
from portal.owing.models import Owed
from portal.storing import store
from portal.storing.models import StoredObject
from portal.studies import filing, manifests, originals, parts
from portal.studies.doubts import UNREADABLE
from portal.studies.intake import keep_files
from portal.studies.models import Instance, Segment, Study
from portal.studies.outcomes import Outcome
from portal.studies.preparing import Preparing
from tests.studies.reading import file_of, originals_in
from viewer.children.process import Process
from viewer.dicom import Reason, Undecodable

Person = Callable[..., Awaitable[Actor]]
Slices = Callable[..., list[bytes]]
Spoil = Callable[[studies.Shelf, UUID], Awaitable[None]]


async def kept(shelf: studies.Shelf, actor: Actor, files: list[bytes]) -> UUID:
    """The study with these files, all of them prepared."""
    outcome = await keep_files(shelf, actor, files)
    assert sorted(outcome.kept) == list(range(len(files)))
    (study,) = outcome.studies
    await prepared(shelf, actor, study)
    return study


async def prepared(shelf: studies.Shelf, actor: Actor, study: UUID) -> None:
    opened = await studies.open_own(shelf, actor, study)
    assert await studies.prepared(shelf, opened, 60.0)


async def whole(shelf: studies.Shelf, actor: Actor) -> set[bytes]:
    """The originals of everything that opens, after a look at each frame."""
    found = set()
    for summary in await studies.my_studies(shelf, actor):
        if summary.damaged:
            continue
        study = await studies.open_own(shelf, actor, summary.id)
        for series in (await study.manifest())["series"]:
            for each in series["instances"]:
                assert await study.frame(UUID(each["id"]), 0)
        found |= await originals_in(study)
    return found


async def asked(shelf: studies.Shelf, actor: Actor, files: list[bytes]) -> list[int]:
    """Which of them the browser is told not to send."""
    return await studies.already_there(
        shelf, actor, [parts.fingerprint(parts.digests(each)) for each in files]
    )


async def objects(shelf: studies.Shelf, study: UUID) -> list[UUID]:
    """Those that hold pixels."""
    row = await Study.get(id=study)
    everything = await StoredObject.filter(holding=study, gone_at=None)
    return [each.id for each in everything if each.id not in {row.manifest, row.view}]


async def loses_its_objects(shelf: studies.Shelf, study: UUID) -> None:
    for each in await objects(shelf, study):
        await shelf.store.delete(each)


async def rots(shelf: studies.Shelf, study: UUID) -> None:
    for each in await objects(shelf, study):
        sealed = bytearray(await shelf.store.get(each))
        sealed[len(sealed) // 2] ^= 1
        await shelf.store.delete(each)
        await shelf.store.put(each, sealed)


async def is_emptied(shelf: studies.Shelf, study: UUID) -> None:
    """What a disk may leave of a file after a power cut."""
    for each in await objects(shelf, study):
        await shelf.store.delete(each)
        await shelf.store.put(each, b"")


async def loses_its_manifest(shelf: studies.Shelf, study: UUID) -> None:
    row = await Study.get(id=study)
    assert row.manifest is not None
    await shelf.store.delete(row.manifest)


async def loses_its_key(shelf: studies.Shelf, study: UUID) -> None:
    del shelf
    await LocalKey.filter(study=study).update(box=b"exchanged")


async def gets_another_segment(shelf: studies.Shelf, study: UUID) -> None:
    del shelf
    await Segment.create(id=uuid4(), study=study, created_at=now(), box=b"exchanged")


@pytest.mark.parametrize("spoil", [loses_its_objects, rots, is_emptied])
@pytest.mark.parametrize("seen", [False, True])
async def test_a_damaged_image_sent_again_is_whole_again(
    shelf: studies.Shelf, erika: Actor, slices: Slices, spoil: Spoil, *, seen: bool
) -> None:
    files = slices(2, size=64)
    study = await kept(shelf, erika, files)
    if seen:
        assert await whole(shelf, erika) == set(files)
    listed = {each.id for each in await Instance.filter(study=study)}
    await spoil(shelf, study)
    with pytest.raises(UNREADABLE):
        await whole(shelf, erika)

    assert 0 not in await asked(shelf, erika, files), "whoever saw it can send it"
    outcome = await keep_files(shelf, erika, files)

    assert (sorted(outcome.kept), outcome.duplicates, outcome.refused) == ([0, 1], [], [])
    assert outcome.studies == {study}
    await prepared(shelf, erika, study)
    assert await whole(shelf, erika) == set(files)
    assert {each.id for each in await Instance.filter(study=study)} == listed, "pins still point"
    assert await asked(shelf, erika, files) == [0, 1]
    again = await keep_files(shelf, erika, files)
    assert (again.kept, sorted(again.duplicates)) == ([], [0, 1])
    lying = sum(each.size for each in await StoredObject.filter(holding=study, gone_at=None))
    assert (await storing.space(erika.id, shelf.free_quota)).used == lying
    sizes = [await shelf.store.size(each) for each in await objects(shelf, study)]
    assert all(sizes), "nothing of what was lost is counted any more"


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


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("spoil", [loses_its_objects, rots, is_emptied])
async def test_a_lost_image_is_replaced_by_the_very_same_one_and_by_no_other(
    shelf: studies.Shelf, erika: Actor, slices: Slices, spoil: Spoil, *, seen: bool
) -> None:
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    about = {name: generate_uid() for name in names}
    one, other = slices(1, size=64, **about), slices(1, size=64, seed=2, **about)
    study = await kept(shelf, erika, one)
    if seen:
        assert await whole(shelf, erika) == set(one)

    readable = await keep_files(shelf, erika, other)
    await spoil(shelf, study)
    if seen:
        with pytest.raises(UNREADABLE):
            await whole(shelf, erika)
    lost = await keep_files(shelf, erika, other)
    both = await keep_files(shelf, erika, [*other, *one])
    await prepared(shelf, erika, study)

    assert (readable.kept, readable.refused) == ([], [(0, "conflict")])
    assert (lost.kept, lost.refused) == ([], [(0, "conflict_lost")])
    assert (both.kept, both.refused) == ([1], [(0, "conflict_lost")])
    assert await whole(shelf, erika) == set(one)


@pytest.mark.parametrize("large", [False, True])
async def test_a_child_that_is_lost_while_it_rebuilds_says_nothing_about_the_image(
    shelf: studies.Shelf,
    erika: Actor,
    slices: Slices,
    monkeypatch: pytest.MonkeyPatch,
    *,
    large: bool,
) -> None:
    """Killed for want of memory, out of time, or ended with the portal: it is busy, no more."""
    if large:
        monkeypatch.setattr(originals, "REBUILT_AT_ONCE", 1)
    about = {name: generate_uid() for name in ("StudyInstanceUID", "SOPInstanceUID")}
    one, other = slices(1, size=64, **about), slices(1, size=64, seed=2, **about)
    study = await kept(shelf, erika, one)
    opened = await studies.open_own(shelf, erika, study)
    (instance,) = await Instance.filter(study=study)
    receive = Process._receive

    async def killed(self: Process) -> object:
        os.kill(self.pid, signal.SIGKILL)
        return await receive(self)

    inspect = shelf.pool.inspect

    async def inspected(*rest: object) -> object:
        with monkeypatch.context() as still:
            still.setattr(Process, "_receive", receive)
            return await inspect(*rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Process, "_receive", killed)
    monkeypatch.setattr(shelf.pool, "inspect", inspected)
    for files in (one, other):
        with pytest.raises(Busy):
            await keep_files(shelf, erika, files)
    with pytest.raises(Busy):
        await file_of(await opened.original_file(instance.id))
    monkeypatch.undo()

    assert (await Instance.get(id=instance.id)).digest_mark == instance.digest_mark
    assert (await keep_files(shelf, erika, one)).duplicates == [0]
    assert (await keep_files(shelf, erika, other)).refused == [(0, "conflict")]
    assert await whole(shelf, erika) == set(one)


async def test_of_two_windows_that_mend_one_image_both_are_told_what_is_true(
    shelf: studies.Shelf, erika: Actor, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one looks again: what the other one sent meanwhile is there."""
    one = slices(1, size=64)
    study = await kept(shelf, erika, one)
    await loses_its_objects(shelf, study)
    commit, turns = filing._commit, list[Outcome]()

    async def slow(*rest: object) -> None:
        if not turns:
            turns.append(Outcome())
            turns[0] = await keep_files(shelf, erika, one)
        await commit(*rest)  # type: ignore[arg-type]

    monkeypatch.setattr(filing, "_commit", slow)
    slower = await keep_files(shelf, erika, one)
    monkeypatch.undo()
    await prepared(shelf, erika, study)

    assert (turns[0].kept, turns[0].duplicates) == ([0], [])
    assert (slower.kept, slower.duplicates) == ([], [0])
    assert await whole(shelf, erika) == set(one)
    lying = sum(each.size for each in await StoredObject.filter(holding=study, gone_at=None))
    assert (await storing.space(erika.id, shelf.free_quota)).used == lying


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
    shelf.boxes._ends.clear()

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
    shelf.boxes._ends.clear()
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


async def _nothing(*_: object) -> None:
    """Whoever puts a study together comes later."""


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
