"""
The password is forgotten, a code on paper is at hand: a new password, and everything stays.

The code of the Pass, the Card or the recovery sheet unwraps the root, which is then wrapped by the
new password.  Nobody learns from the answer or its time whether an address has an account.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from portal import keys, mailing, vault
from portal.accounts import departures, guessing, passwords, throttles
from portal.accounts.errors import MistypedCode, WrongRecovery
from portal.accounts.events import SafetyChanged
from portal.accounts.factors import judging, proofs
from portal.accounts.factors.entering import as_actor
from portal.accounts.models import Account
from portal.accounts.owners import to_owner
from portal.accounts.profile.profiles import open_name
from portal.accounts.recovery.forms import Forgotten
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Conflict
from portal.owing import owe

CODES: Final = throttles.Limit("forgotten-address", free=5, first_wait=timedelta(seconds=30))
"""
At an address from one network.  No stranger elsewhere keeps its owner from using the Pass, which is
the way back after everything else was closed; 120 bits need no limit on the address alone.
"""
CODES_FROM: Final = throttles.Limit(
    "forgotten-network", free=20, forgotten_after=timedelta(hours=1)
)

_PAPERS: Final[dict[keys.TypedHow, str]] = {"code": "password_changed", "recovery": "sheet_used"}
"""The papers that open an account, and the mail about each."""


@dataclass(frozen=True, slots=True)
class _Opened:
    account: Account
    actor: Actor = field(repr=False)
    wrap: UUID
    how: keys.TypedHow
    """The Pass or the recovery sheet."""
    news: str
    """What the owner is told."""


async def set_password(typed: Forgotten, network: str) -> None:
    """
    Wrap the root by a new password, end every session, stop a pending reset and write a mail.

    Raises `MistypedCode` (costs no try), `TooManyTries` before any work, `WrongRecovery` after the
    same work for an unknown address and a wrong code, and `WeakPassword`.
    """
    if not vault.check_pass_code(typed.code):
        raise MistypedCode
    mark = typed.mail.mark
    async with guessing.code_from_outside(CODES, f"{mark} {network}", CODES_FROM, network):
        found = await _opened(mark, typed.code)
        if found is None:
            raise WrongRecovery
    account, actor = found.account, found.actor
    address = mailing.open_address(account.mail, account.id)
    about = (address.text, open_name(account, actor.epoch, actor.root))
    password = passwords.fold(typed.password)
    rested = found.how != "code" or await proofs.pass_has_rested(actor)
    judged = replace(
        await judging.judge(actor, password, about),
        review=True,
        by_pass=now() if found.how == "code" else None,
    )
    wrap = await keys.wrap_root(
        "password", "user", actor.id, actor.epoch, actor.root, password, asker=None
    )
    try:
        async with transaction():
            await keys.keep_wrap(wrap, opened_by=found.wrap)
            await judging.keep(actor, judged)
            await guessing.open_again(mark, steps=rested)
            await departures.put_right(actor.id)
            await keys.end_sessions(actor.id)
            await to_owner(account, found.news)
            await owe(SafetyChanged(actor.id, found.news))
    except Conflict:  # a new Pass or sheet was made while this code was tried
        raise WrongRecovery from None


async def _opened(mark: str, code: str) -> _Opened | None:
    """The account, if *code* is that of its Pass or recovery sheet; a wrong one tries both."""
    whose = await guessing.owner_of(mark)
    for how, news in _PAPERS.items():
        found = await keys.unwrap_root(how, "user", whose, code, asker=None)
        if found is not None:
            account = await Account.get_or_none(id=whose, mail_mark=mark)
            if account is None:
                return None
            actor = await as_actor(account, found.root)
            return _Opened(account, actor, found.wrap, how, news)
    return None
