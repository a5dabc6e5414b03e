"""
Whose an address was until lately, so that invitations that are under way arrive.

A row counts with its mark under a key of the portal only: whoever writes the database leads no
invitation to somebody else.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portal import keys, vault
from portal.accounts.models import FormerAddress
from portal.core.actor import AccountId
from portal.core.db import now

FOLLOWED: Final = timedelta(days=14)
"""As long as an invitation lives: until then one to the old address finds the account."""
PURPOSE: Final = "former-address"


async def remember(account: AccountId, mail_mark: str) -> None:
    """The address with this mark was *account*'s until now."""
    until = (now() + FOLLOWED).replace(microsecond=0)
    mac = vault.mac(keys.pepper_key(PURPOSE), _context(account, mail_mark, until))
    await FormerAddress.create(mail_mark=mail_mark, account_id=account, until=until, mac=mac)


async def forget(*mail_marks: str) -> None:
    """These addresses lead to nobody any more, or to somebody new."""
    await FormerAddress.filter(mail_mark__in=mail_marks).delete()


async def owners_of(mail_marks: Collection[str]) -> dict[str, AccountId]:
    """Whose those addresses were; not after two weeks, nor by a row that nobody vouches for."""
    rows = await FormerAddress.filter(mail_mark__in=list(mail_marks), until__gt=now())
    return {row.mail_mark: AccountId(row.account_id) for row in rows if _vouched(row)}


def _vouched(row: FormerAddress) -> bool:
    try:
        context = _context(row.account_id, row.mail_mark, row.until)
        vault.check_mac(keys.pepper_key(PURPOSE), context, row.mac or b"")
    except vault.Tampered:
        vault.report("former address not vouched for: account", row.account_id)
        return False
    return True


def _context(account: UUID, mail_mark: str, until: datetime) -> bytes:
    return vault.contexts.former_address(account, mail_mark, int(until.timestamp()))
