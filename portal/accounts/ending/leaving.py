"""The end of an account when its time has come: the crypto-shredding itself."""

import logging
from typing import Final, cast

from portal import keys, vault
from portal.accounts import belongings, factors, standings
from portal.accounts.departures import Why
from portal.accounts.events import AccountGone
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

log = logging.getLogger(__name__)

OWN_ROWS: Final = (
    ResetLink, Leaving, Readdressing, FormerAddress, Papers, Standing, Refusal, Administrator,
)  # fmt: skip
"""Tables with a row of an account's own, besides its keys."""
FAREWELLS: Final[dict[Why, str]] = {"reset": "account_emptied", "delete": "account_deleted"}


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
