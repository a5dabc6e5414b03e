"""One part of an upload, from its bytes to its answer."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from portal import documents, keys, storing
from portal.core.actor import Actor
from portal.core.db import now
from portal.studies import parts
from portal.studies.access import upload_for
from portal.studies.errors import PartChanged, UploadLong, UploadOver
from portal.studies.intake import take_in
from portal.studies.marks import Marks
from portal.studies.models import Upload, UploadPart
from portal.studies.notes import Notes, opened_notes
from portal.studies.outcomes import Abandoned, Incoming, Outcome
from portal.studies.shelf import Shelf

MOST_ANSWERS: Final = 20_000
"""Answers kept for the parts of all open uploads of one account: 156 GiB in full parts."""


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """What became of the files of a part, by the numbers their sender gave them."""

    kept: tuple[int, ...] = ()
    duplicates: tuple[int, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()
    """File and reason: a code of `viewer.dicom.Refused`, `conflict` or `conflict_lost`."""
    waiting: tuple[int, ...] = ()
    """Large files of which pieces are still missing."""
    studies: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """Which part of which upload this is, and the mark of its bytes."""

    upload: UUID
    number: int
    mark: str
    notes: Notes = field(repr=False)


async def receive_part(
    shelf: Shelf, actor: Actor, upload_id: UUID, number: int, body: bytes | bytearray
) -> PartReceipt:
    """
    Keep the files of one part; when this returns, what it calls kept survives a power cut.

    The same part again gets the same answer.  Raises `UploadOver`, `PartDamaged`, `PartChanged`,
    `UploadLong`, `QuotaFull`, `DiskFull`; nothing of the part is stored then.
    """
    upload = await upload_for(actor, upload_id)
    digest = await asyncio.to_thread(parts.sha256, body)
    mark = (await Marks.of(actor)).part(upload.id, number, digest)
    part = _Part(upload.id, number, mark, opened_notes(actor, upload.id, upload.notes))
    told = await _told_before(actor, part)
    if told is not None:
        return told
    if await _answers(actor) >= MOST_ANSWERS:
        raise UploadLong
    records = await asyncio.to_thread(parts.parse, body)
    await _room_for(shelf, actor, records)
    try:
        return await _receive(shelf, actor, part, records)
    except Abandoned:
        told = await _told_before(actor, part)
        if told is None:  # the upload ended meanwhile and took the receipt with it
            raise UploadOver from None
        return told


async def _room_for(shelf: Shelf, actor: Actor, records: Sequence[parts.Record]) -> None:
    """Refuse before anything is parsed or written; the exact count follows at the commit."""
    space = await storing.space(actor.id, shelf.free_quota)
    needed = sum(len(each.data) for each in records)
    if needed > space.free:
        raise storing.QuotaFull(free=space.free, needed=needed)


async def _receive(
    shelf: Shelf, actor: Actor, part: _Part, records: Sequence[parts.Record]
) -> PartReceipt:
    cut = [each for each in records if not each.whole]
    complete = await shelf.assembler.stage(actor, part.upload, cut)
    total = Outcome()
    for file in complete:
        await _take_large(shelf, actor, part, file, total)
    waiting = tuple(sorted({each.file for each in cut} - set(complete)))
    whole = [Incoming(each.file, each.data, each.digest) for each in records if each.whole]
    receipt = PartReceipt()

    async def answer(outcome: Outcome) -> None:
        nonlocal receipt
        receipt = _receipt(total, outcome, waiting)
        await _remember(actor, part, receipt)

    await take_in(shelf, actor, whole, part.notes, answer)
    return receipt


async def _take_large(shelf: Shelf, actor: Actor, part: _Part, file: int, total: Outcome) -> None:
    async def pieces_done(_outcome: Outcome) -> None:
        await shelf.assembler.forget(part.upload, file)

    async with shelf.assembler.assembled(actor, part.upload, file) as (data, fingerprint):
        incoming = [Incoming(file, data, fingerprint)]
        total.add(await take_in(shelf, actor, incoming, part.notes, pieces_done, looking=False))
        del data, incoming
    # Others may put theirs together meanwhile: looking at a document can take long.
    await documents.look_at(shelf.desk, actor, fingerprint)


def _receipt(large: Outcome, small: Outcome, waiting: tuple[int, ...]) -> PartReceipt:
    return PartReceipt(
        kept=tuple(sorted(large.kept + small.kept)),
        duplicates=tuple(sorted(large.duplicates + small.duplicates)),
        refused=tuple(sorted(large.refused + small.refused)),
        waiting=waiting,
        studies=tuple(sorted(large.studies | small.studies)),
    )


async def _remember(actor: Actor, part: _Part, receipt: PartReceipt) -> None:
    """Keep the answer while the upload is there: a receipt outlives neither it nor its account."""
    alive = Upload.filter(id=part.upload, owner=actor.id, expires_at__gt=now())
    if not await alive.update(answers=F("answers") + 1):  # the row lock
        raise UploadOver
    if await _answers(actor) > MOST_ANSWERS:
        raise UploadLong
    row = uuid4()
    text = json.dumps(
        {
            "kept": receipt.kept,
            "duplicates": receipt.duplicates,
            "refused": receipt.refused,
            "waiting": receipt.waiting,
            "studies": [each.hex for each in receipt.studies],
        }
    )
    box = _texts(actor).box("upload_part", "answer", row, 0, text)
    try:
        await UploadPart.create(
            id=row, upload=part.upload, number=part.number, digest_mark=part.mark, answer=box
        )
    except IntegrityError:
        # The same part came twice at once and the other one was first.
        raise Abandoned from None


async def _answers(actor: Actor) -> int:
    """How many answers are kept for all uploads of the account."""
    return sum(each.answers for each in await Upload.filter(owner=actor.id).only("answers"))


async def _told_before(actor: Actor, part: _Part) -> PartReceipt | None:
    row = await UploadPart.get_or_none(upload=part.upload, number=part.number)
    if row is None:
        return None
    if row.digest_mark != part.mark:
        raise PartChanged
    said = json.loads(_texts(actor).open("upload_part", "answer", row.id, 0, row.answer))
    return PartReceipt(
        kept=tuple(said["kept"]),
        duplicates=tuple(said["duplicates"]),
        refused=tuple((int(file), str(reason)) for file, reason in said["refused"]),
        waiting=tuple(said["waiting"]),
        studies=tuple(UUID(each) for each in said["studies"]),
    )


def _texts(actor: Actor) -> keys.Text:
    return keys.Text("user", actor.id, actor.epoch, actor.root)
