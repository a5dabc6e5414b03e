"""Leaving for good, from the profile: in fourteen days, which can be taken back, or at once."""

from datetime import datetime, timedelta
from typing import Final

from portal.accounts import belongings, departures, proving, throttles
from portal.accounts.belongings import Loss
from portal.accounts.ending import leaving
from portal.accounts.ending.forms import Deleting
from portal.accounts.profile.profiles import account_of
from portal.core.actor import Actor
from portal.core.db import now

WAITING: Final = timedelta(days=14)
WISHES: Final = throttles.Limit("delete-later", free=5, first_wait=timedelta(minutes=1))
"""Each is told by mail."""


async def losses(actor: Actor) -> list[Loss]:
    """What the actor's account would lose."""
    return await belongings.losses(actor.id)


async def delete(actor: Actor, typed: Deleting) -> datetime | None:
    """
    Delete the account at once (None) or let it end in fourteen days (when).

    Raises `WrongPassword`, `TooManyTries`.
    """
    await proving.by_password(actor, typed.present)
    if typed.when == "now":
        await leaving.end(actor.id, "delete")
        return None
    await throttles.count(WISHES, str(actor.id))
    due_at = now() + WAITING
    await departures.leave_at(await account_of(actor), "delete", due_at)
    return due_at
