"""
Going on with an upload that did not come to its end: after a reload, a new sign-in, or on another
computer.

Whole files are recognised by their content (`uploads.already_there`).  Of a large file that was
half sent, the pieces lie with the upload that brought them; the next upload takes them over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from portal import keys, storing, vault
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Invalid
from portal.studies import parts
from portal.studies.access import upload_for
from portal.studies.expiring import forget
from portal.studies.marks import Marks
from portal.studies.models import Upload, UploadPiece
from portal.studies.notes import opened_plan
from portal.studies.shelf import Shelf

AT_ONCE: Final = 16
"""Pieces asked for at once: taking one over means to read and to write it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring pieces of a large file, by what they hold."""

    file: int
    """The number its sender gives it now."""
    total: int
    """Bytes of the file."""
    first: int
    """The place of the first one."""
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that something arrived of and that was not finished."""

    id: UUID
    at: datetime
    files: int
    size: int
    """Bytes of all its files."""


async def pieces_there(
    shelf: Shelf, actor: Actor, upload_id: UUID, wanted: Stretch
) -> tuple[int, ...]:
    """
    The places of those of these pieces that need not be sent to this upload.

    What lies with another upload of the account moves over here; that one, should somebody go on
    with it, sends it again.  Raises `UploadOver`, `Invalid`, and what keeping a piece raises.
    """
    upload = await upload_for(actor, upload_id)
    last = parts.pieces(wanted.total)
    if not parts.PIECE < wanted.total <= parts.FILE or not 0 <= wanted.file < parts.FILES:
        raise Invalid
    if len(wanted.digests) > AT_ONCE or not 0 <= wanted.first <= last - len(wanted.digests):
        raise Invalid
    marks = await Marks.of(actor)
    places = {
        marks.piece(wanted.total, place, digest): (place, digest)
        for place, digest in enumerate(wanted.digests, wanted.first)
    }
    mine = Upload.filter(owner=actor.id, expires_at__gt=now())
    uploads = await mine.values_list("id", flat=True)
    rows = await UploadPiece.filter(upload__in=list(uploads), digest_mark__in=list(places))
    # Twins of one file are files of their own: each has its number, so each its pieces.
    here = {row.piece for row in rows if (row.upload, row.file) == (upload.id, wanted.file)}
    for row in rows:
        place, digest = places[str(row.digest_mark)]
        if row.upload == upload.id or place in here:
            continue
        record = await _taken(shelf, actor, row, wanted.file, digest)
        if record is not None:
            await shelf.assembler.stage(actor, upload.id, [record])
            here.add(place)
    return tuple(sorted(here))


async def _taken(
    shelf: Shelf, actor: Actor, row: UploadPiece, file: int, digest: bytes
) -> parts.Record | None:
    """A piece out of the hands of another upload; None when it cannot be read or is gone."""
    try:
        data = await shelf.assembler.piece(actor, row)
    except (storing.Damaged, vault.Tampered):
        return None
    if parts.sha256(data) != digest:
        return None
    async with transaction():
        await keys.hold(actor)
        # Its space is free before it is kept anew: whoever has no room left can go on, too.
        if not await UploadPiece.filter(id=row.id).delete():
            return None
        await storing.drop_at_once([row.id])
    return parts.Record(file, row.total, row.piece * parts.PIECE, memoryview(data), digest)


async def begun_uploads(actor: Actor) -> list[Begun]:
    """The actor's uploads that somebody may want to go on with, the latest first."""
    rows = await Upload.filter(owner=actor.id, expires_at__gt=now(), answers__gt=0)
    found = []
    for row in rows:
        plan = opened_plan(actor, row.id, row.notes)
        if plan is not None:
            found.append(Begun(row.id, plan.begun, plan.files, plan.size))
    return sorted(found, key=lambda each: each.at, reverse=True)


async def give_up(actor: Actor, upload_id: UUID) -> None:
    """
    Nobody goes on with this upload: what is half sent goes, what arrived whole stays.

    Raises `UploadOver`.
    """
    upload = await upload_for(actor, upload_id)
    async with transaction():
        await keys.hold(actor)  # first, like whoever keeps a part
        await forget(upload.id)


async def same_again(actor: Actor, upload: Upload) -> list[UUID]:
    """Other uploads of the actor that were to send the very same; with *upload* they end, too."""
    plan = opened_plan(actor, upload.id, upload.notes)
    if plan is None:
        return []
    others = await Upload.filter(owner=actor.id).exclude(id=upload.id)
    plans = {each.id: opened_plan(actor, each.id, each.notes) for each in others}
    return [each for each, other in plans.items() if other and other.about == plan.about]
