"""
The end of an upload's bookkeeping, which keeps its acknowledged files; of what lay in the bin for
its time; and of an account's.
"""

import asyncio
import logging
from datetime import datetime
from typing import Final
from uuid import UUID

from portal import documents, keys, records, storing
from portal.core.actor import AccountId
from portal.core.db import now, transaction
from portal.owing import owe
from portal.studies.events import StudyDeleted
from portal.studies.models import (
    Instance,
    Segment,
    Study,
    Upload,
    UploadFate,
    UploadPart,
    UploadPiece,
)

EVERY: Final = 30.0
"""Seconds between two rounds: what is promised to the minute goes within it."""

log = logging.getLogger(__name__)


async def forget(upload_id: UUID) -> None:
    """Drop an upload with its receipts and the pieces of files that never became whole."""
    async with transaction():
        await Upload.filter(id=upload_id).delete()
        await UploadPart.filter(upload=upload_id).delete()
        await UploadFate.filter(upload=upload_id).delete()
        await UploadPiece.filter(upload=upload_id).delete()
        await storing.let_go_of(upload_id)


async def forget_expired(at: datetime) -> int:
    """Drop the uploads that nobody went on with; how many there were."""
    old = await Upload.filter(expires_at__lte=at).only("id")
    for upload in old:
        await forget(upload.id)
    return len(old)


async def forget_binned(at: datetime) -> int:
    """Drop what has lain in the bin for its whole time at *at*; how many things there were."""
    limit = storing.thrown_before(at)
    gone = 0
    for row in await Study.filter(binned_at__lte=limit).only("id", "owner"):
        gone += await forget_study(row.id, AccountId(row.owner), binned_by=limit)
    gone += await documents.forget_binned(limit)
    return gone + await records.forget_binned(limit)


async def forget_study(study: UUID, owner: AccountId, *, binned_by: datetime | None = None) -> bool:
    """
    Drop a study, every key to it, and let go of its objects; whether that was done.

    With *binned_by* only if it lies in the bin since then or longer: its owner may just take it
    out.
    """
    async with transaction():
        # The row decides: who comes second finds nothing to take out, or nothing to drop.
        due = {} if binned_by is None else {"binned_at__lte": binned_by}
        if not await Study.filter(id=study, **due).delete() and due:
            return False
        await keys.drop_study_keys(study)
        await Instance.filter(study=study).delete()
        await Segment.filter(study=study).delete()
        await storing.let_go_of(study)
        await owe(StudyDeleted(study, owner))
    return True


async def forget_owner(owner: AccountId) -> None:
    """
    Drop everything that an account kept; joins the transaction in which the account goes.

    The objects are let go of, so the sweeper removes them also when this process dies meanwhile.
    """
    async with transaction():
        # All row locks before anything else: whoever has one of them counts objects next, which
        # is what is done below, and neither must wait for the other.
        await Upload.filter(owner=owner).update(owner=owner)
        await Study.filter(owner=owner).update(owner=owner)
        for upload in await Upload.filter(owner=owner).only("id"):
            await forget(upload.id)
        for study in await Study.filter(owner=owner).only("id"):
            await forget_study(study.id, owner)
        await storing.forget_account(owner)


async def forgetting() -> None:
    """Do so again and again."""
    while True:
        await asyncio.sleep(EVERY)
        for what in (forget_expired, forget_binned):
            try:
                await what(now())
            except Exception as error:  # noqa: BLE001 -- an edge: the next round tries again
                log.warning("%s failed: %s", what.__name__, type(error).__name__)
