"""
The papers of an account: the Pass made anew, the optional recovery sheet, and the yearly question.

Each carries a code that opens the account when the password is forgotten.  The codes are shown
once and stored nowhere; a new one kills the one before in the same transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from portal import keys, vault
from portal.accounts import proving
from portal.accounts.events import SafetyChanged
from portal.accounts.models import Account, Papers
from portal.accounts.owners import to_owner
from portal.accounts.papers.passes import Pass, Purpose
from portal.accounts.profile.profiles import account_of, open_name
from portal.accounts.unverified import is_confirmed
from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction
from portal.owing import owe

ASKED_AFTER: Final = timedelta(days=365)
"""How long after the Pass was made, or was last said to be there, the question comes again."""

Paper = Literal["code", "recovery"]
LETTERS: Final[dict[Paper, str]] = {"code": "pass_renewed", "recovery": "recovery_made"}


@dataclass(frozen=True, slots=True)
class PaperState:
    """What exists on paper."""

    pass_at: datetime
    recovery_at: datetime | None
    """None: there is no recovery sheet."""


async def papers_of(actor: Actor) -> PaperState:
    """The state of the actor's papers."""
    row = await _row(await account_of(actor))
    sheet = row.recovery_at if await keys.has_wrap("recovery", actor.id) else None
    return PaperState(row.pass_at, sheet)


async def asks_for_pass(actor: Actor) -> bool:
    """Whether it is time again to ask the actor whether the Pass is still there (Q-09)."""
    return (await _row(await account_of(actor))).asked_at + ASKED_AFTER <= now()


async def issue(actor: Actor, paper: Paper, present: str) -> Pass:
    """
    Make a new Pass or recovery sheet; the code of the one before is dead at once.

    A mail says so.  Raises `WrongPassword`, `TooManyTries`, and `Conflict` when the password was
    changed meanwhile.  The answer holds the code for the only time.
    """
    proved = await proving.by_password(actor, present)
    root = proved.root
    account = await account_of(actor)
    code = vault.pass_code()
    wrap = await keys.wrap_root(paper, "user", actor.id, actor.epoch, root, code, asker=actor.id)
    public = await keys.public_key("user", actor.id)
    async with transaction():
        await keys.keep_wrap(wrap, opened_by=proved.wrap)
        await note(account, code=paper == "code", recovery=paper == "recovery")
        await _tell(account, LETTERS[paper])
    name = open_name(account, actor.epoch, root)
    purpose = renewed_for(account) if paper == "code" else "recovery"
    return Pass(actor.id, name, code, public.fpr, now(), purpose)


def renewed_for(account: Account) -> Purpose:
    """What a Pass made anew is for: until somebody has activated the account, still that."""
    return "renewed" if is_confirmed(account) else "first"


async def revoke_sheet(actor: Actor, present: str) -> None:
    """The recovery sheet opens nothing any more.  Raises `WrongPassword`, `TooManyTries`."""
    await proving.by_password(actor, present)
    account = await account_of(actor)
    async with transaction():
        if await keys.drop_wrap("recovery", actor.id):
            await _tell(account, "recovery_revoked")


async def still_there(actor: Actor) -> None:
    """The yearly question was answered with yes; it comes again in a year."""
    await _change(await account_of(actor), lambda _row: {"asked_at": now()})


async def note(account: Account, *, code: bool = False, recovery: bool = False) -> None:
    """A paper was made just now; joins the caller's transaction."""

    def made(_row: Papers) -> dict[str, Any]:
        moment = now()
        pass_made = {"pass_at": moment, "asked_at": moment} if code else {}
        return pass_made | ({"recovery_at": moment} if recovery else {})

    await _change(account, made)


async def _change(account: Account, changes: Callable[[Papers], dict[str, Any]]) -> None:
    row = await _row(account)
    async with transaction():
        await Papers.bulk_create([row], ignore_conflicts=True)
        await Papers.filter(account_id=account.id).update(**changes(row))


async def _row(account: Account) -> Papers:
    """The row, or what it would say: the first Pass was made with the account."""
    born = account.created_at
    kept = await Papers.get_or_none(account_id=account.id)
    return kept or Papers(account_id=account.id, pass_at=born, asked_at=born)


async def _tell(account: Account, kind: str) -> None:
    if is_confirmed(account):
        await to_owner(account, kind)
        await owe(SafetyChanged(AccountId(account.id), kind))
