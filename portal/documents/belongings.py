"""The documents of an account that is emptied or deleted."""

from collections.abc import Sequence

from portal import accounts, keys
from portal.accounts import Loss
from portal.core.actor import AccountId
from portal.core.language import N_
from portal.documents.models import Document

DOCUMENTS = N_("Documents")


class Belongings(accounts.Belongings):
    """What this room answers.  When the root is replaced, `keys` moves what opens a document."""

    async def losses(self, account: AccountId) -> Sequence[Loss]:
        """Documents."""
        return [Loss(DOCUMENTS, await Document.filter(owner=account).count())]

    async def forget(self, account: AccountId) -> None:
        """Every document with its key; the objects are let go of with the account's space."""
        for document in await Document.filter(owner=account).only("id"):
            await keys.drop_study_keys(document.id)
        await Document.filter(owner=account).delete()
