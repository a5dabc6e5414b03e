"""Files larger than a part: their pieces wait, sealed, until all are there."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from tortoise.expressions import F

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Busy, PortalError
from portal.storing import Boxes
from portal.studies import parts
from portal.studies.errors import PartDamaged, UploadOver
from portal.studies.marks import Marks
from portal.studies.models import Upload, UploadFate, UploadPiece
from portal.studies.outcomes import Abandoned

LARGE_AT_ONCE: Final = 1
"""Large files put together at one time in this process, which bounds its memory."""


class Assembler:
    """Keeps pieces and puts them together, one large file at a time."""

    def __init__(self, boxes: Boxes, free_quota: int) -> None:
        self._boxes = boxes
        self._free_quota = free_quota
        self.slots = asyncio.Semaphore(LARGE_AT_ONCE)

    async def stage(self, actor: Actor, upload: UUID, records: Sequence[parts.Record]) -> list[int]:
        """
        Keep these pieces; which of their files are complete now and wait for being filed.

        Raises `PartDamaged`, `UploadOver`, `QuotaFull`, `DiskFull`.
        """
        if not records:
            return []
        key, by = key_of(actor, upload), storing.Payer(actor.id, self._free_quota)
        written: dict[UUID, tuple[parts.Record, int]] = {}
        try:
            for record in await self.lacking(upload, records):
                object_id, size = await self._boxes.write(
                    by, upload, key, "piece", bytes(record.data)
                )
                written[object_id] = (record, size)
            return await self._book(actor, upload, records, written)
        except PortalError:
            await self._boxes.delete(list(written))
            raise

    async def lacking(
        self, upload: UUID, records: Sequence[parts.Record]
    ) -> Sequence[parts.Record]:
        """Those of these pieces that neither lie here nor have done their duty."""
        files = {each.file for each in records}
        there, done = await _there(upload, files), await _done(upload, files)
        have = {(row.file, row.piece) for row in there}
        return [
            each
            for each in records
            if each.file not in done and (each.file, each.piece) not in have
        ]

    async def _book(
        self,
        actor: Actor,
        upload: UUID,
        records: Sequence[parts.Record],
        written: dict[UUID, tuple[parts.Record, int]],
    ) -> list[int]:
        files = {record.file: record.total for record in records}
        repeated = []
        async with transaction():
            await keys.hold(actor)  # nobody who is being deleted keeps anything
            # The row lock: whoever adds the last piece sees all the others.
            alive = Upload.filter(id=upload, owner=actor.id, expires_at__gt=now())
            if not await alive.update(answers=F("answers")):
                raise UploadOver
            there, done = await _there(upload, files), await _done(upload, files)
            if any(row.total != files[row.file] for row in there):
                raise PartDamaged
            have = {(row.file, row.piece) for row in there}
            marks = await Marks.of(actor)
            for object_id, (record, size) in written.items():
                if record.file in done or (record.file, record.piece) in have:
                    repeated.append(object_id)
                    continue
                have.add((record.file, record.piece))
                await _row(upload, object_id, record, marks).save(force_create=True)
                await storing.keep(actor.id, upload, {object_id: size}, self._free_quota)
        await self._boxes.delete(repeated)
        return [
            file
            for file, total in files.items()
            if sum(1 for number, _ in have if number == file) == parts.pieces(total)
        ]

    @asynccontextmanager
    async def assembled(
        self, actor: Actor, upload: UUID, file: int
    ) -> AsyncIterator[tuple[bytearray, bytes]]:
        """
        A complete file in memory and its fingerprint; others wait until the block ends.

        Raises `Abandoned` when the file was kept, or its upload ended, since it was complete.
        """
        async with self.slots:
            rows = await UploadPiece.filter(upload=upload, file=file).order_by("piece")
            if not rows or len(rows) != parts.pieces(rows[0].total):
                raise Abandoned
            data, digests, key = bytearray(), [], key_of(actor, upload)
            for row in rows:
                try:
                    piece = await self._boxes.read(upload, key, "piece", row.id)
                except storing.Damaged:  # the same part again: the other one has it whole already
                    raise Busy(retry_after=1) from None
                digests.append(await asyncio.to_thread(parts.sha256, piece))
                data += piece
            yield data, parts.fingerprint(digests)

    async def piece(self, actor: Actor, row: UploadPiece) -> bytes:
        """One piece that waits.  Raises `storing.Damaged` and `vault.Tampered`."""
        return await self._boxes.read(row.upload, key_of(actor, row.upload), "piece", row.id)

    async def forget(self, upload: UUID, file: int) -> None:
        """The pieces have done their duty; call it in the transaction that keeps the file."""
        rows = await UploadPiece.filter(upload=upload, file=file).only("id")
        await UploadPiece.filter(upload=upload, file=file).delete()
        await storing.drop_at_once([row.id for row in rows])


async def _there(upload: UUID, files: Collection[int]) -> list[UploadPiece]:
    return await UploadPiece.filter(upload=upload, file__in=list(files))


async def _done(upload: UUID, files: Collection[int]) -> set[int]:
    """The files that need no pieces any more."""
    rows = await UploadFate.filter(upload=upload, file__in=list(files)).only("file")
    return {row.file for row in rows}


def key_of(actor: Actor, upload: UUID) -> Secret:
    """The key of the pieces that wait for an upload to go on."""
    return vault.sub_key(actor.root, "upload", upload.hex)


def _row(upload: UUID, object_id: UUID, record: parts.Record, marks: Marks) -> UploadPiece:
    return UploadPiece(
        id=object_id,
        upload=upload,
        file=record.file,
        piece=record.piece,
        total=record.total,
        size=len(record.data),
        digest_mark=marks.piece(record.total, record.piece, record.digest),
    )
