"""A bucket that cannot be reached for a while damages nothing, and reading the lists goes on."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import generate_uid

from portal import storing, studies
from portal.core.actor import Actor
from portal.memories import Memory
from portal.storing.bucket import BucketStore
from portal.storing.sweeping import ORPHAN_AGE
from portal.studies.intake import keep_files
from portal.studies.models import Study
from tests.s3 import S3
from tests.studies.reading import originals_in

Slices = Callable[..., list[bytes]]
NOWHERE = "s3://bucket?endpoint=http://127.0.0.1:9"
"""The port of RFC 863, which nobody serves."""


@pytest.fixture
def object_store(s3: S3) -> dict[str, Any]:
    return {"object_store": s3.bucket(), "object_key_file": s3.key_file}


async def test_a_bucket_that_is_away_is_waited_for(
    shelf: studies.Shelf, erika: Actor, slices: Slices, settings: Any, s3: S3
) -> None:
    assert not Path(settings.object_folder).exists()
    about = {"StudyInstanceUID": generate_uid()}
    files, more = slices(3, size=64, **about), slices(1, size=64, seed=7, **about)
    (study,) = (await keep_files(shelf, erika, files)).studies
    assert await shelf.preparing.done(study, 30.0)
    assert isinstance(shelf.store, BucketStore)
    there = shelf.store._objects

    shelf.store._objects = BucketStore(NOWHERE, s3.key_file)._objects
    shelf.boxes._ends = Memory(1)
    for sent in (more, files):
        with pytest.raises(storing.Away):
            await keep_files(shelf, erika, sent)
    with pytest.raises(storing.Away):
        await originals_in(await studies.open_own(shelf, erika, study))
    (summary,) = await studies.my_studies(shelf, erika)
    assert (summary.id, summary.instances) == (study, 3)

    shelf.store._objects = there
    assert (await keep_files(shelf, erika, files)).duplicates == [0, 1, 2]
    assert await Study.all().count() == 1
    assert await originals_in(await studies.open_own(shelf, erika, study)) == set(files)


async def test_what_is_deleted_leaves_the_bucket(
    shelf: studies.Shelf, erika: Actor, slices: Slices, settings: Any
) -> None:
    (study,) = (await keep_files(shelf, erika, slices(2, size=64))).studies
    assert await shelf.preparing.done(study, 30.0)

    await studies.delete(erika, study)
    later = await storing.database_now() + ORPHAN_AGE + timedelta(minutes=11)
    assert await storing.sweep(shelf.store, at=later) > 0

    clock = await shelf.store.clock()
    left = [await shelf.store.older_than(0, clock + 60, part) for part in range(storing.PARTS)]
    assert not any(left)
