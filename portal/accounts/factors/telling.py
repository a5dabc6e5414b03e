"""A second factor came or went: its owner hears of it, by mail and behind the bell."""

from typing import Literal

from portal.accounts.events import SafetyChanged
from portal.accounts.models import Account
from portal.accounts.owners import to_owner
from portal.core.actor import AccountId
from portal.owing import owe

What = Literal[
    "factor_added",
    "factor_removed",
    "passkey_copied",
    "codes_renewed",
    "code_used",
    "pass_used",
    "token_made",
]


async def tell(owner: AccountId, what: What) -> None:
    """Joins the caller's transaction."""
    await to_owner(await Account.get(id=owner), what)
    await owe(SafetyChanged(owner, what))
