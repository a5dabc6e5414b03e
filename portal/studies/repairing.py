"""
What comes again is a duplicate only when what is stored can still be read; else it replaces it.

An examination that does not open any more is set aside as it is, for its owner to delete, and what
comes again is filed anew: nothing is destroyed because a key, a row or a disk failed.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import transaction
from portal.core.errors import Unknown
from portal.storing import Boxes, Place, Role
from portal.studies import manifests
from portal.studies.access import study_for
from portal.studies.doubts import DOUBTED, UNREADABLE
from portal.studies.manifests import InstanceEntry, Manifest
from portal.studies.models import ASIDE, MARK, Instance, Study
from portal.studies.originals import STRETCH, Original, cut
from portal.studies.packing import JsonPlaces, places
from portal.studies.shelf import Shelf


async def opened_manifest(boxes: Boxes, row: Study, key: Secret | None) -> Manifest | None:
    """
    The manifest of a study, or None when it does not open any more.

    Raises `Unknown`, and `storing.Away` when there is no store: that says nothing about the study.
    """
    if key is None:
        return None
    try:
        manifest, _ = await manifests.load(boxes, row, key)
    except UNREADABLE:
        vault.report("study does not open: row", row.id)
        return None
    return manifest


async def set_aside(actor: Actor, row: Study) -> bool:
    """
    Let a study that does not open stand by itself; whether it still stood where it was.

    Its owner sees it as damaged while it does not open, and can delete it; files of the same
    examination begin a new one.
    Raises `SignInNeeded` when the actor's root was replaced: then the key may well be there.
    """
    async with transaction():
        await keys.hold(actor)
        there = Study.filter(id=row.id, uid_mark=row.uid_mark)
        mark = ASIDE + secrets.token_hex(MARK // 2)[len(ASIDE) :]
        return bool(await there.update(uid_mark=mark))


async def readable(shelf: Shelf, study: UUID, key: Secret, entry: InstanceEntry) -> bool:
    """Whether an instance can be given back and shown, every byte of it.  Raises `Busy`."""

    if "thinned" in entry:
        return False

    async def read(role: Role, wanted: Sequence[Place]) -> list[bytes]:
        return await shelf.boxes.ranges(study, key, role, wanted)

    try:
        async for _ in Original(entry, read, shelf.pool).stretches():
            pass
        for listed in _shown(entry):
            for start in range(0, sum(place.length for place in places(listed)), STRETCH):
                await read("frames", cut(listed, start, start + STRETCH))
    except UNREADABLE:
        return False
    return True


def _shown(entry: InstanceEntry) -> Iterable[JsonPlaces]:
    view = entry.get("view")
    return () if view is None else (*view["frames"], *view["previews"].values())


async def still_there(shelf: Shelf, actor: Actor, rows: Iterable[Instance]) -> set[UUID]:
    """
    Those of the actor's instances of which nothing is known to be lost: a look at keys, manifests
    and names of objects.  Whether every byte is right, `readable` says when they are sent.
    """
    wanted: dict[UUID, set[UUID]] = {}
    for row in rows:
        if row.digest_mark != DOUBTED:
            wanted.setdefault(row.study, set()).add(row.id)
    found: set[UUID] = set()
    for study, key in (await keys.open_study_keys(actor, wanted)).items():
        found |= await _whole(shelf, actor, study, key, wanted[study])
    return found


async def _whole(
    shelf: Shelf, actor: Actor, study: UUID, key: Secret, wanted: Collection[UUID]
) -> set[UUID]:
    try:
        manifest = await opened_manifest(shelf.boxes, await study_for(actor, study), key)
    except Unknown:  # it was deleted meanwhile
        manifest = None
    if manifest is None:
        return set()
    lying = {each: _objects(manifest, each) for each in wanted if each.hex in manifest}
    lost = set(await shelf.store.absent(list(set[UUID]().union(*lying.values()))))
    if lost:
        await storing.prove(shelf.store)
    return {each for each, objects in lying.items() if objects.isdisjoint(lost)}


def _objects(manifest: Mapping[str, InstanceEntry], instance: UUID) -> set[UUID]:
    return manifests.objects_in({instance.hex: manifest[instance.hex]})
