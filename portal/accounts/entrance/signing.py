"""Signing in and out, changing the password.  The wrap of the root is the only verifier."""

from contextlib import suppress
from typing import Any, Final

from portal import keys, mailing
from portal.accounts import (
    belongings,
    departures,
    guessing,
    passwords,
    proving,
    throttles,
    unverified,
)
from portal.accounts.errors import WrongSignIn
from portal.accounts.events import SafetyChanged
from portal.accounts.factors import entering, judging
from portal.accounts.factors.devices import Visit
from portal.accounts.factors.entering import Policy, SignedIn
from portal.accounts.forms import PasswordChange, SigningIn
from portal.accounts.models import Account
from portal.accounts.owners import to_owner
from portal.accounts.profile.profiles import account_of, open_name
from portal.core.actor import AccountId, Actor
from portal.core.db import transaction
from portal.core.errors import Busy, Conflict
from portal.owing import owe

CHANGES: Final = throttles.Limit("change-password")
"""New passwords that are judged, which takes a while each."""


async def sign_in(typed: SigningIn, visit: Visit, policy: Policy) -> SignedIn:
    """
    Open a session under a new id, or the half-way state when a second factor is lacking.

    Raises `WrongSignIn` after the same work for an unknown address, an account not activated and a
    wrong password; `TooManyTries` and `Stopped` before any work.  A device that signed in to the
    account before is not made to wait for the tries of strangers.
    """
    mark = typed.mail.mark
    guess = await guessing.from_outside(mark, visit)
    password = passwords.fold(typed.password)
    opened = await _opened(typed.mail, password, guess)
    if opened is None:
        await guess.wrong(typed.mail)
        raise WrongSignIn
    account, found = opened.account, opened.found
    unverified.learn(account)
    await guess.right(owner=account.state != unverified.UNVERIFIED)
    try:
        with suppress(Busy):  # another time: whoever is right gets in
            await keys.renew_password(found, password)
        return await entering.after_password(
            account, found.root, visit, policy, opened_by=found.wrap
        )
    except Conflict:  # the password was changed while this one was tried
        raise WrongSignIn from None


async def _opened(
    address: mailing.Address, password: str, guess: guessing.Guess
) -> unverified.Opened | None:
    """
    The owner of the address, or one of those who wait under it: two derivations at most.

    Once the first is made the guess counts, whatever becomes of the second: or whoever keeps the
    server busy would be told for nothing that a password is not the owner's.
    """
    mark = address.mark
    try:
        whose = await guessing.owner_of(mark)
        found = await keys.unwrap_root("password", "user", whose, password, asker=None)
    except Exception:
        await guess.not_made()
        raise
    if found is not None:
        account = await Account.get_or_none(id=whose, mail_mark=mark)
        return None if account is None else unverified.Opened(account, found)
    try:
        return await unverified.find(mark, password)
    except Exception:
        await guess.wrong(address)
        raise


async def sign_out(actor: Actor, browser: str = "") -> None:
    """End this session, also for its open sockets, and what its *browser* is told."""
    async with transaction():
        await keys.end_session(actor)
        if browser:
            await belongings.end_browsers(actor.id, only=browser)


async def change_password(actor: Actor, typed: PasswordChange, here: str = "") -> None:
    """
    Wrap the root by a new password, end every other session and write a mail.

    No browser but the one *here* is told anything any more.

    Raises `WrongPassword`, `WeakPassword`, `TooManyTries`, and `Conflict` when the present one was
    changed meanwhile.
    """
    proved = await proving.by_password(actor, typed.present)
    root = proved.root
    await throttles.count(CHANGES, str(actor.id))
    account = await account_of(actor)
    address = mailing.open_address(account.mail, account.id)
    name = open_name(account, actor.epoch, root)
    password = passwords.fold(typed.password)
    judged = await judging.judge(actor, password, (address.text, name))
    wrap = await keys.wrap_root(
        "password",
        "user",
        actor.id,
        actor.epoch,
        root,
        password,
        salt=unverified.salt_for(account),
        asker=actor.id,
    )
    async with transaction():
        await keys.keep_wrap(wrap, opened_by=proved.wrap)
        await judging.keep(actor, judged)
        await keys.end_sessions(actor.id, but=actor.session)
        await departures.put_right(actor.id, here)
        await to_owner(account, "password_changed")
        await owe(SafetyChanged(actor.id, "password_changed"))
    await throttles.forget(CHANGES, str(actor.id))


async def write_to(account_id: AccountId, kind: str, **params: Any) -> None:
    """Send the mail *kind* to an account, in its language; joins the caller's transaction."""
    account = await Account.get_or_none(id=account_id, state="active")
    if account is not None:
        await to_owner(account, kind, **params)


async def language_of(account_id: AccountId) -> str:
    """In which language to speak to somebody who is not asking."""
    account = await Account.get_or_none(id=account_id).only("language")
    return "en" if account is None else account.language
