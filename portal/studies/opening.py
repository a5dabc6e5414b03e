"""An opened study: whoever holds its key reads frames and originals as ranges of packs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self
from uuid import UUID

from portal import documents, keys, vault
from portal.core.actor import Actor, Secret
from portal.core.errors import Busy, Unknown
from portal.storing import Boxes, Place, Role
from portal.studies import manifests
from portal.studies.access import live, study_for, study_with
from portal.studies.describing import inflated, unpacked
from portal.studies.doubts import UNREADABLE, doubt
from portal.studies.inflating import stretches_of
from portal.studies.layouts import Generation, Layout
from portal.studies.manifests import FrameSet, InstanceEntry, Manifest
from portal.studies.marks import Marks
from portal.studies.models import Study
from portal.studies.originals import Original, Read, cut
from portal.studies.packing import places
from portal.studies.shelf import Shelf
from portal.studies.summaries import opened_summary, shown_date, titled
from portal.studies.views import browser_view
from viewer import Series, series_of
from viewer.dicom import PoolFull, Reason, Refused, Report

REPORTS: Final = frozenset({"report", "keys"})
"""Kinds of objects that consist of words (`viewer.dicom.Kind`)."""
LARGEST_REPORT: Final = 32 * 1024 * 1024
"""Bytes of a report that is read."""
PATIENCE: Final = 20.0
"""Seconds an opening waits for frames that are just being made."""


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study together with its key, for the length of a request."""

    id: UUID
    key: Secret = field(repr=False)
    _row: Study = field(repr=False)
    _shelf: Shelf = field(repr=False)
    _is_settled: bool = False
    """The row was read after nothing waited to be merged into it (`manifests.settled`)."""
    is_own: bool = False
    """It is in the keeping of whoever asks, who may take it away."""

    @property
    def title(self) -> str:
        """The examination in a few words, without the patient."""
        return titled(self._facts)

    @property
    def subtitle(self) -> str:
        """When it was, as the reader writes dates."""
        return shown_date(str(self._facts.get("date", "")))

    @property
    def _facts(self) -> dict[str, Any]:
        """What the row's small box says; nothing when it was exchanged: images lie elsewhere."""
        try:
            if self._row.summary is None:
                return {}
            return opened_summary(self.id, self.key, self._row.summary)
        except vault.Tampered:
            vault.report("study does not open: row", self.id)
            return {}

    async def settled(self) -> Self:
        """
        The same study, read when nothing waited to be merged into it; itself while something does.

        Whoever asks it several things asks this first, so that it looks but once.
        """
        if self._is_settled:
            return self
        row = await manifests.settled(self.id)
        return self if row is None else replace(self, _row=row, _is_settled=True)

    async def opening(self) -> tuple[bytes, tuple[Series, ...]]:
        """The browser's manifest (`views.view_of`), packed, and the series in it."""
        study = await self.settled()
        if study is not self:
            return await study.opening()
        if not self._is_settled or self._row.view is None:
            packed = await asyncio.to_thread(browser_view, self.id, await self._whole())
            return packed, await asyncio.to_thread(_series_in, packed)
        packed = await self._boxes.read(self.id, self.key, "view", self._row.view)
        known = self._known_series
        if known is None:
            known = await asyncio.to_thread(_series_in, packed)
            self._shelf.series.put(self._generation, known)
        return packed, known

    async def listed(self) -> tuple[Series, ...]:
        """The series alone: nothing is read while the last that was read still holds."""
        study = await self.settled()
        if study is not self:
            return await study.listed()
        known = self._known_series
        return (await self.opening())[1] if known is None else known

    async def manifest(self) -> dict[str, Any]:
        """The browser's manifest, unpacked."""
        packed, _ = await self.opening()
        view: dict[str, Any] = await asyncio.to_thread(unpacked, packed)
        return view

    @property
    def is_prepared(self) -> bool:
        """Whether every instance's frames are made, as the summary of a settled study says."""
        return self._is_settled and bool(self._facts.get("prepared"))

    @property
    def edition(self) -> int | None:
        """What counts the changes of a settled study; None while something is being added."""
        return self._row.generation if self._is_settled else None

    @property
    def _known_series(self) -> tuple[Series, ...] | None:
        """Remembered of exactly this generation, with nothing that came since."""
        if not self._is_settled:
            return None
        return self._shelf.series.get(self._generation)

    async def frame(
        self, instance: UUID, frame: int, start: int = 0, stop: int | None = None
    ) -> bytes:
        """Bytes of a frame (from 0) in its codec.  Raises `Unknown` when there is none."""
        frames = (await self._view(instance))["frames"]
        if not 0 <= frame < len(frames):
            raise Unknown
        return b"".join(await self._reader(instance)("frames", cut(frames[frame], start, stop)))

    async def frame_size(self, instance: UUID, frame: int) -> tuple[str, int]:
        """Codec and bytes of a frame (from 0).  Raises `Unknown` when there is none."""
        view = await self._view(instance)
        if not 0 <= frame < len(view["frames"]):
            raise Unknown
        return view["codec"], sum(int(place[2]) for place in view["frames"][frame])

    async def preview(self, instance: UUID, size: int) -> bytes | None:
        """A JPEG at most *size* (128 or 512) pixels wide and high, or None without pictures."""
        made = (await self._view(instance))["previews"]
        found = made.get(str(size)) or made.get("128")
        return b"".join(await self._reader(instance)("frames", places(found))) if found else None

    async def original_file(self, instance: UUID) -> Original:
        """The file as it was uploaded, bit for bit, to be read in stretches."""
        return Original(await self.stored(instance), self._reader(instance), self._shelf.pool)

    async def originals(self, *, gone: bool = False) -> AsyncIterator[tuple[UUID, Original]]:
        """
        Every file with its instance, also those that are *gone* if wanted; what tells where they
        lie is read once for all of them.
        """
        for name, entry in (await self._whole()).items():
            if gone or "thinned" not in entry:
                instance = UUID(name)
                yield instance, Original(entry, self._reader(instance), self._shelf.pool)

    async def enclosed(self, instance: UUID) -> documents.Enclosed:
        """The document inside an instance, a finding among the images.  Raises `Unknown`."""
        entry = await self.stored(instance)
        header = entry["header"]
        if header["kind"] != "document":
            raise Unknown

        async def inside(most: int) -> documents.Inside:
            file = await self.original_file(instance)
            try:
                found = await self._shelf.pool.embedded(
                    [each async for each in file.stretches()], most
                )
            except PoolFull:
                raise Busy(retry_after=2) from None
            if isinstance(found, Refused):
                raise documents.TooLarge if found.reason is Reason.TOO_LARGE else Unknown
            again = stretches_of(file, found.start, found.packed)
            return documents.Inside(found.title, found.data, again)

        title = header["series_description"] or header["study_description"]
        return documents.Enclosed(instance, title, header["study_date"], entry["size"], inside)

    async def report(self, instance: UUID) -> Report | Refused:
        """What a report or a selection of key images says.  Raises `Unknown` for other kinds."""
        entry = await self.stored(instance)
        if entry["header"]["kind"] not in REPORTS:
            raise Unknown
        if entry["size"] > LARGEST_REPORT:
            return Refused(Reason.TOO_LARGE)
        file = await self.original_file(instance)
        try:
            return await self._shelf.pool.report([each async for each in file.stretches()])
        except PoolFull:
            raise Busy(retry_after=2) from None

    async def stored(self, instance: UUID) -> InstanceEntry:
        """What the manifest says of an instance: header, SHA-256, size, where it lies."""
        entry = (await self._whole()).get(instance.hex)
        if entry is None:
            raise Unknown
        return entry

    @property
    def _generation(self) -> Generation:
        return self.id, self._row.generation

    @property
    def _boxes(self) -> Boxes:
        return self._shelf.boxes

    async def _whole(self) -> Manifest:
        manifest, _ = await manifests.load(self._boxes, self._row, self.key)
        return manifest

    async def named(self, series: str, sop: str) -> tuple[UUID, Original]:
        """The image with these UIDs, its entry as `Layout` has it; `Unknown`, also if gone."""
        known = self._shelf.maps.get(self._generation)
        if known is None or not known.shows(known.named(series, sop)):
            known = await self._look()
        name = known.named(series, sop)
        if not name or "thinned" in known.entries[name]:
            raise Unknown
        instance = UUID(name)
        read = self._reader(instance)
        return instance, Original(known.entries[name], read, self._shelf.pool, known.noted[name])

    async def _view(self, instance: UUID) -> FrameSet:
        known = self._shelf.maps.get(self._generation)
        if known is None or not known.shows(instance.hex):
            known = await self._look()
        if not known.shows(instance.hex):
            raise Unknown
        return known.entries[instance.hex]["view"]

    async def _look(self) -> Layout:
        """Where everything lies now, remembered for whoever asks next."""
        found = await asyncio.to_thread(Layout.of, await self._whole())
        self._shelf.maps.put(self._generation, found)
        return found

    async def _still_names(self, instance: UUID, objects: set[UUID]) -> bool:
        """Whether these are what the image consists of now, and not what somebody replaced."""
        entry = (await self._whole()).get(instance.hex)
        named = {} if entry is None else {instance.hex: entry}
        if objects <= manifests.objects_in(named):
            return True
        self._shelf.maps.forget(self._generation)
        return False

    def _reader(self, instance: UUID) -> Read:
        """Reads what an instance consists of; what does not open may be sent again."""

        async def read(role: Role, wanted: Sequence[Place]) -> list[bytes]:
            try:
                return await self._boxes.ranges(self.id, self.key, role, wanted)
            except UNREADABLE:
                if not await self._still_names(instance, {each.object for each in wanted}):
                    raise Busy(retry_after=1) from None
                await doubt(self.id, instance)
                raise

        return read


def _series_in(packed: bytes) -> tuple[Series, ...]:
    return series_of(inflated(packed))


async def open_own(shelf: Shelf, actor: Actor, study_id: UUID) -> OpenStudy:
    """The actor's own study, or `Unknown`."""
    row = await study_for(actor, study_id)
    return OpenStudy(row.id, await _key_to(actor, row), row, shelf, is_own=True)


async def open_by_uid(shelf: Shelf, actor: Actor, uid: str) -> OpenStudy:
    """The actor's own study with this StudyInstanceUID, or `Unknown`."""
    row = await study_with(actor, (await Marks.of(actor)).study(uid))
    return OpenStudy(row.id, await _key_to(actor, row), row, shelf, is_own=True)


async def own_key(actor: Actor, study_id: UUID) -> Secret:
    """The key of a study of one's own, to hand it on sealed; `Unknown` otherwise."""
    return await _key_to(actor, await study_for(actor, study_id))


async def _key_to(actor: Actor, row: Study) -> Secret:
    key = await keys.open_study_key(actor, row.id)
    if key is None:
        raise Unknown
    return key


async def open_with(shelf: Shelf, study_id: UUID, key: Secret) -> OpenStudy:
    """The study whose key another room holds for somebody; `Unknown` when gone or binned."""
    row = await live().get_or_none(id=study_id)
    if row is None:
        raise Unknown
    return OpenStudy(row.id, key, row, shelf)


async def prepared(shelf: Shelf, study: OpenStudy, patience: float = PATIENCE) -> bool:
    """Make sure that frames are made or under way; whether all of them are there now."""
    if (await study.settled()).is_prepared:
        return True
    shelf.preparing.add(study.id, study.key)
    return await shelf.preparing.done(study.id, patience)
