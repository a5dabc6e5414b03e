"""The end of an upload's bookkeeping; the files that were acknowledged are not touched."""

import asyncio
import logging
from datetime import datetime
from typing import Final
from uuid import UUID

from portal import storing
from portal.core.db import now, transaction
from portal.studies.models import Upload, UploadPart, UploadPiece

EVERY: Final = 600.0
"""Seconds between two rounds."""

log = logging.getLogger(__name__)


async def forget(upload_id: UUID) -> None:
    """Drop an upload with its receipts and the pieces of files that never became whole."""
    async with transaction():
        await Upload.filter(id=upload_id).delete()
        await UploadPart.filter(upload=upload_id).delete()
        await UploadPiece.filter(upload=upload_id).delete()
        await storing.let_go_of(upload_id)


async def forget_expired(at: datetime) -> int:
    """Drop the uploads that nobody went on with; how many there were."""
    old = await Upload.filter(expires_at__lte=at).only("id")
    for upload in old:
        await forget(upload.id)
    return len(old)


async def forgetting() -> None:
    """Do so again and again."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            await forget_expired(now())
        except Exception as error:  # noqa: BLE001 -- an edge: the next round tries again
            log.warning("forgetting uploads failed: %s", type(error).__name__)
