"""
The password is forgotten, a code on paper is at hand: a new password, and everything stays.

The code of the Pass, the Card or the recovery sheet unwraps the root, which is then wrapped by the
new password.  Nobody learns from the answer or its time whether an address has an account.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, cast
from uuid import UUID

from portal import keys, mailing, vault
from portal.accounts import leaving, passwords, signing, throttles
from portal.accounts.errors import MistypedCode, WrongRecovery
from portal.accounts.events import SafetyChanged
from portal.accounts.models import Account
from portal.accounts.profiles import open_name
from portal.accounts.recovery_forms import Forgotten
from portal.core.actor import AccountId, AccountKind, Secret
from portal.core.db import announce, transaction

CODES: Final = throttles.Limit("forgotten-address", free=5, first_wait=timedelta(seconds=30))
CODES_FROM: Final = throttles.Limit(
    "forgotten-network", free=20, forgotten_after=timedelta(hours=1)
)


@dataclass(frozen=True, slots=True)
class _Opened:
    account: Account
    epoch: int
    root: Secret = field(repr=False)


async def set_password(typed: Forgotten, network: str) -> None:
    """
    Wrap the root by a new password, end every session, stop a pending reset and write a mail.

    Raises `MistypedCode` (costs no try), `TooManyTries` before any work, `WrongRecovery` after the
    same work for an unknown address and a wrong code, and `WeakPassword`.
    """
    if not vault.check_pass_code(typed.code):
        raise MistypedCode
    mark = typed.mail.mark
    await throttles.count(CODES, mark)
    await throttles.count(CODES_FROM, network)
    found = await _opened(await Account.get_or_none(mail_mark=mark), typed.code)
    if found is None:
        raise WrongRecovery
    await throttles.forget(CODES, mark)
    await throttles.give_back(CODES_FROM, network)
    account = found.account
    address = mailing.open_address(account.mail, account.id)
    about = (address.text, open_name(account, found.epoch, found.root))
    password = passwords.fold(typed.password)
    await passwords.check(password, cast("AccountKind", account.kind), about)
    wrap = await keys.wrap_root("password", "user", account.id, found.epoch, found.root, password)
    async with transaction():
        await keys.keep_wrap(wrap)
        await signing.open_again(mark)
        await leaving.comes_back(AccountId(account.id))
        await keys.end_sessions(AccountId(account.id))
        await mailing.send("password_changed", address, account.language)
        announce(SafetyChanged(AccountId(account.id), "password_changed"))


async def _opened(account: Account | None, code: str) -> _Opened | None:
    """The account, if *code* is that of its Pass or recovery sheet; a wrong one tries both."""
    who: UUID | None = None if account is None else account.id
    by_pass = await keys.unwrap_root("code", "user", who, code)
    root = by_pass or await keys.unwrap_root("recovery", "user", who, code)
    if account is None or root is None:
        return None
    return _Opened(account, (await keys.public_key("user", account.id)).epoch, root)
