"""Beginning, continuing and ending an upload."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from portal import documents, keys, storing, vault
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Busy, Full
from portal.studies import manifests
from portal.studies.access import LIFETIME, live, upload_for
from portal.studies.errors import TooManyUploads
from portal.studies.expiring import forget
from portal.studies.marks import Marks
from portal.studies.models import Instance, Segment, Study, Upload, UploadPart
from portal.studies.notes import NOTHING_SAID, Notes, Plan, sealed_notes
from portal.studies.repairing import still_there
from portal.studies.resuming import same_again
from portal.studies.shelf import Shelf

log = logging.getLogger(__name__)

MOST_OPEN: Final = 50
"""Uploads of one account that were begun and not finished; each keeps receipts for its parts."""


@dataclass(frozen=True, slots=True)
class UploadState:
    """An upload under way: which parts are in, and the account's space in bytes."""

    id: UUID
    parts: tuple[int, ...]
    space: storing.Space


async def begin_upload(
    shelf: Shelf,
    actor: Actor,
    client_id: UUID,
    notes: Notes = NOTHING_SAID,
    plan: Plan | None = None,
) -> UploadState:
    """
    A new upload, or the one that the same browser began before under *client_id*.

    Only an upload with a *plan* is offered to go on with (`resuming.begun_uploads`).

    Raises `TooManyUploads`, and `SignInNeeded` when the account is being deleted.
    """
    row = Upload(
        id=uuid4(), owner=actor.id, client_id=client_id, expires_at=now() + LIFETIME, answers=0
    )
    async with transaction():
        await keys.hold(actor)  # one at a time, so that what is counted is true
        others = Upload.filter(owner=actor.id).exclude(client_id=client_id)
        if await others.count() >= MOST_OPEN:
            raise TooManyUploads(retry_after=600)
        await Upload.bulk_create([row], ignore_conflicts=True)
    mine = Upload.filter(owner=actor.id, client_id=client_id)
    upload = (await mine.get()).id
    said = sealed_notes(actor, upload, notes, plan)
    await mine.update(expires_at=now() + LIFETIME, notes=said)
    return await upload_state(shelf, actor, upload)


async def upload_state(shelf: Shelf, actor: Actor, upload_id: UUID) -> UploadState:
    """How far the upload is.  Raises `UploadOver`."""
    upload = await upload_for(actor, upload_id)
    parts = await UploadPart.filter(upload=upload.id).order_by("number").only("number")
    space = await storing.space(actor.id, shelf.free_quota)
    return UploadState(upload.id, tuple(part.number for part in parts), space)


async def already_there(shelf: Shelf, actor: Actor, fingerprints: Sequence[bytes]) -> list[int]:
    """
    Which of these contents (`parts.fingerprint`) the account holds already, by index.

    What is known to be lost is not held: it is to be sent again.
    """
    marks = await Marks.of(actor)
    wanted = await asyncio.to_thread(lambda: [marks.content(each) for each in fingerprints])
    rows = await Instance.filter(owner=actor.id, digest_mark__in=wanted)
    whole = await still_there(shelf, actor, rows)
    there = {row.digest_mark for row in rows if row.id in whole}
    images = {index for index, mark in enumerate(wanted) if mark in there}
    return sorted(images | set(await documents.already_there(actor, fingerprints)))


async def instances_there(
    shelf: Shelf, actor: Actor, named: Sequence[tuple[str, str]]
) -> list[int]:
    """
    Which of these images the account holds already, by index.

    *named* by StudyInstanceUID and SOPInstanceUID, which a browser knows before it has read the
    files; whether their content is the same too, `already_there` says.
    """
    marks = await Marks.of(actor)
    studies = await _studies(actor, marks, {study for study, _ in named})
    wanted = {
        index: marks.sop(studies[study], sop)
        for index, (study, sop) in enumerate(named)
        if study in studies
    }
    # The unique (study, sop_mark) finds these; by their owner the whole account would be scanned.
    mine = list(studies.values())
    rows = await Instance.filter(study__in=mine, sop_mark__in=list(set(wanted.values())))
    whole = await still_there(shelf, actor, rows)
    there = {row.sop_mark for row in rows if row.id in whole}
    return [index for index, mark in wanted.items() if mark in there]


@dataclass(frozen=True, slots=True)
class Places:
    """Where examinations (by StudyInstanceUID) and documents (by index) lie in the account."""

    studies: dict[str, UUID]
    documents: dict[int, UUID]


async def places(actor: Actor, uids: Collection[str], fingerprints: Sequence[bytes]) -> Places:
    """Where that of these lies which the account keeps, so that whoever sent it can open it."""
    studies = await _studies(actor, await Marks.of(actor), uids)
    return Places(studies, await documents.ids_of(actor, fingerprints))


async def _studies(actor: Actor, marks: Marks, uids: Collection[str]) -> dict[str, UUID]:
    """The account's studies among *uids*; what comes again goes out of the bin when it arrives."""
    by_mark = {marks.study(uid): uid for uid in uids}
    mine = live().filter(owner=actor.id, uid_mark__in=list(by_mark))
    rows = await mine.only("id", "uid_mark")
    return {by_mark[row.uid_mark]: row.id for row in rows}


async def finish(shelf: Shelf, actor: Actor, upload_id: UUID) -> None:
    """
    Everything was sent: forget the bookkeeping, put the studies' manifests together.

    Earlier tries to send the very same end with it.
    """
    upload = await upload_for(actor, upload_id)
    others = await same_again(actor, upload)
    async with transaction():
        await keys.hold(actor)  # first, like whoever keeps a part
        for each in (upload.id, *others):
            await forget(each)
    await merge_all(shelf, actor)


async def merge_all(shelf: Shelf, actor: Actor) -> None:
    """
    Put together what arrived for any of the actor's studies.

    What cannot be just now (a full disk) waits: everything is kept already, and whoever opens the
    study reads it as it came.
    """
    mine = [row.id for row in await Study.filter(owner=actor.id).only("id")]
    fresh = {row.study for row in await Segment.filter(study__in=mine).only("study")}
    opened = await keys.open_study_keys(actor, fresh)
    for study_id, key in opened.items():
        try:
            await manifests.merge(shelf.boxes, study_id, key)
        except (Busy, Full, storing.Damaged, vault.Tampered) as error:
            log.warning("study %s is not put together: %s", study_id, type(error).__name__)
