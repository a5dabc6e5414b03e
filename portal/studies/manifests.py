"""
The sealed description of a study: every instance, its header, where its bytes lie.

A manifest is a dictionary of instances by id.  What a part of an upload or the preparation of
frames adds is a *segment*; merging all segments into the next generation is a compare-and-swap on
the study's row, so whoever loses starts again and nothing is lost.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict
from uuid import UUID, uuid4

from portal import storing, vault
from portal.core.actor import AccountId, Secret
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.owing import owe
from portal.storing import Boxes
from portal.studies import words
from portal.studies.describing import packed, unpacked
from portal.studies.events import StudyWorded
from portal.studies.models import Segment, Study
from portal.studies.packing import JsonPlaces
from portal.studies.summaries import sealed_summary
from portal.studies.views import browser_view

TRIES: Final = 8
IN_MANIFEST: Final = 1
IN_SEGMENT: Final = 2
"""How deep the instances lie."""


class FrameSet(TypedDict):
    """An instance as the viewer reads it."""

    codec: str
    """`htj2k`, `jpeg`, or `none` with the reason in `why`."""
    why: str
    frames: list[JsonPlaces]
    ends: list[list[int]]
    previews: dict[str, JsonPlaces]
    skeleton: JsonPlaces
    """What rebuilds the original together with the frames; empty: the original is kept."""
    facts: dict[str, Any]
    tries: NotRequired[int]
    """How often a fault was in the way that may pass: an object did not open, a child was lost."""
    words: NotRequired[str]
    """What is written in a finding or report (`wording.Wording`); nothing for what is looked at."""
    shape: NotRequired[list[int]]
    """Rows and columns, where they are not those of the header: of a small picture."""
    of: NotRequired[str]
    """In a segment: the object it was made from, in which the instance still has to lie."""


class InstanceEntry(TypedDict):
    """One stored instance."""

    header: dict[str, Any]
    sha256: str
    size: int
    crc32: NotRequired[int]
    """Of the file, for archives; what was stored by older versions does not have it."""
    at: JsonPlaces
    """The original's bytes; empty once the skeleton stands in for them."""
    view: NotRequired[FrameSet]
    thinned: NotRequired[str]
    """The day (`YYYYMMDD`) on which its owner deleted the original and kept a small picture."""


Manifest = dict[str, InstanceEntry]
"""Instance id (hexadecimal) to entry."""


class Addition(TypedDict):
    """A segment."""

    instances: Manifest
    views: dict[str, FrameSet]


def segment(study: UUID, key: Secret, addition: Addition) -> Segment:
    """One more segment, for a thread; save it inside the transaction that makes it true."""
    segment_id = uuid4()
    context = vault.contexts.blob(study, segment_id, "segment")
    box = vault.box(key, packed(addition, IN_SEGMENT), context)
    return Segment(id=segment_id, study=study, created_at=now(), box=box)


async def load(boxes: Boxes, row: Study, key: Secret) -> tuple[Manifest, list[UUID]]:
    """
    The manifest with all segments merged in, and which segments those were.

    Raises `Unknown` when the study is gone.
    """
    row, segments = await _consistent(row)
    whole = None
    if row.manifest is not None:
        whole = await boxes.read(row.id, key, "manifest", row.manifest)
    manifest = await asyncio.to_thread(_merged, row.id, whole, segments, key)
    return manifest, [each.id for each in segments]


def _merged(study: UUID, whole: bytes | None, segments: Iterable[Segment], key: Secret) -> Manifest:
    """What the generation said and what came since, for a thread."""
    manifest: Manifest = {} if whole is None else unpacked(whole)
    additions: list[Addition] = [
        unpacked(vault.unbox(key, each.box, vault.contexts.blob(study, each.id, "segment")))
        for each in segments
    ]
    for addition in additions:
        manifest |= addition["instances"]
    for addition in additions:
        for instance, view in addition["views"].items():
            _show(manifest.get(instance), view)
    _drop_originals(manifest)
    return manifest


def _show(entry: InstanceEntry | None, view: FrameSet) -> None:
    """An instance that was stored anew meanwhile, or that is lost, has nothing of what it was."""
    if entry is None or ("of" in view and view["of"] != _origin(entry)):
        return
    entry["view"] = view
    entry["view"].pop("of", None)


def _origin(entry: InstanceEntry) -> str:
    return str(entry["at"][0][0]) if entry["at"] else ""


def made_from(entry: InstanceEntry, view: FrameSet) -> FrameSet:
    """A view for a segment: it holds as long as the instance lies where it was read."""
    return {**view, "of": _origin(entry)}


async def _consistent(row: Study) -> tuple[Study, list[Segment]]:
    """A generation and the segments that came after it; a merge between the two looks again."""
    while True:
        segments = await Segment.filter(study=row.id).order_by("created_at")
        latest = await Study.get_or_none(id=row.id)
        if latest is None:
            raise Unknown
        if latest.generation == row.generation:
            return latest, segments
        row = latest


async def settled(study: UUID) -> Study | None:
    """The row when its generation says everything, None while segments wait to be merged."""
    # In this order: what was merged after the first look is in the row of the second.
    if await Segment.exists(study=study):
        return None
    return await Study.get_or_none(id=study)


def _drop_originals(manifest: Manifest) -> None:
    """A pack goes when every instance in it can be rebuilt; a pack with an exception stays."""
    needed = {
        place[0] for entry in manifest.values() if not _rebuildable(entry) for place in entry["at"]
    }
    for entry in manifest.values():
        if _rebuildable(entry) and not any(place[0] in needed for place in entry["at"]):
            entry["at"] = []


def _rebuildable(entry: InstanceEntry) -> bool:
    return bool("view" in entry and entry["view"]["skeleton"])


def objects_in(manifest: Manifest) -> set[UUID]:
    """Every object the manifest refers to."""
    found: set[str] = set()
    for entry in manifest.values():
        found |= _in(entry["at"])
        if "view" in entry:
            view = entry["view"]
            found |= _in(view["skeleton"])
            for places in (*view["frames"], *view["previews"].values()):
                found |= _in(places)
    return {UUID(each) for each in found}


def _in(places: Iterable[list[str | int]]) -> set[str]:
    return {str(place[0]) for place in places}


async def merge(boxes: Boxes, study_id: UUID, key: Secret) -> None:
    """Make the next generation out of what is there, unless nothing came since the last one."""
    for _ in range(TRIES):
        row = await Study.get_or_none(id=study_id)
        if row is None:
            return
        before = await storing.objects_of(study_id)
        manifest, segments = await load(boxes, row, key)
        if not segments:
            return
        following = await written(boxes, row, key, manifest)
        stale = before - await asyncio.to_thread(objects_in, manifest)
        if await swap(row, following, segments, stale):
            return
        await boxes.delete(list(following.made))


@dataclass(frozen=True, slots=True)
class Generation:
    """The next one, whose objects are written, and which is not true yet."""

    manifest: UUID
    view: UUID
    summary: bytes
    words: bytes | None
    made: dict[UUID, int]
    """Its objects, and the bytes of each."""


async def written(boxes: Boxes, row: Study, key: Secret, manifest: Manifest) -> Generation:
    """What `swap` makes the study's."""
    by = storing.Payer(AccountId(row.owner), None)
    whole = await asyncio.to_thread(packed, manifest, IN_MANIFEST)
    said = await boxes.write(by, row.id, key, "manifest", whole)
    shown = await asyncio.to_thread(browser_view, row.id, manifest)
    seen = await boxes.write(by, row.id, key, "view", shown)
    summary = await asyncio.to_thread(sealed_summary, row.id, key, manifest)
    written_in = await asyncio.to_thread(words.sealed, row, key, manifest)
    return Generation(said[0], seen[0], summary, written_in, dict((said, seen)))


async def swap(
    row: Study, following: Generation, segments: list[UUID], stale: Collection[UUID]
) -> bool:
    """Take the next generation, which says what *segments* said; whether nobody was first."""
    async with transaction():
        # The generation in the WHERE decides: of two mergers one wins, the other looks again.
        won = await Study.filter(id=row.id, generation=row.generation).update(
            generation=row.generation + 1, manifest=following.manifest, view=following.view,
            summary=following.summary, words=following.words,
        )  # fmt: skip
        if won:
            if following.words != row.words:
                await owe(StudyWorded(row.id, AccountId(row.owner)))
            await Segment.filter(id__in=segments).delete()
            await storing.keep(AccountId(row.owner), row.id, following.made, None)
            await storing.let_go(stale)
    return bool(won)
