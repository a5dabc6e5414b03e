"""
Deleting the original data of an examination and keeping its pictures and findings.

Of every image a small JPEG is made, of every frame of it, as the overview shows it; then they take
the place of frames and files in one step, and the space is free at once.  What is no picture
(findings, reports, curves) stays as it came.  Whoever sends the same files again has it all back:
to the intake they are images that are lost.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from time import monotonic
from typing import Any, Final
from uuid import UUID

from portal import keys, storing
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Busy, Conflict, PortalError, Unknown
from portal.owing import owe
from portal.storing import Place, Role
from portal.studies import manifests
from portal.studies.access import live
from portal.studies.doubts import DOUBTED, UNREADABLE
from portal.studies.errors import StillPreparing
from portal.studies.events import StudyThinned
from portal.studies.manifests import FrameSet, InstanceEntry, Manifest
from portal.studies.models import Instance, Study
from portal.studies.opening import open_own, own_key, prepared
from portal.studies.originals import Original
from portal.studies.packing import JsonPlaces, Packer, places
from portal.studies.seeing import done as done_to
from portal.studies.shelf import Shelf
from portal.studies.summaries import PICTURED
from portal.studies.views import is_made
from viewer.photos import size_of

SIDE: Final = 512
"""Pixels of the longer side of what is kept."""
HOW: Final = {"format": "jpeg", "quality": 85, "window": None, "invert": False, "region": None}
BASELINE: Final = "1.2.840.10008.1.2.4.50"
"""JPEG Baseline (PS3.5 A.4.1)."""
DELETED: Final = "deleted"
"""Why there is no picture."""
AT_ONCE: Final = 1_000
"""Rows named in one statement."""
AGAIN: Final = 600.0
"""Seconds after which what was written is prolonged: it must be there at the end."""
TRIES: Final = 8
"""While the children are busy, and while somebody else writes the study."""


def thinnable(entry: InstanceEntry) -> bool:
    """Whether there are original data that would go; of a video nothing is left."""
    return entry["header"]["kind"] in PICTURED and "thinned" not in entry


async def thin(shelf: Shelf, actor: Actor, study_id: UUID) -> None:
    """
    Delete the original data of a study of one's own and keep small pictures.

    It happens whole or not at all.  Raises `Unknown`, `StillPreparing`, `Busy`, and `Conflict` when
    something is added to the study all the time.
    """
    key = await own_key(actor, study_id)
    if not await prepared(shelf, await open_own(shelf, actor, study_id)):
        raise StillPreparing(retry_after=60)
    for _ in range(TRIES):
        row = await manifests.settled(study_id)
        if row is None:
            await manifests.merge(shelf.boxes, study_id, key)
        elif await _thinned(shelf, actor, row, key):
            return
    raise Conflict


async def _thinned(shelf: Shelf, actor: Actor, row: Study, key: Secret) -> bool:
    """Whether it is done; not when the study became another one meanwhile."""
    before = await storing.objects_of(row.id)
    manifest, segments = await manifests.load(shelf.boxes, row, key)
    if segments:
        return False
    if not all(is_made(dict(each)) for each in manifest.values()):
        raise StillPreparing(retry_after=60)
    gone = [instance for instance, entry in manifest.items() if thinnable(entry)]
    if not gone:
        return True
    work = _Work(shelf, row, key)
    try:
        small = await work.all_of(manifest)
        following = await manifests.written(shelf.boxes, row, key, small)
        work.sizes |= following.made
        stale = before - await asyncio.to_thread(manifests.objects_in, small)
        done = False
        async with transaction():
            await keys.hold(actor)
            if not await live().filter(id=row.id, owner=actor.id).update(owner=actor.id):
                raise Unknown
            done = await manifests.swap(row, following, [], stale)
            if done:
                await storing.keep(actor.id, row.id, work.packed, None)
                await _are_lost(row.id, gone)
                await done_to(actor, row.id, "thinned", key)
                await owe(StudyThinned(row.id, actor.id))
    except PortalError:
        await shelf.boxes.delete(list(work.sizes))
        raise
    if not done:
        await shelf.boxes.delete(list(work.sizes))
    return done


async def _are_lost(study: UUID, gone: Sequence[str]) -> None:
    """Whoever has these files and asks is told to send them again."""
    for start in range(0, len(gone), AT_ONCE):
        some = [UUID(each) for each in gone[start : start + AT_ONCE]]
        await Instance.filter(study=study, id__in=some).update(digest_mark=DOUBTED)


class _Work:
    """Makes what is kept, in objects of its own."""

    def __init__(self, shelf: Shelf, row: Study, key: Secret) -> None:
        self._by = storing.Payer(AccountId(row.owner), None)
        self._shelf, self._row, self._key = shelf, row, key
        self._pictures, self._files = self._packer("frames"), self._packer("pack")
        self._films: list[Packer] = []
        self._day = now().astimezone(UTC).strftime("%Y%m%d")
        self._prolonged = monotonic()
        self.sizes: dict[UUID, int] = {}
        """What was written, whether it is needed or not."""

    def _packer(self, role: Role) -> Packer:
        return Packer(self._shelf.boxes, self._by, self._row.id, self._key, role)

    @property
    def packed(self) -> dict[UUID, int]:
        """The packs."""
        packers = (self._pictures, self._files, *self._films)
        return {name: size for each in packers for name, size in each.sizes.items()}

    async def all_of(self, manifest: Manifest) -> Manifest:
        """The manifest that is left.  Raises `Busy`."""
        going = {name: entry for name, entry in manifest.items() if thinnable(entry)}
        shared = manifests.objects_in(going)
        small: Manifest = {}
        try:
            for instance, entry in manifest.items():
                if instance in going:
                    small[instance] = await self._small(entry)
                elif shared.isdisjoint(manifests.objects_in({instance: entry})):
                    small[instance] = entry
                else:
                    small[instance] = await self._apart(entry)
            await self._pictures.close()
            await self._files.close()
        finally:
            self.sizes |= self.packed
        return small

    async def _apart(self, entry: InstanceEntry) -> InstanceEntry:
        """The same, in a pack without anything that goes."""
        if not entry["at"]:
            return entry
        pieces = [await self._files.add(each) async for each in self._original(entry).stretches()]
        await self._files.close()
        return {**entry, "at": [place for each in pieces for place in each]}

    async def _small(self, entry: InstanceEntry) -> InstanceEntry:
        view = entry["view"]
        smallest = view["previews"].get("128")
        previews = {"128": await self._again(smallest)} if smallest else {}
        made: FrameSet = {
            "codec": "none", "why": DELETED, "frames": [], "ends": [], "previews": previews,
            "skeleton": [], "facts": {},
        }  # fmt: skip
        frames, (width, height) = await self._pictured(self._original(entry), len(view["frames"]))
        if frames:
            made |= {
                "codec": "jpeg", "why": "", "frames": frames, "ends": [[] for _ in frames],
                "previews": previews | {"512": frames[len(frames) // 2]},
                "facts": _facts(view["facts"], height, width), "shape": [height, width],
            }  # fmt: skip
        return {**entry, "at": [], "view": made, "thinned": self._day}

    async def _pictured(
        self, file: Original, number: int
    ) -> tuple[list[JsonPlaces], tuple[int, int]]:
        """
        Where the small pictures of all frames lie, and their width and height; nowhere if one
        cannot be drawn or is not like the others.

        Of a film each is written as it is drawn, into packs of its own, which are taken back then.
        """
        packer = self._pictures if number == 1 else self._packer("frames")
        if number > 1:
            self._films.append(packer)
        made, sizes = list[JsonPlaces](), set[tuple[int, int]]()
        async for each in _drawn(file, number):
            sizes.add(size_of(each))
            if len(sizes) > 1:
                break
            made.append(await packer.add(each))
            await self._prolong()
        if number > 1:
            await packer.close()
        if made and len(made) == number:
            return made, sizes.pop()
        if number > 1:
            self._films.remove(packer)
            await self._shelf.boxes.delete(list(packer.sizes))
        return [], (0, 0)

    async def _prolong(self) -> None:
        """However long it takes, what was written at the beginning is there at the end."""
        if monotonic() - self._prolonged >= AGAIN:
            await storing.prolong(self._by.account, self.packed)
            self._prolonged = monotonic()

    async def _again(self, listed: JsonPlaces) -> JsonPlaces:
        return await self._pictures.add(b"".join(await self._read("frames", places(listed))))

    def _original(self, entry: InstanceEntry) -> Original:
        return Original(entry, self._read, self._shelf.pool)

    async def _read(self, role: Role, wanted: Sequence[Place]) -> list[bytes]:
        return await self._shelf.boxes.ranges(self._row.id, self._key, role, wanted)


async def _drawn(file: Original, frames: int) -> AsyncIterator[bytes]:
    """A small picture of each frame, up to one that cannot be drawn.  Raises `Busy`."""
    for frame in range(frames):
        facts = file.entry["view"]["facts"]
        large = max(facts["rows"], facts["columns"]) > SIDE
        how = HOW | {"size": [SIDE, SIDE] if large else "body"}
        try:
            yield await _patiently(file, frame, how)
        except (Unknown, *UNREADABLE):
            return


async def _patiently(file: Original, frame: int, how: dict[str, Any]) -> bytes:
    for _ in range(TRIES - 1):
        try:
            return await file.drawn(frame, how)
        except Busy as busy:
            await asyncio.sleep(busy.details.get("retry_after", 1))
    return await file.drawn(frame, how)


def _facts(facts: dict[str, Any], rows: int, columns: int) -> dict[str, Any]:
    """What the viewer is told of the small picture: greys as they are, lengths as they were."""
    grey = facts["samples"] == 1
    shown = {"center": 128.0, "width": 256.0, "function": "LINEAR", "explanation": ""}
    taller, wider = facts["rows"] / rows, facts["columns"] / columns

    def spaced(given: list[float] | None) -> list[float] | None:
        return [given[0] * taller, given[1] * wider] if given else None

    apart = [
        {name: spaced(value) if name == "spacing" else value for name, value in each.items()
         if name not in {"windows", "rescale"}}
        for each in facts.get("perFrame") or []
    ]  # fmt: skip
    return facts | {
        "rows": rows, "columns": columns, "codec": "jpeg", "transferSyntax": BASELINE,
        "bitsAllocated": 8, "bitsStored": 8, "highBit": 7, "signed": False, "planar": 0,
        "photometric": "MONOCHROME2" if grey else "RGB", "lossy": True, "paddingValue": None,
        "rescale": {"slope": 1.0, "intercept": 0.0}, "modalityLut": False, "voiLut": False,
        "windows": [shown] if grey else [], "spacing": spaced(facts["spacing"]), "aspect": None,
        "regions": [], "perFrame": apart,
    }  # fmt: skip
