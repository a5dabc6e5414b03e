"""
How often something may be tried, counted in the database: it holds over processes and restarts.

A try is counted before the work it guards is done, so a hundred parallel tries are a hundred.
Ten are free, then each costs a waiting time that doubles.  What was right is given back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from portal import keys, vault
from portal.accounts.errors import TooManyTries
from portal.accounts.models import Throttle
from portal.core.db import now

RACES: Final = 20
"""How often a try is counted anew because another one was counted meanwhile."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries are free, and what the next ones cost."""

    purpose: str
    free: int = 10
    first_wait: timedelta = timedelta(seconds=2)
    longest_wait: timedelta = timedelta(minutes=15)
    forgotten_after: timedelta = timedelta(hours=24)

    def mark(self, what: str) -> str:
        """The row for *what* (a mark, an account, a network), unreadable without the pepper."""
        return vault.mac(keys.pepper_key("throttle"), vault.ctx(self.purpose, what)).hex()

    def wait(self, tries: int) -> timedelta:
        """How long to wait after the *tries*-th try."""
        if tries < self.free:
            return timedelta(0)
        doubled = self.first_wait * (1 << min(tries - self.free, 30))
        return min(doubled, self.longest_wait)


async def count(limit: Limit, what: str) -> None:
    """Take one try, or raise `TooManyTries` with the seconds to wait."""
    mark = limit.mark(what)
    for _ in range(RACES):
        moment = now()
        row = await Throttle.get_or_none(mark=mark)
        if row is None:
            if await _first(limit, mark, moment):
                return
            continue
        if row.free_at > moment:
            raise TooManyTries(retry_after=ceil((row.free_at - moment).total_seconds()))
        stale = row.last_at + limit.forgotten_after < moment
        tries = 1 if stale else row.tries + 1
        unchanged = Throttle.filter(mark=mark, tries=row.tries, last_at=row.last_at)
        if await unchanged.update(tries=tries, last_at=moment, free_at=moment + limit.wait(tries)):
            return
    raise TooManyTries(retry_after=1)


async def give_back(limit: Limit, what: str) -> None:
    """The try was right: it does not count."""
    await Throttle.filter(mark=limit.mark(what), tries__gt=0).update(
        tries=F("tries") - 1, free_at=now()
    )


async def forget(limit: Limit, what: str) -> None:
    """Start counting from nothing."""
    await Throttle.filter(mark=limit.mark(what)).delete()


async def sweep() -> None:
    """Drop rows nobody has touched for two days."""
    await Throttle.filter(last_at__lt=now() - timedelta(days=2)).delete()


async def _first(limit: Limit, mark: str, moment: datetime) -> bool:
    try:
        await Throttle.create(mark=mark, tries=1, last_at=moment, free_at=moment + limit.wait(1))
    except IntegrityError:
        return False
    return True
