"""The records of an account that is emptied or deleted."""

from collections.abc import Sequence

from portal import accounts, keys
from portal.accounts import Loss
from portal.core.actor import AccountId
from portal.core.language import N_
from portal.records.models import Record, RecordVersion

RECORDS = N_("Medication plans and months of the health diary")


class Belongings(accounts.Belongings):
    """What this room answers.  When the root is replaced, `keys` moves what opens a record."""

    async def losses(self, account: AccountId) -> Sequence[Loss]:
        """Records."""
        return [Loss(RECORDS, await Record.filter(owner=account).count())]

    async def forget(self, account: AccountId) -> None:
        """Every record with its key and versions; its space is let go of with the account's."""
        for record in await Record.filter(owner=account).only("id"):
            await keys.drop_study_keys(record.id)
            await RecordVersion.filter(record=record.id).delete()
        await Record.filter(owner=account).delete()
