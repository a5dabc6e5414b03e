"""What befalls stored examinations in the tests, and what of them is whole."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from portal import studies
from portal.core.actor import Actor
from portal.core.db import now
from portal.keys.models import LocalKey
from portal.storing.models import StoredObject
from portal.studies import parts
from portal.studies.intake import keep_files
from portal.studies.models import Segment, Study
from tests.studies.reading import originals_in

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
