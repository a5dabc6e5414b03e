"""
Who looks after the portal's people: made by the operator on the command line, by nobody else.

Like a confirmation, a row counts with its mark under a key of the portal only; whoever writes the
database makes no administrator.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from portal import keys, vault
from portal.accounts.models import Account, Administrator
from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.mailing import open_address

PURPOSE: Final = "administrator"


async def appoint(account: AccountId) -> None:
    """Make *account* an administrator; one already is stays.  `Unknown` unless it is active."""
    if not await Account.exists(id=account, state="active"):
        raise Unknown
    if await is_administrator(account):
        return
    moment = now().replace(microsecond=0)
    row = Administrator(account_id=account, since=moment, mark=_mark(account, moment))
    async with transaction():
        await Administrator.filter(account_id=account).delete()
        await row.save(force_create=True)


async def dismiss(account: AccountId) -> bool:
    """End it; false when *account* was none."""
    async with transaction():
        return bool(await Administrator.filter(account_id=account).delete())


async def is_administrator(account: AccountId) -> bool:
    """Whether the operator made *account* an administrator."""
    row = await Administrator.get_or_none(account_id=account)
    return row is not None and _holds(row)


async def must_be_administrator(actor: Actor) -> None:
    """Raises `Unknown` for everybody else: for them there is no such page."""
    if not await is_administrator(actor.id):
        raise Unknown


async def all_administrators() -> list[AccountId]:
    """Whom the operator made one, the longest first."""
    rows = await Administrator.all().order_by("since")
    return [AccountId(row.account_id) for row in rows if _holds(row)]


async def addresses_of_administrators() -> list[str]:
    """Their mail addresses, for the command line of the operator."""
    found = await Account.filter(id__in=await all_administrators()).only("id", "mail")
    return sorted(open_address(each.mail, each.id).text for each in found)


def _holds(row: Administrator) -> bool:
    context = vault.contexts.administrator(row.account_id, int(row.since.timestamp()))
    try:
        vault.check_mac(keys.pepper_key(PURPOSE), context, row.mark)
    except vault.Tampered:
        vault.report("administrator not vouched for: account", row.account_id)
        return False
    return True


def _mark(account: UUID, moment: datetime) -> bytes:
    context = vault.contexts.administrator(account, int(moment.timestamp()))
    return vault.mac(keys.pepper_key(PURPOSE), context)
