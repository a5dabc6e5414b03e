"""
Accounts that will end: what waits for them, and what stops it.

A reset (both secrets lost) and a deletion end the same way (`ending`).  Only the waiting differs:
any sign-in stops a reset, because whoever signs in has lost nothing; a deletion is stopped by its
owner.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from tortoise.expressions import F

from portal import keys
from portal.accounts import belongings
from portal.accounts.events import SafetyChanged
from portal.accounts.links import digest_of, new_token
from portal.accounts.models import Account, Leaving, Readdressing, ResetLink
from portal.accounts.owners import to_owner
from portal.core.actor import AccountId
from portal.core.db import transaction
from portal.core.language import show_time, speaking
from portal.owing import owe

Why = Literal["reset", "delete"]


@dataclass(frozen=True, slots=True)
class Departure:
    """An account that will end."""

    why: Why
    due_at: datetime


async def departure_of(account_id: AccountId) -> Departure | None:
    """When and why the account ends; None while it stays."""
    row = await Leaving.get_or_none(account_id=account_id)
    return None if row is None else Departure(cast("Why", row.why), row.due_at)


async def leave_at(account: Account, why: Why, due_at: datetime) -> None:
    """
    Let the account end at *due_at* and write to its owner; joins the caller's transaction.

    An end that is set already stays as it is.
    """
    token = new_token()
    row = Leaving(account_id=account.id, why=why, stop_digest=digest_of(token), due_at=due_at)
    async with transaction():
        await Leaving.bulk_create([row], ignore_conflicts=True)
        if not await Leaving.exists(account_id=account.id, stop_digest=row.stop_digest):
            return
        with speaking(account.language):
            due = show_time(due_at)
        await to_owner(account, f"{why}_set", due=due, path=f"/forgotten/stop/{token}")
        await owe(SafetyChanged(AccountId(account.id), f"{why}_set"))


async def comes_back(account_id: AccountId) -> None:
    """
    Whoever signs in, or sets a password with a code, has lost nothing: no reset goes on.

    Joins the caller's transaction.
    """
    async with transaction():
        await ResetLink.filter(account_id=account_id).delete()
        if await Leaving.filter(account_id=account_id, why="reset").delete():
            await to_owner(await Account.get(id=account_id), "reset_stopped")


async def put_right(account_id: AccountId, here: str = "") -> None:
    """
    Whoever sets a secret anew may have had a thief: what that one began ends.

    No reset and no change of address goes on, no program's token counts, and no browser is known,
    or told anything, any more, except for what is told *here*.  Joins the caller's transaction.
    """
    async with transaction():
        await keys.end_tokens(account_id)
        await comes_back(account_id)
        await forget_devices(account_id, here)
        if await Readdressing.filter(account_id=account_id).delete():
            await to_owner(await Account.get(id=account_id), "address_stopped")


async def forget_devices(account_id: AccountId, here: str = "") -> None:
    """No browser is known to the account any more, and none but the one *here* is told anything."""
    async with transaction():
        await Account.filter(id=account_id).update(devices_rev=F("devices_rev") + 1)
        await belongings.end_browsers(account_id, but=here)


async def stays(account_id: AccountId) -> bool:
    """The account's owner keeps it after all; false when nothing was to be stopped."""
    async with transaction():
        return bool(await Leaving.filter(account_id=account_id).delete())


async def can_be_stopped(token: str) -> bool:
    """Whether a mailed link stops something; looking changes nothing."""
    return await Leaving.exists(stop_digest=digest_of(token))


async def stop(token: str) -> bool:
    """Stop the end that the mailed link belongs to; false when there is none any more."""
    async with transaction():
        row = await Leaving.get_or_none(stop_digest=digest_of(token))
        if row is None or not await Leaving.filter(stop_digest=row.stop_digest).delete():
            return False
        account_id = AccountId(row.account_id)
        await to_owner(await Account.get(id=account_id), f"{row.why}_stopped")
        await put_right(account_id)
    return True
