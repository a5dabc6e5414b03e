"""Mails about an account to its owner: at its address, in its language."""

from typing import Any

from portal import mailing
from portal.accounts.models import Account
from portal.accounts.unverified import is_confirmed


async def to_owner(account: Account, kind: str, **params: Any) -> None:
    """
    Write a mail of *kind*; joins the caller's transaction.

    Nothing goes to an address of which nobody has shown that it is theirs.
    """
    if is_confirmed(account):
        address = mailing.open_address(account.mail, account.id)
        await mailing.send(kind, address, account.language, **params)
