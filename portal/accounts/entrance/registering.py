"""
Becoming an account: register, read the mail, type the code from the Pass, choose a password.

Between registering and activating, the root exists only wrapped by the Pass code.  An address
belongs to whoever activates with it first, so a stranger who typed it earlier takes nothing from
its owner; and registering does the same work and gives the same answer whether the address has an
account or not.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from portal import keys, mailing, vault
from portal.accounts import departures, factors, guessing, passwords, throttles
from portal.accounts.ending import leaving
from portal.accounts.entrance.forms import Completing
from portal.accounts.errors import (
    AddressTaken,
    CodesStopped,
    LinkDead,
    MistypedCode,
    Stopped,
    WrongCode,
)
from portal.accounts.events import AccountActivated, AccountsForgotten
from portal.accounts.forms import Activating, Registration
from portal.accounts.links import MAILS, Link, find_link, write_link
from portal.accounts.models import Account, Activation
from portal.accounts.papers.passes import Pass
from portal.accounts.profile import records
from portal.accounts.profile.profiles import box_profile, open_name
from portal.accounts.unverified import LIFE, UNVERIFIED
from portal.core.actor import AccountId, AccountKind, Actor, Secret
from portal.core.db import announce, now, transaction
from portal.core.errors import Conflict, Unknown

log = logging.getLogger(__name__)

SWEPT_AT_ONCE: Final = 100
WAITING: Final = ("unactivated", UNVERIFIED)

REGISTRATIONS: Final = throttles.Limit(
    "register-network",
    free=20,
    longest_wait=timedelta(minutes=1),
    forgotten_after=timedelta(hours=1),
)
CODES: Final = throttles.Limit(
    "activate-account", free=5, first_wait=timedelta(seconds=30), last=throttles.MOST_IN_A_ROW
)
"""At the account behind a mailed link, so only who reads its mail uses them up."""
CODES_FROM: Final = throttles.Limit("activate-network", forgotten_after=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class _Made:
    """Everything about a new account that takes time to compute, before its transaction."""

    account_id: AccountId
    root: Secret
    code: str = field(repr=False)
    code_wrap: keys.Wrap


@dataclass(frozen=True, slots=True)
class Registered:
    """What the page after registering shows."""

    issued: Pass
    mail: UUID
    """By which `mailing.status_of` knows the mail with the link."""


async def register(new: Registration, network: str) -> Registered:
    """
    Make an account that waits for its activation, and write to its address.

    *network* is where the request comes from, for the throttle.  The Pass in the answer holds the
    code for the only time.  Whether the address has an account already shows in the mail alone.
    Raises `TooManyTries`.
    """
    await throttles.count(REGISTRATIONS, network)
    await throttles.count(MAILS, new.mail.mark)
    made = await _make()
    async with transaction():
        public = await _keep(made, new)
        mail = await write_link(made.account_id, new.mail, new.language, now() + LIFE)
    return Registered(Pass(made.account_id, new.name, made.code, public.fpr, now()), mail)


async def admit(new: Registration, password: str) -> Pass:
    """
    Make an account that is active at once, without a mail: for the demo and for tests.

    Raises `AddressTaken`.  The Pass in the answer holds the code for the only time.
    """
    await passwords.check(passwords.fold(password), new.kind, (new.mail.text, new.name))
    made = await _make()
    wrap = await keys.wrap_root(
        "password",
        "user",
        made.account_id,
        keys.FIRST_EPOCH,
        made.root,
        passwords.fold(password),
        asker=None,
    )
    async with transaction():
        public = await _keep(made, new)
        await keys.keep_wrap(wrap)
        await _claim(made.account_id, new.mail.mark)
        announce(AccountActivated(made.account_id, new.kind, new.mail.mark))
    return Pass(made.account_id, new.name, made.code, public.fpr, now())


async def activate(token: str, typed: Activating | Completing, network: str) -> None:
    """
    Turn a registration into an account that can sign in, or confirm the address of one that can.

    Raises `LinkDead`, `MistypedCode` (costs no try), `WrongCode`, `WeakPassword`, `AddressTaken`,
    `TooManyTries` or `CodesStopped`, and `Conflict` when the account was written to meanwhile.
    """
    link = await find_link(token)
    if link is None or link.unverified != isinstance(typed, Completing):
        raise LinkDead
    if not vault.check_pass_code(typed.code):
        raise MistypedCode
    epoch = await _epoch(link.account_id)  # first: what the code opens is this root or none
    root = await _root_by_code(link, typed.code, network)
    account = await Account.get_or_none(id=link.account_id)
    if account is None:
        raise LinkDead
    if isinstance(typed, Completing):
        kind = cast("AccountKind", account.kind)
        owner = Actor(AccountId(account.id), kind, epoch, root, b"", account.language)
        await _complete(account, owner, link.mail_mark, typed)
    else:
        await _activate(account, root, link.mail_mark, passwords.fold(typed.password))


async def _epoch(account_id: AccountId) -> int:
    try:
        return (await keys.public_key("user", account_id)).epoch
    except Unknown:
        raise LinkDead from None


async def _root_by_code(link: Link, code: str, network: str) -> Secret:
    account = str(link.account_id)
    try:
        async with guessing.code_from_outside(CODES, account, CODES_FROM, network) as tries:
            found = await keys.unwrap_root("code", "user", link.account_id, code, asker=None)
            if found is None:
                if tries == CODES.last:
                    address = mailing.open_address(link.mail, link.account_id)
                    await mailing.send("codes_stopped", address, link.language)
                raise WrongCode
    except Stopped:
        raise CodesStopped from None
    return found.root


async def forget_unactivated() -> int:
    """
    Delete accounts that were not activated within four weeks, with all they have; how many.

    One that cannot be deleted now is tried again at the next look, and keeps nobody else.
    """
    gone = 0
    late = Account.filter(state__in=WAITING, created_at__lte=now() - LIFE)
    for account_id in await late.limit(SWEPT_AT_ONCE).values_list("id", flat=True):
        try:
            gone += await _forget(AccountId(UUID(str(account_id))))
        except Exception as error:  # noqa: BLE001 -- an edge: the others' time has come, too
            log.error("account not forgotten: %s", type(error).__name__)  # noqa: TRY400
    return gone


async def _forget(account_id: AccountId) -> bool:
    async with transaction():
        # The row decides: whoever is being activated at this moment is no longer waiting.
        waiting = Account.filter(id=account_id, state__in=WAITING)
        if not await waiting.update(findable=False):
            return False
        await leaving.shred(account_id)
        announce(AccountsForgotten(frozenset({account_id})))
    return True


async def _make() -> _Made:
    account_id, root, code = AccountId(uuid4()), vault.new_secret(), vault.pass_code()
    wrap = await keys.wrap_root(
        "code", "user", account_id, keys.FIRST_EPOCH, root, code, asker=None
    )
    return _Made(account_id, root, code, wrap)


async def _keep(made: _Made, new: Registration) -> keys.PublicKey:
    """The rows of an account that is not activated."""
    work: dict[str, Any] = {"card": None, "card_rev": 1, "findable": False}
    if new.kind == "professional":
        work = records.boxed(made.account_id, 1, new.name, new.occupation)
    await Account.create(
        id=made.account_id,
        kind=new.kind,
        state="unactivated",
        language=new.language,
        theme="system",
        mail=mailing.box_address(new.mail, made.account_id),
        profile=box_profile(made.account_id, keys.FIRST_EPOCH, made.root, 1, new),
        profile_rev=1,
        created_at=now(),
        **work,
    )
    public = await keys.create_principal(made.account_id, "user", made.root)
    await keys.keep_wrap(made.code_wrap)
    return public


async def _activate(account: Account, root: Secret, mark: str, password: str) -> None:
    kind, account_id = cast("AccountKind", account.kind), AccountId(account.id)
    mail = mailing.open_address(account.mail, account.id)
    name = open_name(account, keys.FIRST_EPOCH, root)
    await passwords.check(password, kind, (mail.text, name))
    wrap = await keys.wrap_root(
        "password", "user", account.id, keys.FIRST_EPOCH, root, password, asker=None
    )
    async with transaction():
        await _claim(account_id, mark)  # once: nobody makes another code for who waits
        await keys.keep_wrap(wrap)
        await Activation.filter(mail_mark=mark).delete()
        announce(AccountActivated(account_id, kind, mark))


async def _complete(account: Account, owner: Actor, mark: str, typed: Completing) -> None:
    """
    Now the account gets its person, its address and the password of whoever reads the mail.

    Anybody may have begun it, with an address that is not theirs: the password, the sessions, the
    second factors and the known browsers of before are over.
    """
    about, rev = typed.about, account.profile_rev + 1
    mail, password = mailing.open_address(account.mail, owner.id), passwords.fold(typed.password)
    await passwords.check(password, owner.kind, (mail.text, about.name))
    wrap = await keys.wrap_root(
        "password", "user", owner.id, owner.epoch, owner.root, password, asker=None
    )
    changes: dict[str, Any] = {
        "profile": box_profile(owner.id, owner.epoch, owner.root, rev, about),
        "profile_rev": rev,
    }
    if owner.kind == "professional":
        changes |= records.boxed(owner.id, 1, about.name, about.occupation)
    async with transaction():
        await keys.must_still_open(owner.id, owner.epoch, None)
        await _claim(owner.id, mark, account.profile_rev, **changes)
        await keys.keep_wrap(wrap)
        await factors.start_anew(owner)
        await departures.forget_devices(owner.id)
        await keys.end_sessions(owner.id)
        await keys.end_tokens(owner.id)
        await Activation.filter(mail_mark=mark).delete()
        announce(AccountActivated(owner.id, owner.kind, mark))


async def _claim(account_id: AccountId, mark: str, rev: int = 1, **changes: Any) -> None:
    """Give the address to this account; the unique mark decides between two at once."""
    waiting = Account.filter(id=account_id, state__in=WAITING)
    seen = waiting.filter(profile_rev=rev)
    try:
        claimed = await seen.update(state="active", mail_mark=mark, waiting_mark=None, **changes)
    except IntegrityError:
        raise AddressTaken from None
    if not claimed:
        raise Conflict if await waiting.exists() else LinkDead
    await throttles.forget(guessing.SIGN_INS, mark)  # tries before it had an owner
