"""
What a stranger's guess costs, so that its time does not tell whose wrap it met, or that none.

A wrap keeps the cost of the day on which it was made.  Once the settings ask for more, wraps of
before would be tried faster than those that are not there.  So each guess from outside pays every
cost that is in use for what is guessed, whomever it is about.  Signing in makes a wrap of before
anew (`rewrapping`), so that fewer and fewer of them are left.
"""

from time import monotonic
from typing import Final, NamedTuple, cast

from tortoise.functions import Count

from portal import vault
from portal.keys.custody import Custody, custody
from portal.keys.models import HumanWrap

ASKED_EVERY: Final = 600.0
"""Seconds; all processes have the same settings, so nothing new comes up between."""
OLD_ONES: Final = 2
"""Costs of before that are paid, those with most wraps first: edited rows must not add up."""


class _Asked(NamedTuple):
    """What the tables said of one kind of wrap, for the settings of this process, and when."""

    under: Custody
    at: float
    cheaper: frozenset[vault.Cost]


_asked: Final[dict[str, _Asked]] = {}


async def in_use(how: str) -> frozenset[vault.Cost]:
    """
    Today's cost, and cheaper ones of wraps of the kind *how* from before it was raised.

    A dearer one is not among them: one edited row would make every guess at anybody dear.
    """
    desk, kept = custody(), _asked.get(how)
    if kept is None or kept.under is not desk or monotonic() - kept.at > ASKED_EVERY:
        kept = _asked[how] = _Asked(desk, monotonic(), await _cheaper_than(desk.cost, how))
    return kept.cheaper | {desk.cost}


async def _cheaper_than(today: vault.Cost, how: str) -> frozenset[vault.Cost]:
    by_cost = HumanWrap.filter(how=how).annotate(number=Count("id")).group_by("cost")
    rows = await by_cost.values("cost", "number")
    most_first = sorted(rows, key=lambda row: cast("int", row["number"]), reverse=True)
    read = [_read(str(row["cost"])) for row in most_first]
    found = [each for each in read if each is not None and _work(each) < _work(today)]
    return frozenset(found[:OLD_ONES])


def _read(written: str) -> vault.Cost | None:
    try:
        return vault.Cost.parse(written)
    except vault.Tampered:
        return None


def _work(cost: vault.Cost) -> int:
    return cost.memory * cost.rounds
