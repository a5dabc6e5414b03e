"""The log of an account that is emptied or deleted."""

from portal import accounts, keys
from portal.auditing.models import AuditHead, AuditLine
from portal.core.actor import AccountId


class Belongings(accounts.Belongings):
    """What this room answers.  When the root is replaced, `keys` moves what opens the lines."""

    async def forget(self, account: AccountId) -> None:
        """Every line with its keys; what others' logs say of the account is theirs."""
        mine = AuditLine.filter(owner=account)
        for key in {row.key for row in await mine.only("id", "key")}:
            await keys.drop_study_keys(key)
        await mine.delete()
        await AuditHead.filter(owner=account).delete()
