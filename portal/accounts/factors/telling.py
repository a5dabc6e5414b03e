"""A second factor came or went: its owner hears of it, by mail and behind the bell."""

from typing import Literal

from portal import mailing
from portal.accounts.events import SafetyChanged
from portal.accounts.models import Account
from portal.accounts.unverified import is_confirmed
from portal.core.actor import AccountId
from portal.core.db import announce

What = Literal[
    "factor_added", "factor_removed", "passkey_copied", "codes_renewed", "code_used", "pass_used"
]


async def tell(owner: AccountId, what: What) -> None:
    """Joins the caller's transaction.  Nobody is mailed news of an account that waits."""
    account = await Account.get(id=owner)
    if is_confirmed(account):
        address = mailing.open_address(account.mail, account.id)
        await mailing.send(what, address, account.language)
    announce(SafetyChanged(owner, what))
