"""
T41: the power fails at every single step of keeping, preparing, finishing and deleting.

What was acknowledged is there afterwards and whole; of the rest nothing is left, counted or torn.
A cut takes everything along that was not flushed, and nobody cleans up after it.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydicom.uid import generate_uid

from portal import documents, storing, studies
from portal.core import db
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.settings import Settings
from portal.owing.models import Owed
from portal.storing import FolderStore, keeping
from portal.storing.models import StoredObject
from portal.studies import manifests, parts
from portal.studies.models import Study, UploadPiece
from tests.studies.reading import originals_of
from viewer.dicom import Pool
from viewer.pdf import PdfPool

Slices = Callable[..., list[bytes]]


class PowerCut(BaseException):
    """No handler of ours runs after this; what the database rolls back, it would have lost."""


@dataclass
class Power:
    """Counts the steps down; from the last one on nothing happens any more."""

    left: int
    steps: list[str] = field(default_factory=list)

    @property
    def is_off(self) -> bool:
        return len(self.steps) >= self.left

    def step(self, name: str) -> None:
        if not self.is_off:
            self.steps.append(name)
        if self.is_off:
            raise PowerCut(name)


@contextmanager
def failing(power: Power, folder: Path) -> Iterator[None]:
    """Every write to the store and every transaction goes through *power*."""
    patch = pytest.MonkeyPatch()
    flush, delete, unit = FolderStore._flush, FolderStore._delete, db._unit

    def put_flush(store: FolderStore, file: Path) -> None:
        try:
            power.step("written, not flushed")
        except PowerCut:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
            file.with_name(f"{uuid4().hex}#1").write_bytes(b"half of somet")
            raise
        flush(store, file)
        power.step("flushed")

    def gone(store: FolderStore, object_id: UUID) -> None:
        power.step("before a removal")
        delete(store, object_id)
        power.step("after a removal")

    @asynccontextmanager
    async def one() -> AsyncIterator[None]:
        power.step("before a transaction")
        async with unit():
            yield
            power.step("before a commit")
        power.step("after a commit")

    patch.setattr(FolderStore, "_flush", put_flush)
    patch.setattr(FolderStore, "_delete", gone)
    patch.setattr(db, "_unit", one)
    try:
        yield
    finally:
        patch.undo()


def joined(*bodies: bytes) -> bytes:
    """One part with the records of several."""
    count = sum(int.from_bytes(each[4:8]) for each in bodies)
    return parts.MAGIC + count.to_bytes(4) + b"".join(each[8:] for each in bodies)


@dataclass
class Told:
    """What its sender has been answered before the cut."""

    client: UUID = field(default_factory=uuid4)
    answers: dict[int, studies.PartReceipt] = field(default_factory=dict)
    """By the part's number."""
    deleting: bool = False
    """It was asked for and not yet answered: either may be true."""
    deleted: bool = False

    @property
    def kept(self) -> set[int]:
        return {file for answer in self.answers.values() for file in answer.kept}

    @property
    def fates(self) -> list[int]:
        """Every file that was told to be kept, or there already, as often as it was told."""
        answers = self.answers.values()
        return sorted(file for each in answers for file in each.kept + each.duplicates)


@dataclass
class Machine:
    """A disk and a database that outlive the process, which is made anew after each cut."""

    settings: Settings
    pool: Pool
    pdf_pool: PdfPool

    def started(self) -> studies.Shelf:
        store = FolderStore(self.settings.object_folder)
        desk = documents.Desk.of(self.settings, store, self.pdf_pool)
        return studies.Shelf.of(self.settings, store, self.pool, desk)


async def sends(
    shelf: studies.Shelf, owner: Actor, files: list[bytes], told: Told
) -> tuple[UUID, UUID]:
    """Every part until it is answered, as a browser does; the upload and the study."""
    upload = (await studies.begin_upload(shelf, owner, told.client)).id
    first, (*large, last) = parts.build([(0, files[0])]), parts.build_pieces(1, files[1])
    for number, body in enumerate([first, *large, joined(last, parts.build([(2, files[2])]))]):
        if number not in told.answers:
            told.answers[number] = await studies.receive_part(shelf, owner, upload, number, body)
    (study,) = {study for answer in told.answers.values() for study in answer.studies}
    return upload, study


async def story(shelf: studies.Shelf, owner: Actor, files: list[bytes], told: Told) -> None:
    """Small files, a large one in pieces, frames, the end of the upload, and a deletion."""
    upload, study = await sends(shelf, owner, files, told)
    await shelf.preparing._prepare(*shelf.preparing._waiting.popitem(last=False))
    await studies.finish(shelf, owner, upload)
    told.deleting = True
    await studies.delete(owner, study)
    told.deleted = True
    await storing.sweep(shelf.store, parts=[])


async def goes_on(shelf: studies.Shelf, owner: Actor, files: list[bytes], told: Told) -> None:
    """The part that was cut comes again, then the others: each file is told of once."""
    upload, study = await sends(shelf, owner, files, told)
    assert told.fates == [0, 1, 2]
    assert not await UploadPiece.filter(upload=upload).exists()
    await studies.finish(shelf, owner, upload)
    assert await originals_of(shelf, owner) == set(files)
    await studies.delete(owner, study)


async def nobody_waits_for_news(shelf: studies.Shelf, owner: Actor) -> None:
    """Whoever prepares after the cut finds nothing to do: the news are owed by then."""
    for row in await Study.filter(owner=owner.id):
        key = await studies.own_key(owner, row.id)
        manifest, _ = await manifests.load(shelf.boxes, row, key)
        ready = bool(manifest) and all("view" in entry for entry in manifest.values())
        owed = await Owed.filter(kind="StudyPrepared", facts__contains=row.id.hex).count()
        assert owed == ready


async def nothing_is_left_over(shelf: studies.Shelf, folder: Path, owner: Actor) -> None:
    """After the sweeper: every file has its row, every row its whole file, every byte its count."""
    await storing.sweep(shelf.store, at=now() + timedelta(hours=2))
    rows = {row.id.hex: row.size for row in await StoredObject.all()}
    assert {path.name: path.stat().st_size for path in folder.rglob("*") if path.is_file()} == rows
    assert not await StoredObject.filter(gone_at__isnull=False).exists()
    mine = sum([row.size for row in await StoredObject.filter(owner=owner.id)])
    assert (await storing.space(owner.id, 2**30)).used == mine
    assert await keeping.passing(owner.id) == 0


@pytest.fixture
async def machine(database: Any, settings: Settings) -> AsyncIterator[Machine]:
    async with Pool(1) as pool, PdfPool(1) as pdf_pool:
        yield Machine(settings, pool, pdf_pool)


@pytest.mark.one_engine
async def test_whenever_the_power_fails_what_was_acknowledged_is_there_and_nothing_else(
    machine: Machine, person: Callable[[], Any], slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PIECE", 6000)
    same = {"StudyInstanceUID": generate_uid()}
    small, (large,) = slices(2, size=32, **same), slices(1, size=64, seed=2, **same)
    files, steps, folder = [small[0], large, small[1]], list[str](), machine.settings.object_folder

    for left in range(1, 500):
        owner, told, power = await person(), Told(), Power(left)
        with failing(power, folder), suppress(PowerCut):
            await story(machine.started(), owner, files, told)
        shelf = machine.started()
        found = await originals_of(shelf, owner)
        await nobody_waits_for_news(shelf, owner)

        wanted = set() if told.deleted else {files[number] for number in told.kept}
        where = f"cut {left} ({power.steps[-1]})"
        assert found <= set(files), f"{where}: something is there in part"
        assert wanted <= found or (told.deleting and not found), f"{where}: something is lost"
        await nothing_is_left_over(shelf, folder, owner)
        assert await originals_of(shelf, owner) == found, f"{where}: the sweeper took too much"
        if not told.deleting:
            await goes_on(shelf, owner, files, told)
        elif left % 5 == 0:
            await studies.keep_files(shelf, owner, files)
            assert await originals_of(shelf, owner) == set(files), f"{where}: it cannot come again"
        if not power.is_off:
            steps = power.steps
            break

    assert told.deleted
    assert len(steps) > 60, "the story was cut short"
