"""
The end of an account: what waits for it, what stops it, and the crypto-shredding itself.

A reset (both secrets lost) and a deletion end the same way.  Only the waiting differs: any sign-in
stops a reset, because whoever signs in has lost nothing; a deletion is stopped by its owner.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast

from tortoise.expressions import F

from portal import keys, vault
from portal.accounts import belongings, factors, standings
from portal.accounts.events import AccountGone, SafetyChanged
from portal.accounts.links import digest_of, new_token
from portal.accounts.models import (
    Account,
    Activation,
    Administrator,
    FormerAddress,
    Leaving,
    Papers,
    Readdressing,
    Refusal,
    ResetLink,
    Standing,
)
from portal.accounts.owners import to_owner
from portal.core.actor import AccountId
from portal.core.db import announce, now, transaction
from portal.core.language import show_time, speaking
from portal.owing import owe

log = logging.getLogger(__name__)

Why = Literal["reset", "delete"]
OWN_ROWS: Final = (
    ResetLink, Leaving, Readdressing, FormerAddress, Papers, Standing, Refusal, Administrator,
)  # fmt: skip
"""Tables with a row of an account's own, besides its keys."""
FAREWELLS: Final[dict[Why, str]] = {"reset": "account_emptied", "delete": "account_deleted"}


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

    No reset and no change of address goes on, and no browser is known, or told anything, any more,
    except for what is told *here*.  Joins the caller's transaction.
    """
    async with transaction():
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


async def end_what_is_due() -> int:
    """
    End every account whose time has come; how many.  Several processes may do so at once.

    One that cannot be ended now is tried again at the next look, and keeps nobody else.
    """
    ended = 0
    for row in await Leaving.filter(due_at__lte=now()):
        try:
            ended += await _end_if_due(row)
        except Exception as error:  # noqa: BLE001 -- an edge: the others' time has come, too
            log.error("account not ended: %s", type(error).__name__)  # noqa: TRY400
    return ended


async def _end_if_due(row: Leaving) -> bool:
    async with transaction():
        # Whoever deletes the row ends the account; a sign-in that was faster has kept it.
        mine = Leaving.filter(account_id=row.account_id, due_at__lte=now())
        if not await mine.delete():
            return False
        await end(AccountId(row.account_id), cast("Why", row.why))
    return True


async def end(account_id: AccountId, why: Why) -> None:
    """
    Shred the account and write a last mail; joins the caller's transaction.

    An address that somebody edited opens no more; the account ends all the same.
    """
    async with transaction():
        account = await Account.get(id=account_id)
        try:
            await to_owner(account, FAREWELLS[why])
        except vault.Tampered:
            log.critical("address does not open: account %s", account_id)
        await shred(account_id)
    log.info("account ended: %s", why)


async def shred(account_id: AccountId) -> None:
    """
    Delete every key, row and object of an account; joins the caller's transaction.

    What other people need stays without the account's id: posts under a name that says that
    somebody has left.
    """
    async with transaction():
        await belongings.lock(account_id)
        # Its row lock before anything goes: nobody keeps anything for it from here on.
        await keys.retire(account_id)
        await belongings.forget(account_id)
        account = await Account.get(id=account_id)
        if account.mail_mark is not None:
            await Activation.filter(mail_mark=account.mail_mark).delete()
        await Activation.filter(account_id=account_id).delete()
        for table in OWN_ROWS:
            await table.filter(account_id=account_id).delete()
        await factors.forget(account_id)
        await standings.stand_in(account_id)
        await account.delete()
        await keys.delete_principal("user", account_id)
        announce(AccountGone(account_id))


async def sweep() -> None:
    """Drop links and former addresses whose time is over."""
    moment = now()
    await ResetLink.filter(expires_at__lte=moment).delete()
    await FormerAddress.filter(until__lte=moment).delete()
