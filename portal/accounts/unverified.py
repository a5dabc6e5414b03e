"""
Accounts whose address nobody has confirmed yet (S-035, Q-02): they keep own uploads and open codes.

Anybody may type anybody's address, so such an account has no claim on it: any number of them may
wait under one address, and the one who activates first gets it.  Signing in asks the address's
owner first and then all that wait under it, with one derivation however many there are.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from portal import keys
from portal.accounts.errors import NotActivated
from portal.accounts.models import Account
from portal.core.actor import Actor
from portal.core.db import now
from portal.memories import Memory

UNVERIFIED: Final = "unverified"
LIFE: Final = timedelta(days=28)
"""An account that is not activated lives four weeks, to the minute (S-037)."""
MOST_FOR_ONE_ADDRESS: Final = 200
"""More than the throttle on writing to an address lets anybody make in four weeks."""
REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Opened:
    """An account that a password opened, and what it opened."""

    account: Account
    found: keys.Found = field(repr=False)


_activated: Final = Memory[UUID, None](REMEMBERED)
"""Accounts known to be activated, which nothing undoes: nobody asks the database twice."""


async def ends_at(actor: Actor) -> datetime | None:
    """When the actor's account is deleted unless it is activated before; None once it is."""
    if actor.id in _activated:
        return None
    row = await Account.get_or_none(id=actor.id).only("id", "state", "created_at")
    if row is not None and row.state == UNVERIFIED:
        return row.created_at + LIFE
    _activated.put(actor.id, None)
    return None


async def must_be_activated(actor: Actor) -> None:
    """Raises `NotActivated` for an account whose address nobody has confirmed."""
    if await ends_at(actor) is not None:
        raise NotActivated


async def find(mark: str, password: str) -> Opened | None:
    """
    The newest account waiting under an address that *password* opens.

    The same work for none, one and a few.  Raises `Busy`.
    """
    waiting = Account.filter(waiting_mark=mark, state=UNVERIFIED, created_at__gt=now() - LIFE)
    newest = waiting.order_by("-created_at").limit(MOST_FOR_ONE_ADDRESS)
    ids = cast("list[UUID]", await newest.values_list("id", flat=True))
    salt = keys.shared_salt(mark)
    found = await keys.unwrap_one_of("password", "user", ids, password, salt=salt)
    account = None if found is None else await Account.get_or_none(id=found.principal)
    return None if found is None or account is None else Opened(account, found)


def learn(account: Account) -> None:
    """Somebody signs in: the row is at hand, so their first page need not ask for it again."""
    if account.state != UNVERIFIED:
        _activated.put(account.id, None)


def is_confirmed(account: Account) -> bool:
    """
    Whether somebody has shown that they read this address.

    Only then is the account's own news mailed there: nobody sends a stranger news of an account
    that is not theirs.
    """
    return account.waiting_mark is None


def salt_for(account: Account) -> bytes | None:
    """The salt that the next wrap of a password must have for `find`; None: any."""
    return None if account.waiting_mark is None else keys.shared_salt(account.waiting_mark)
