"""
Frames for the viewer, made right after the answer, or at the first opening if that was missed.

One task per process works through the studies that gained something; it holds their keys in
memory until it is done, and what it has not done when the process ends is done when somebody
opens the study.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from portal import storing
from portal.core.actor import AccountId, Secret
from portal.core.db import transaction
from portal.core.errors import Busy
from portal.owing import owe
from portal.storing import Boxes
from portal.studies import manifests
from portal.studies.doubts import UNREADABLE, doubt
from portal.studies.events import StudyPrepared
from portal.studies.manifests import FrameSet, InstanceEntry, Manifest
from portal.studies.models import Instance, Study
from portal.studies.packing import JsonPlaces, Packer, places
from portal.studies.views import is_made
from portal.studies.wording import Wording, has_words, lacks_words
from viewer.dicom import Canonical, Frame, Pool, Reason, Undecodable

MOST_WAITING: Final = 500
"""Studies whose keys wait in memory; older ones are left to their first opening."""
BATCH_COUNT: Final = 32
BATCH_BYTES: Final = 32 * 1024 * 1024
FEW: Final = 16
"""Up to so many images of a series at a time all get a large preview, else the middle one."""

LOST: Final = (Reason.TIMEOUT, Reason.MEMORY, Reason.CRASHED)
"""What becomes of a child says little about the image: it is tried again."""

log = logging.getLogger(__name__)


class Preparing:
    """The queue of studies to prepare, and the work."""

    def __init__(self, boxes: Boxes, pool: Pool, wording: Wording) -> None:
        self._boxes, self._pool, self._wording = boxes, pool, wording
        self._waiting: OrderedDict[UUID, Secret] = OrderedDict()
        self._again: dict[UUID, set[str]] = {}
        self._idle: dict[UUID, asyncio.Event] = {}
        self._wake = asyncio.Event()

    def add(self, study: UUID, key: Secret, again: Iterable[str] = ()) -> None:
        """Prepare *study* soon, those instances included of which a fault was tried too often."""
        self._waiting[study] = key
        self._again.setdefault(study, set()).update(again)
        self._idle.setdefault(study, asyncio.Event())
        if len(self._waiting) > MOST_WAITING:
            dropped, _ = self._waiting.popitem(last=False)
            self._again.pop(dropped, None)
            self._rest(dropped)
        self._wake.set()

    async def done(self, study: UUID, patience: float) -> bool:
        """Whether nothing is left to prepare, after waiting up to *patience* seconds."""
        idle = self._idle.get(study)
        if idle is None:
            return True
        try:
            async with asyncio.timeout(patience):
                await idle.wait()
        except TimeoutError:
            return False
        return True

    async def work(self) -> None:
        """Prepare whatever waits, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                study, key = self._waiting.popitem(last=False)
                try:
                    await self._prepare(study, key)
                except Exception as error:  # noqa: BLE001 -- an edge: one bad study stops no other
                    log.warning("preparing failed: %s", type(error).__name__)
                finally:
                    if study not in self._waiting:
                        self._rest(study)

    def _rest(self, study: UUID) -> None:
        idle = self._idle.pop(study, None)
        if idle is not None:
            idle.set()

    async def _prepare(self, study: UUID, key: Secret) -> None:
        again = self._again.pop(study, set[str]())
        row = await Study.get_or_none(id=study)
        if row is None:
            return
        manifest, _ = await manifests.load(self._boxes, row, key)
        batches = list(_batches(manifest, again))
        new = any("view" not in entry for batch in batches for _, entry in batch)
        for batch in batches:
            # What is filed from here on is prepared next, and has a last one of its own.
            known = len(manifest) if new and batch is batches[-1] else None
            if not await self._prepare_batch(row, key, batch, known):
                return
        if study not in self._waiting:
            await manifests.merge(self._boxes, study, key)

    async def _prepare_batch(
        self, row: Study, key: Secret, batch: list[tuple[str, InstanceEntry]], known: int | None
    ) -> bool:
        """
        Prepare some instances of one series; False when the study is gone.

        With the last ones of all *known* instances its owner is owed the news, unless more were
        filed meanwhile: whoever prepares later finds nothing to do.
        """
        by = storing.Payer(AccountId(row.owner), None)
        packer = Packer(self._boxes, by, row.id, key, "frames")
        views = await self._views(row, key, batch, packer)
        await packer.close()
        addition: manifests.Addition = {"instances": {}, "views": views}
        segment = await asyncio.to_thread(manifests.segment, row.id, key, addition)
        there = 0
        try:
            async with transaction():
                there = await Study.filter(id=row.id).update(owner=row.owner)
                if there:
                    await segment.save(force_create=True)
                    await storing.keep(by.account, row.id, packer.sizes, None)
                if there and known == await Instance.filter(study=row.id).count():
                    await owe(StudyPrepared(row.id, by.account))
        except Busy:
            await self._boxes.delete(list(packer.sizes))
            raise
        if not there:
            await self._boxes.delete(list(packer.sizes))
        return bool(there)

    async def _views(
        self, row: Study, key: Secret, batch: list[tuple[str, InstanceEntry]], packer: Packer
    ) -> dict[str, FrameSet]:
        views: dict[str, FrameSet] = {}
        for number, (instance, entry) in enumerate(batch):
            chosen = len(batch) <= FEW or number == len(batch) // 2
            try:
                pieces = await self._boxes.ranges(row.id, key, "pack", places(entry["at"]))
                view = await self._view(entry, packer, pieces, large=chosen)
                if has_words(dict(entry)):
                    by = AccountId(row.owner)
                    view["words"] = await self._wording.words(by, row.id, dict(entry), pieces)
            except UNREADABLE:  # the others are made; this one can be sent again
                await doubt(row.id, UUID(instance))
                view = _without_frames(str(Reason.DAMAGED), {})
                view["tries"] = 0
            if "tries" in view:
                view["tries"] = 1 + entry.get("view", view).get("tries", 0)
            views[instance] = manifests.made_from(entry, view)
        return views

    async def _view(
        self, entry: InstanceEntry, packer: Packer, pieces: Sequence[bytes], *, large: bool
    ) -> FrameSet:
        """What there is already, when only words are lacking; else made anew."""
        if "view" in entry and "tries" not in entry["view"]:
            return {**entry["view"]}
        return await _stored(self._pool, packer, pieces, large=large)


def _batches(
    manifest: Manifest, again: Collection[str]
) -> Iterator[list[tuple[str, InstanceEntry]]]:
    """What has no frames or words yet, series by series in reading order, in bounded portions."""
    todo = sorted(
        (each for each in manifest.items() if each[0] in again or _is_due(dict(each[1]))),
        key=lambda each: _order(each[1]["header"]),
    )
    batch: list[tuple[str, InstanceEntry]] = []
    size, series = 0, ""
    for instance, entry in todo:
        full = len(batch) >= BATCH_COUNT or size + entry["size"] > BATCH_BYTES
        if batch and (full or entry["header"]["series_instance_uid"] != series):
            yield batch
            batch, size = [], 0
        batch.append((instance, entry))
        size += entry["size"]
        series = entry["header"]["series_instance_uid"]
    if batch:
        yield batch


def _is_due(entry: dict[str, Any]) -> bool:
    return not is_made(entry) or lacks_words(entry)


def _order(header: dict[str, Any]) -> tuple[str, int]:
    return header["series_instance_uid"], int(header["instance_number"] or 0)


async def _stored(
    pool: Pool, packer: Packer, original: Sequence[bytes], *, large: bool
) -> FrameSet:
    """Append an instance's frames, previews and skeleton to the pack as they are made."""
    frames: list[JsonPlaces] = []
    ends: list[list[int]] = []

    async def keep(frame: Frame) -> None:
        frames.append(await packer.add(frame.data))
        ends.append(list(frame.ends))

    found = await pool.canonical(original, keep=keep)
    if not isinstance(found, Canonical):
        facts = found.meta if isinstance(found, Undecodable) else {}
        view = _without_frames(str(found.reason), facts)
        if found.reason in LOST:
            view["tries"] = 0
        return view
    previews = {"128": found.preview_128} | ({"512": found.preview_512} if large else {})
    return {
        "codec": found.meta["codec"],
        "why": "",
        "frames": frames,
        "ends": ends,
        "previews": {size: await packer.add(data) for size, data in previews.items()},
        "skeleton": await packer.add(found.skeleton) if found.skeleton else [],
        "facts": found.meta,
    }


def _without_frames(why: str, facts: dict[str, Any]) -> FrameSet:
    return {
        "codec": "none",
        "why": why,
        "frames": [],
        "ends": [],
        "previews": {},
        "skeleton": [],
        "facts": facts,
    }
