"""
Becoming an account: register, read the mail, type the code from the Pass, choose a password.

Between registering and activating, the root exists only wrapped by the Pass code.  An address
belongs to whoever activates with it first, so a stranger who typed it earlier takes nothing from
its owner; and registering does the same work and gives the same answer whether the address has an
account or not.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, cast
from uuid import uuid4

from tortoise.exceptions import IntegrityError

from portal import keys, mailing, vault
from portal.accounts import passwords, throttles
from portal.accounts.directory import box_card
from portal.accounts.errors import AddressTaken, LinkDead, MistypedCode, WrongCode
from portal.accounts.events import AccountActivated, AccountsForgotten
from portal.accounts.forms import Activating, Registration
from portal.accounts.models import Account, Activation
from portal.accounts.passes import Pass
from portal.accounts.profiles import box_profile, open_name
from portal.core.actor import AccountId, AccountKind, Secret
from portal.core.db import announce, now, transaction

LIFE: Final = timedelta(days=28)
"""An account that is not activated lives four weeks, to the minute (S-037)."""
TOKEN_BYTES: Final = 24
SWEPT_AT_ONCE: Final = 100

MAILS: Final = throttles.Limit(
    "register-address", free=5, first_wait=timedelta(minutes=1), longest_wait=timedelta(hours=6)
)
REGISTRATIONS: Final = throttles.Limit(
    "register-network",
    free=20,
    longest_wait=timedelta(minutes=1),
    forgotten_after=timedelta(hours=1),
)
CODES: Final = throttles.Limit("activate-account")
CODES_FROM: Final = throttles.Limit("activate-network", forgotten_after=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class _Made:
    """Everything about a new account that takes time to compute, before its transaction."""

    account_id: AccountId
    root: Secret
    code: str = field(repr=False)
    code_wrap: keys.Wrap


async def register(new: Registration, network: str) -> Pass:
    """
    Make an account that waits for its activation, and write to its address.

    *network* is where the request comes from, for the throttle.  The Pass in the answer holds the
    code for the only time.  Whether the address has an account already shows in the mail alone.
    """
    await throttles.count(REGISTRATIONS, network)
    await throttles.count(MAILS, new.mail.mark)
    made = await _make()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with transaction():
        public = await _keep(made, new)
        expires_at = now() + LIFE
        await Activation.create(
            account_id=made.account_id,
            link_digest=digest_of(token),
            mail_mark=new.mail.mark,
            expires_at=expires_at,
        )
        # The rows are the same for a known address, so the time is; only nobody gets their link.
        if await Account.exists(mail_mark=new.mail.mark):
            await mailing.send("already_registered", new.mail, new.language)
        else:
            path = f"/activate/{token}"
            await mailing.send(
                "activation", new.mail, new.language, until=expires_at, path=path, days=LIFE.days
            )
    return Pass(made.account_id, new.name, made.code, public.fpr, now())


async def admit(new: Registration, password: str) -> Pass:
    """
    Make an account that is active at once, without a mail: for the demo and for tests.

    Raises `AddressTaken`.  The Pass in the answer holds the code for the only time.
    """
    await passwords.check(passwords.fold(password), new.kind, (new.mail.text, new.name))
    made = await _make()
    wrap = await keys.wrap_root(
        "password", "user", made.account_id, keys.FIRST_EPOCH, made.root, passwords.fold(password)
    )
    async with transaction():
        public = await _keep(made, new)
        await keys.keep_wrap(wrap)
        await _claim(made.account_id, new.mail.mark)
        announce(AccountActivated(made.account_id, new.kind, new.mail.mark))
    return Pass(made.account_id, new.name, made.code, public.fpr, now())


async def link_is_alive(token: str) -> bool:
    """Whether an activation link leads somewhere; looking changes nothing (mail scanners look)."""
    return await Activation.exists(link_digest=digest_of(token), expires_at__gt=now())


async def activate(token: str, typed: Activating, network: str) -> None:
    """
    Turn a registration into an account that can sign in.

    Raises `LinkDead`, `MistypedCode` (costs no try), `WrongCode`, `WeakPassword`, `AddressTaken` or
    `TooManyTries`.
    """
    link = await Activation.get_or_none(link_digest=digest_of(token), expires_at__gt=now())
    if link is None:
        raise LinkDead
    if not vault.check_pass_code(typed.code):
        raise MistypedCode
    await throttles.count(CODES, str(link.account_id))
    await throttles.count(CODES_FROM, network)
    account = await Account.get(id=link.account_id)
    root = await keys.unwrap_root("code", "user", account.id, typed.code)
    if root is None:
        raise WrongCode
    await throttles.forget(CODES, str(link.account_id))
    await throttles.give_back(CODES_FROM, network)
    await _activate(account, root, link.mail_mark, passwords.fold(typed.password))


async def forget_unactivated() -> int:
    """Delete accounts that were not activated within four weeks, and their keys; how many."""
    late = await Account.filter(state="unactivated", created_at__lte=now() - LIFE).limit(
        SWEPT_AT_ONCE
    )
    gone = [AccountId(row.id) for row in late]
    if not gone:
        return 0
    async with transaction():
        await Activation.filter(account_id__in=gone).delete()
        await Account.filter(id__in=gone, state="unactivated").delete()
        for account_id in gone:
            await keys.delete_principal("user", account_id)
        announce(AccountsForgotten(frozenset(gone)))
    return len(gone)


def digest_of(token: str) -> str:
    """What is kept of a mailed link."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _make() -> _Made:
    account_id, root, code = AccountId(uuid4()), vault.new_secret(), vault.pass_code()
    wrap = await keys.wrap_root("code", "user", account_id, keys.FIRST_EPOCH, root, code)
    return _Made(account_id, root, code, wrap)


async def _keep(made: _Made, new: Registration) -> keys.PublicKey:
    """The rows of an account that is not activated."""
    card = None
    if new.kind == "professional":
        card = box_card(made.account_id, 1, name=new.name, specialty=new.specialty, place=new.place)
    await Account.create(
        id=made.account_id,
        kind=new.kind,
        state="unactivated",
        language=new.language,
        theme="system",
        mail=mailing.box_address(new.mail, made.account_id),
        profile=box_profile(made.account_id, keys.FIRST_EPOCH, made.root, 1, new),
        profile_rev=1,
        card=card,
        card_rev=1,
        findable=new.findable,
        created_at=now(),
    )
    public = await keys.create_principal(made.account_id, "user", made.root)
    await keys.keep_wrap(made.code_wrap)
    return public


async def _activate(account: Account, root: Secret, mark: str, password: str) -> None:
    kind, account_id = cast("AccountKind", account.kind), AccountId(account.id)
    mail = mailing.open_address(account.mail, account.id)
    name = open_name(account, keys.FIRST_EPOCH, root)
    await passwords.check(password, kind, (mail.text, name))
    wrap = await keys.wrap_root("password", "user", account.id, keys.FIRST_EPOCH, root, password)
    async with transaction():
        await _claim(account_id, mark)
        await keys.keep_wrap(wrap)
        await Activation.filter(mail_mark=mark).delete()
        announce(AccountActivated(account_id, kind, mark))


async def _claim(account_id: AccountId, mark: str) -> None:
    """Give the address to this account; the unique mark decides between two at once."""
    waiting = Account.filter(id=account_id, state="unactivated")
    try:
        claimed = await waiting.update(state="active", mail_mark=mark)
    except IntegrityError:
        raise AddressTaken from None
    if not claimed:
        raise LinkDead
