"""The studies of an account that is secured, emptied or deleted."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from portal import accounts
from portal.accounts import Loss
from portal.core.actor import AccountId, Actor
from portal.core.language import N_
from portal.keys import Holder
from portal.studies.expiring import forget as forget_upload
from portal.studies.expiring import forget_owner
from portal.studies.models import Study, Upload

STUDIES = N_("Examinations")


class Belongings(accounts.Belongings):
    """What this room answers."""

    async def losses(self, account: AccountId) -> Sequence[Loss]:
        """Examinations."""
        return [Loss(STUDIES, await Study.filter(owner=account).count())]

    @asynccontextmanager
    async def renewing(self, before: Actor, after: Holder) -> AsyncIterator[None]:
        """
        Uploads under way end: their receipts lie under the old root.

        Files that were kept stay, and are recognised when the upload begins again.
        """
        del after
        yield
        await _end_uploads(before.id)

    async def forget(self, account: AccountId) -> None:
        """Every study with its keys, rows and objects."""
        await forget_owner(account)


async def _end_uploads(account: AccountId) -> None:
    for upload in await Upload.filter(owner=account).only("id"):
        await forget_upload(upload.id)
