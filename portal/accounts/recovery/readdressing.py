"""
Another e-mail address for an account.

The new address must say yes, or somebody could take an address that is not theirs.  The old one
gets a day to say no, or a thief at an open computer could walk away with the account; its yes makes
the change at once, and its silence counts as a yes (who has lost a mailbox cannot answer from it).
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from portal import mailing, vault
from portal.accounts import belongings, formerly, guessing, proving, throttles, unverified
from portal.accounts.errors import AddressTaken, MailedLinkDead, SameAddress
from portal.accounts.events import SafetyChanged
from portal.accounts.links import MAILS, WRITINGS, digest_of, new_token
from portal.accounts.models import Account, Activation, Readdressing, ResetLink
from portal.accounts.owners import to_owner
from portal.accounts.profile.profiles import account_of
from portal.accounts.recovery.forms import NewAddress
from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction
from portal.owing import owe

log = logging.getLogger(__name__)

VETO: Final = timedelta(hours=24)
"""How long the old address may say no, and the new one yes."""

Side = Literal["old", "new"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page behind a mailed link is about."""

    side: Side
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that its owner has asked for and that is not made yet."""

    address: str = field(repr=False)
    """The new one; empty when somebody edited the row."""
    due_at: datetime
    confirmed: bool
    """The new side has said yes."""
    agreed: bool
    """The old side has said yes."""


async def pending(actor: Actor) -> Pending | None:
    """What waits for an answer of the two sides, if anything."""
    row = await Readdressing.get_or_none(account_id=actor.id, due_at__gt=now())
    if row is None:
        return None
    address = _opened(row)
    text = "" if address is None else address.text
    return Pending(text, row.due_at, row.confirmed_at is not None, row.agreed_at is not None)


async def ask(actor: Actor, typed: NewAddress) -> None:
    """
    Write to both addresses; an earlier wish that waits is replaced.

    The answer is the same whether the new address has an account or not.  Raises `NotActivated`,
    `SameAddress`, `WrongPassword`, `TooManyTries`.
    """
    await unverified.must_be_activated(actor)
    await proving.by_password(actor, typed.present)
    account = await account_of(actor)
    if typed.mail.mark == account.mail_mark:
        raise SameAddress
    await throttles.count(WRITINGS, str(actor.id))
    await throttles.count(MAILS, typed.mail.mark)
    for_new, for_old = (new_token() for _ in range(2))
    due_at = now() + VETO
    taken = await Account.exists(mail_mark=typed.mail.mark)
    async with transaction():
        await Readdressing.filter(account_id=account.id).delete()
        await Readdressing.create(
            account_id=account.id,
            mail=mailing.box_address(typed.mail, account.id),
            mail_mark=typed.mail.mark,
            new_digest=digest_of(for_new),
            old_digest=digest_of(for_old),
            due_at=due_at,
        )
        await _ask_new_side(account, typed.mail, for_new, due_at, taken=taken)
        await to_owner(account, "address_old", path=f"/address/{for_old}")


async def write_again(actor: Actor) -> None:
    """
    Mail a new link to the new side; the one before is dead.

    The old side's link stays the same, so that nobody takes its veto away by asking.  Nothing
    happens when nothing waits for the new side.  Raises `TooManyTries`.
    """
    waits = Readdressing.filter(account_id=actor.id, due_at__gt=now(), confirmed_at=None)
    row = await waits.first()
    address = None if row is None else _opened(row)
    if row is None or address is None:
        return
    await throttles.count(WRITINGS, str(actor.id))
    await throttles.count(MAILS, address.mark)
    account, token = await account_of(actor), new_token()
    taken = await Account.exists(mail_mark=address.mark)
    async with transaction():
        if await waits.filter(new_digest=row.new_digest).update(new_digest=digest_of(token)):
            await _ask_new_side(account, address, token, row.due_at, taken=taken)


async def stop(actor: Actor) -> None:
    """The owner has changed their mind: nothing is changed."""
    async with transaction():
        if await Readdressing.filter(account_id=actor.id).delete():
            await to_owner(await account_of(actor), "address_stopped")


async def _ask_new_side(
    account: Account, address: mailing.Address, token: str, due_at: datetime, *, taken: bool
) -> None:
    kind = "address_taken" if taken else "address_new"
    new: dict[str, Any] = {} if taken else {"path": f"/address/{token}"}
    await mailing.send(kind, address, account.language, until=due_at, **new)


async def asked(token: str) -> Asked:
    """What a mailed link is about; looking changes nothing.  Raises `MailedLinkDead`."""
    row = await _row(token)
    return Asked("new" if row.new_digest == digest_of(token) else "old", row.due_at)


async def agree(token: str) -> bool:
    """
    The side that got this link says yes; whether the address is changed by now.

    Raises `MailedLinkDead`, and `AddressTaken` when somebody activated that address meanwhile.
    """
    digest = digest_of(token)
    async with transaction():
        await _row(token)
        await Readdressing.filter(new_digest=digest).update(confirmed_at=now())
        await Readdressing.filter(old_digest=digest).update(agreed_at=now())
        row = await _row(token)
        if row.confirmed_at is None or row.agreed_at is None:
            return False
        await _change(row)
    return True


async def refuse(token: str) -> None:
    """The side that got this link says no: nothing is changed.  Raises `MailedLinkDead`."""
    async with transaction():
        row = await _row(token)
        await Readdressing.filter(account_id=row.account_id).delete()
        await to_owner(await Account.get(id=row.account_id), "address_stopped")


async def settle() -> None:
    """
    A day has gone by: change what the new side wanted and the old side did not refuse.

    A wish that cannot be met is dropped, and delays nobody else's.
    """
    for row in await Readdressing.filter(due_at__lte=now()):
        this = Readdressing.filter(account_id=row.account_id, due_at=row.due_at)
        try:
            async with transaction():
                # Whoever deletes the row settles it: several processes look.
                if await this.delete() and row.confirmed_at is not None:
                    await _change(row)
        except AddressTaken:
            await this.delete()
            log.info("change of address: taken meanwhile")
        except vault.Tampered:
            await this.delete()
            log.critical("address does not open: account %s", row.account_id)
        except Exception as error:  # noqa: BLE001 -- an edge: tried again at the next look
            log.error("address not changed: %s", type(error).__name__)  # noqa: TRY400


async def _change(row: Readdressing) -> None:
    account = await Account.get(id=row.account_id)
    before, old_mark = mailing.open_address(account.mail, account.id), account.mail_mark or ""
    try:
        await Account.filter(id=account.id).update(mail=row.mail, mail_mark=row.mail_mark)
    except IntegrityError:
        raise AddressTaken from None
    await Activation.filter(mail_mark=row.mail_mark).delete()
    await Readdressing.filter(account_id=account.id).delete()
    await formerly.forget(old_mark, row.mail_mark)
    await formerly.remember(AccountId(account.id), old_mark)
    await ResetLink.filter(account_id=account.id).delete()  # they lie in the old mailbox
    await throttles.forget(guessing.SIGN_INS, row.mail_mark)  # tries before it had an owner
    await belongings.readdress(AccountId(account.id), old_mark, row.mail_mark)
    await mailing.send("address_changed", before, account.language)
    after = mailing.open_address(row.mail, account.id)
    await mailing.send("address_changed", after, account.language)
    await owe(SafetyChanged(AccountId(account.id), "address_changed"))


def _opened(row: Readdressing) -> mailing.Address | None:
    """The address that is to be; None when somebody edited the row."""
    try:
        return mailing.open_address(row.mail, row.account_id)
    except vault.Tampered:
        log.critical("address does not open: account %s", row.account_id)
        return None


async def _row(token: str) -> Readdressing:
    digest = digest_of(token)
    alive = Readdressing.filter(due_at__gt=now())
    row = await alive.filter(Q(new_digest=digest) | Q(old_digest=digest)).first()
    if row is None:
        raise MailedLinkDead
    return row
