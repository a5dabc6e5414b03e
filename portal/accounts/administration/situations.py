"""What the frame of every page says of the account that looks at it, by one statement."""

from dataclasses import dataclass

from tortoise.expressions import Subquery

from portal.accounts.administrators import is_administrator
from portal.accounts.departures import Departure, departure_of
from portal.accounts.models import Account, Administrator, Leaving
from portal.core.actor import AccountId


@dataclass(frozen=True, slots=True)
class Situation:
    """An account as the frame of a page needs to know it."""

    departure: Departure | None = None
    """When and why it ends."""
    administers: bool = False


async def situation_of(account: AccountId) -> Situation:
    """
    The account's situation; those few whom it concerns cost one statement more each.

    That a row is there decides nothing: whether it holds is asked where it is always asked.
    """
    leaves = Leaving.filter(account_id=account).values("account_id")
    administers = Administrator.filter(account_id=account).values("account_id")
    rows = (
        await Account.filter(id=account)
        .annotate(leaves=Subquery(leaves), administers=Subquery(administers))
        .values_list("leaves", "administers")
    )
    (ends, looks_after) = rows[0] if rows else (None, None)
    return Situation(
        departure=await departure_of(account) if ends else None,
        administers=bool(looks_after) and await is_administrator(account),
    )
