"""Signing in and out, changing the password.  The wrap of the root is the only verifier."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast

from portal import keys, mailing
from portal.accounts import passwords, throttles
from portal.accounts.errors import WrongPassword, WrongSignIn
from portal.accounts.forms import PasswordChange, SigningIn, Theme
from portal.accounts.models import Account
from portal.accounts.profiles import account_of, open_name
from portal.core.actor import AccountId, AccountKind, Actor
from portal.core.db import transaction
from portal.core.errors import Conflict

SIGN_INS: Final = throttles.Limit("sign-in-address")
SIGN_INS_FROM: Final = throttles.Limit("sign-in-network", forgotten_after=timedelta(hours=1))
CHANGES: Final = throttles.Limit("change-password")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session."""

    cookie: str = field(repr=False)
    """Goes to the browser and nowhere else: it holds the key of the session."""
    language: str
    theme: Theme


async def sign_in(typed: SigningIn, network: str) -> SignedIn:
    """
    Open a session under a new id.

    Raises `WrongSignIn` after the same work for an unknown address, an account not activated and a
    wrong password; `TooManyTries` before any work.
    """
    mark = typed.mail.mark
    await throttles.count(SIGN_INS, mark)
    await throttles.count(SIGN_INS_FROM, network)
    account = await Account.get_or_none(mail_mark=mark)
    wrap = None if account is None else await keys.wrap_of(account.id, "password")
    root = await keys.unwrap_root(
        "password", "user", None if account is None else account.id, passwords.fold(typed.password)
    )
    if account is None or root is None:
        raise WrongSignIn
    await throttles.forget(SIGN_INS, mark)
    await throttles.give_back(SIGN_INS_FROM, network)
    try:
        cookie = await keys.start_session(
            AccountId(account.id),
            cast("AccountKind", account.kind),
            account.language,
            root,
            opened_by=wrap,
        )
    except Conflict:  # the password was changed while this one was tried
        raise WrongSignIn from None
    return SignedIn(cookie, account.language, cast("Theme", account.theme))


async def sign_out(actor: Actor) -> None:
    """End this session, also for its open sockets."""
    await keys.end_session(actor)


async def change_password(actor: Actor, typed: PasswordChange) -> None:
    """
    Wrap the root by a new password, end every other session and write a mail.

    Raises `WrongPassword`, `WeakPassword`, `TooManyTries`, and `Conflict` when the present one was
    changed meanwhile.
    """
    await throttles.count(CHANGES, str(actor.id))
    before = await keys.wrap_of(actor.id, "password")
    root = await keys.unwrap_root("password", "user", actor.id, passwords.fold(typed.present))
    if root is None:
        raise WrongPassword
    await throttles.forget(CHANGES, str(actor.id))
    account = await account_of(actor)
    address = mailing.open_address(account.mail, account.id)
    name = open_name(account, actor.epoch, root)
    password = passwords.fold(typed.password)
    await passwords.check(password, actor.kind, (address.text, name))
    wrap = await keys.wrap_root("password", "user", actor.id, actor.epoch, root, password)
    async with transaction():
        await keys.keep_wrap(wrap, instead_of=before)
        await keys.end_sessions(actor.id, but=actor.session)
        await mailing.send("password_changed", address, account.language)


async def write_to(account_id: AccountId, kind: str, **params: Any) -> None:
    """Send the mail *kind* to an account, in its language; joins the caller's transaction."""
    account = await Account.get_or_none(id=account_id, state="active")
    if account is not None:
        address = mailing.open_address(account.mail, account.id)
        await mailing.send(kind, address, account.language, **params)
