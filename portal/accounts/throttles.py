"""
How often something may be tried, counted in the database: it holds over processes and restarts.

A try is counted before the work it guards is done, so a hundred parallel tries are a hundred.
Ten are free, then each costs a waiting time that doubles.  What was right is given back.  A limit
with an end stops for good after so many failures in a row (NIST SP 800-63B rev. 4, 3.2.2), until
`forget` says that somebody proved otherwise who they are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q

from portal import keys, vault
from portal.accounts.errors import Stopped, TooManyTries
from portal.accounts.models import Throttle
from portal.core.db import now

RACES: Final = 20
"""How often a try is counted anew because another one was counted meanwhile."""
MOST_IN_A_ROW: Final = 100
"""Failures without a success between them, after which an account takes no further guess."""
LASTS: Final = timedelta(days=400)
"""How long failures in a row are remembered."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries are free, what the next ones cost, and which one is the last."""

    purpose: str
    free: int = 10
    first_wait: timedelta = timedelta(seconds=2)
    longest_wait: timedelta = timedelta(minutes=15)
    forgotten_after: timedelta = timedelta(hours=24)
    """Counting starts anew after so long without a try; not where there is an end."""
    last: int | None = None
    """After this many nothing is taken any more."""

    def mark(self, what: str) -> str:
        """The row for *what* (a mark, an account, a network), unreadable without the pepper."""
        return vault.mac(keys.pepper_key("throttle"), vault.ctx(self.purpose, what)).hex()

    def wait(self, tries: int) -> timedelta:
        """How long to wait after the *tries*-th try."""
        if tries < self.free:
            return timedelta(0)
        doubled = self.first_wait * (1 << min(tries - self.free, 30))
        return min(doubled, self.longest_wait)


async def count(limit: Limit, what: str) -> int:
    """
    Take one try; which one it is.

    Raises `TooManyTries` with the seconds to wait, and `Stopped` when the last one was taken.
    """
    mark = limit.mark(what)
    for _ in range(RACES):
        row = await Throttle.get_or_none(mark=mark)
        moment = now()  # not before: a try that was counted meanwhile would lie in the future
        if row is None:
            if await _first(limit, mark, moment):
                return 1
            continue
        if limit.last is not None and row.tries >= limit.last:
            raise Stopped
        if row.free_at > moment:
            raise TooManyTries(retry_after=ceil((row.free_at - moment).total_seconds()))
        stale = limit.last is None and row.last_at + limit.forgotten_after < moment
        tries = 1 if stale else row.tries + 1
        unchanged = Throttle.filter(mark=mark, tries=row.tries, last_at=row.last_at)
        if await unchanged.update(tries=tries, last_at=moment, free_at=moment + limit.wait(tries)):
            return tries
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
    """Drop rows nobody has touched for two days, and failures in a row after `LASTS`."""
    moment = now()
    two_days = Q(lasting=False, last_at__lt=moment - timedelta(days=2))
    await Throttle.filter(two_days | Q(last_at__lt=moment - LASTS)).delete()


async def _first(limit: Limit, mark: str, moment: datetime) -> bool:
    try:
        await Throttle.create(
            mark=mark,
            tries=1,
            last_at=moment,
            free_at=moment + limit.wait(1),
            lasting=limit.last is not None,
        )
    except IntegrityError:
        return False
    return True
