"""What cannot be read any more is sent again and is whole; what it lies beside goes on."""

import os
import signal

import pytest
from pydicom.uid import generate_uid

from portal import storing, studies
from portal.core.actor import Actor
from portal.core.errors import Busy
from portal.storing.models import StoredObject
from portal.studies import filing, originals
from portal.studies.doubts import UNREADABLE
from portal.studies.intake import keep_files
from portal.studies.models import Instance
from portal.studies.outcomes import Outcome
from tests.studies.reading import file_of
from tests.studies.spoiling import (
    Slices,
    Spoil,
    asked,
    is_emptied,
    kept,
    loses_its_objects,
    objects,
    prepared,
    rots,
    whole,
)
from viewer.children.process import Process


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
