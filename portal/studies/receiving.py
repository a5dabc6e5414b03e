"""One part of an upload, from its bytes to its answer."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from portal import documents, storing
from portal.core.actor import Actor
from portal.studies import parts, receipts
from portal.studies.access import upload_for
from portal.studies.errors import UploadLong, UploadOver
from portal.studies.intake import take_in
from portal.studies.marks import Marks
from portal.studies.notes import opened_notes
from portal.studies.outcomes import Abandoned, Incoming, Outcome
from portal.studies.receipts import Part, PartReceipt, remember, remember_large, told_before
from portal.studies.shelf import Shelf


async def receive_part(
    shelf: Shelf, actor: Actor, upload_id: UUID, number: int, body: bytes | bytearray
) -> PartReceipt:
    """
    Keep the files of one part; when this returns, what it calls kept survives a power cut.

    The same part again gets the same answer, also when nobody heard the first one.  Raises
    `UploadOver`, `PartDamaged`, `PartChanged`, `UploadLong`, `QuotaFull`, `DiskFull`, `Busy`; then
    none of its small files is stored.  Pieces, and large files that became whole by then, are, and
    the same part again goes on from there and tells of them.
    """
    upload = await upload_for(actor, upload_id)
    digest = await asyncio.to_thread(parts.sha256, body)
    mark = (await Marks.of(actor)).part(upload.id, number, digest)
    part = Part(upload.id, number, mark, opened_notes(actor, upload.id, upload.notes))
    told = await told_before(actor, part)
    if told is not None:
        return told
    if await receipts.answers(actor) >= receipts.MOST_ANSWERS:
        raise UploadLong
    records = await asyncio.to_thread(parts.parse, body)
    await _room_for(shelf, actor, part, records)
    try:
        return await _receive(shelf, actor, part, records)
    except Abandoned:
        told = await told_before(actor, part)
        if told is None:  # the upload ended meanwhile and took the receipt with it
            raise UploadOver from None
        return told


async def _room_for(
    shelf: Shelf, actor: Actor, part: Part, records: Sequence[parts.Record]
) -> None:
    """Refuse before anything is parsed or written; the exact count follows at the commit."""
    space = await storing.space(actor.id, shelf.free_quota)
    cut = [each for each in records if not each.whole]
    new = [each for each in records if each.whole]
    new += await shelf.assembler.lacking(part.upload, cut)
    needed = sum(len(each.data) for each in new)
    if needed > space.free:
        raise storing.QuotaFull(free=space.free, needed=needed)


async def _receive(
    shelf: Shelf, actor: Actor, part: Part, records: Sequence[parts.Record]
) -> PartReceipt:
    cut = [each for each in records if not each.whole]
    for file in await shelf.assembler.stage(actor, part.upload, cut):
        await _take_large(shelf, actor, part, file)
    whole = [Incoming(each.file, each.data, each.digest) for each in records if each.whole]
    receipt = PartReceipt()

    async def answer(outcome: Outcome) -> None:
        nonlocal receipt
        receipt = await remember(actor, part, outcome, {each.file for each in cut})

    await take_in(shelf, actor, whole, part.notes, answer)
    return receipt


async def _take_large(shelf: Shelf, actor: Actor, part: Part, file: int) -> None:
    """Keep a file that is complete now, unless somebody else did meanwhile."""

    async def pieces_done(outcome: Outcome) -> None:
        await remember_large(actor, part, file, outcome)
        await shelf.assembler.forget(part.upload, file)

    try:
        async with shelf.assembler.assembled(actor, part.upload, file) as (data, fingerprint):
            incoming = [Incoming(file, data, fingerprint)]
            await take_in(shelf, actor, incoming, part.notes, pieces_done, looking=False)
            del data, incoming
    except Abandoned:
        return
    # Others may put theirs together meanwhile: looking at a document can take long.
    await documents.look_at(shelf.desk, actor, fingerprint)
