"""
Professional standing (Q-24): anybody may say to be a physician, so somebody must confirm it.

A confirmation is a row with a mark under a key of the portal, over the account, who confirmed it,
and when.  Whoever can write the database but has no key files confirms nobody: a row without its
mark counts for nothing and is reported.  The row is asked for at every request, so that a
confirmation, and its end, hold from the next request on.
"""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid4

from portal import keys, vault
from portal.accounts.administrators import all_administrators
from portal.accounts.errors import CardChanged, NotConfirmed, NotYourself, StandingRefused
from portal.accounts.models import Account, Refusal, Standing
from portal.accounts.owners import to_owner
from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction
from portal.core.errors import Unknown

OPERATOR: Final = AccountId(UUID(int=0))
"""Stands for whoever has the command line of the portal, and with it the key files."""


async def confirm_and_write(account: AccountId, by: AccountId, seen: int | None = None) -> None:
    """The same as `confirm`, and a mail to whom it is news."""
    async with transaction():
        if await confirm(account, by, seen):
            await to_owner(await Account.get(id=account), "confirmed")


async def confirm(account: AccountId, by: AccountId, seen: int | None = None) -> bool:
    """
    Confirm that *account* is a professional's, on the word of *by*; joins the caller's transaction.

    *seen* is the version of the card that *by* looked at (`directory.card_versions`); None for
    somebody confirmed without a look at it, as by an invitation that vouches.

    False for a confirmation that holds already; it stays as it is.  Raises `NotYourself`,
    `NotConfirmed` when nobody has confirmed *by*, `StandingRefused` after an administrator said no,
    `Unknown` for an account that is no active professional's, and `CardChanged`.
    """
    if account == by:
        raise NotYourself
    if by != OPERATOR:
        if not await confirmed_among([by]):
            raise NotConfirmed
        if await Refusal.exists(account_id=account):
            raise StandingRefused
    moment = now().replace(microsecond=0)
    row = Standing(
        account_id=account, confirmed_by=by, confirmed_at=moment, mark=_mark(account, by, moment)
    )
    async with transaction():
        await _must_be_as_seen(account, seen)
        if await confirmed_among([account]):
            return False
        await Standing.filter(account_id=account).delete()
        await row.save(force_create=True)
    return True


async def _must_be_as_seen(account: AccountId, seen: int | None) -> None:
    """
    Raises `Unknown` and `CardChanged`.

    Writes the version it found: a profile that is being saved waits for the end of this transaction
    or is waited for, so none of both overlooks the other.
    """
    there = Account.filter(id=account, kind="professional", state="active")
    row = await there.get_or_none()
    if row is None:
        raise Unknown
    if seen is None:
        return
    if row.card_rev != seen or not await there.filter(card_rev=seen).update(card_rev=seen):
        raise CardChanged


async def withdraw(account: AccountId) -> bool:
    """Take a confirmation back; false when there was none."""
    async with transaction():
        return bool(await Standing.filter(account_id=account).delete())


async def look_again(account: AccountId) -> None:
    """
    What was confirmed of *account* is said no more: it waits anew, and those concerned hear of it.

    Joins the caller's transaction.
    """
    async with transaction():
        if await withdraw(account):
            await to_owner(await Account.get(id=account), "looked_at_again")
            for each in await all_administrators():
                await to_owner(await Account.get(id=each), "review_wanted")


async def stand_in(account: AccountId) -> None:
    """
    *account* ends: whom it confirmed stays confirmed, by somebody who is not named any more.

    Joins the caller's transaction.  A row that nobody vouches for is not signed anew.
    """
    nobody = AccountId(uuid4())
    for row in await Standing.filter(confirmed_by=account):
        if _holds(row.account_id, row.confirmed_by, row.confirmed_at, row.mark):
            row.mark = _mark(row.account_id, nobody, row.confirmed_at)
        row.confirmed_by = nobody
        await row.save(update_fields=["confirmed_by", "mark"])
    await Refusal.filter(refused_by=account).update(refused_by=nobody)


async def confirmed_among(accounts: Collection[AccountId]) -> frozenset[AccountId]:
    """Those of *accounts* that somebody has confirmed, in one query."""
    found = Standing.filter(account_id__in=list(set(accounts)))
    rows = await found.values_list("account_id", "confirmed_by", "confirmed_at", "mark")
    return frozenset(AccountId(row[0]) for row in rows if _holds(*row))


async def must_be_confirmed(actor: Actor) -> None:
    """Raises `NotConfirmed` for a professional whom nobody has confirmed."""
    if actor.kind == "professional":
        await must_be_confirmed_as(actor.id)


async def must_be_confirmed_as(account: AccountId) -> None:
    """The same for an account that can be no patient's, such as a member's."""
    if not await confirmed_among([account]):
        raise NotConfirmed


@lru_cache(maxsize=20_000)
def _holds(account: UUID, by: UUID, moment: datetime, mark: bytes) -> bool:
    """
    Whether a row is as we wrote it.

    The row is read anew every time; only what its very bytes are worth is remembered, as each post
    asks this of every member.
    """
    try:
        vault.check_mac(keys.pepper_key("standing"), _context(account, by, moment), mark)
    except vault.Tampered:
        vault.report("confirmation not vouched for: account", account)
        return False
    return True


def _mark(account: UUID, by: UUID, moment: datetime) -> bytes:
    return vault.mac(keys.pepper_key("standing"), _context(account, by, moment))


def _context(account: UUID, by: UUID, moment: datetime) -> bytes:
    return vault.contexts.standing(account, by, int(moment.timestamp()))
