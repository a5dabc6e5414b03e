"""What was acknowledged is there, however long something took on the way."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from portal import documents, storing, studies
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Busy
from portal.core.settings import Settings
from portal.documents.models import Document
from portal.storing.models import StoredObject
from portal.storing.sweeping import ORPHAN_AGE, sweep
from portal.studies import parts
from portal.studies.models import Instance
from portal.studies.receiving import receive_part
from tests.studies.conftest import erika, person, shelf
from tests.viewer.pdf.making import pdf
from viewer.pdf import PdfPool

__all__ = ["erika", "person", "shelf"]

Slices = Callable[..., list[bytes]]


def _objects(settings: Settings) -> list[Path]:
    return [path for path in settings.object_folder.rglob("*") if path.is_file()]


async def test_an_hour_before_the_second_look_costs_no_acknowledged_document(
    shelf: studies.Shelf, erika: Actor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, looks, look = storing.store_for(settings), 0, PdfPool.look

    async def slow(pool: PdfPool, *args: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == 2:
            assert not _objects(settings), "nothing is written before all are looked at"
            await sweep(store, at=now() + ORPHAN_AGE + timedelta(minutes=11))
        return await look(pool, *args)

    monkeypatch.setattr(PdfPool, "look", slow)
    upload = await studies.begin_upload(shelf, erika, uuid4())
    part = parts.build([(0, pdf(["One"])), (1, pdf(["Two"]))])

    assert (await receive_part(shelf, erika, upload.id, 0, part)).kept == (0, 1)

    assert looks == 2
    for row in await Document.filter(owner=erika.id):
        assert await store.get(row.object)


async def test_a_commit_never_relies_on_an_object_that_a_sweeper_took(
    shelf: studies.Shelf, erika: Actor, settings: Settings
) -> None:
    arrived = [documents.Arrived(0, pdf(["Late"]), bytes(32))]

    async def too_late() -> None:
        async with documents.taking(shelf.desk, erika, arrived) as taking:
            later = now() + ORPHAN_AGE + timedelta(minutes=11)
            assert await sweep(storing.store_for(settings), at=later) == 1
            await taking.keep()

    with pytest.raises(Busy):
        await too_late()

    assert await Document.filter(owner=erika.id).count() == 0
    assert (await storing.space(erika.id, shelf.free_quota)).used == 0
    assert not _objects(settings), "everything is taken back"
    assert not await StoredObject.exists()


async def test_images_are_held_to_the_same(
    shelf: studies.Shelf,
    erika: Actor,
    settings: Settings,
    slices: Slices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep = storing.keep

    async def after_an_hour(account: Any, holding: UUID, *rest: Any) -> None:
        await sweep(storing.store_for(settings), at=now() + ORPHAN_AGE + timedelta(minutes=11))
        await keep(account, holding, *rest)

    upload = await studies.begin_upload(shelf, erika, uuid4())
    monkeypatch.setattr(storing, "keep", after_an_hour)

    with pytest.raises(Busy):
        await receive_part(shelf, erika, upload.id, 0, parts.build(list(enumerate(slices(2)))))

    assert await Instance.filter(owner=erika.id).count() == 0
    monkeypatch.setattr(storing, "keep", keep)
    again = await receive_part(shelf, erika, upload.id, 0, parts.build(list(enumerate(slices(2)))))
    assert again.kept == (0, 1)


async def test_looking_at_images_for_ever_gives_the_part_back(
    shelf: studies.Shelf,
    erika: Actor,
    settings: Settings,
    slices: Slices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("portal.studies.filing.PATIENCE", 0.0)
    upload = await studies.begin_upload(shelf, erika, uuid4())
    files = [*slices(1), pdf(["Beside"])]

    with pytest.raises(Busy):
        await receive_part(shelf, erika, upload.id, 0, parts.build(list(enumerate(files))))

    assert not _objects(settings)
