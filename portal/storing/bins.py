"""
How long what somebody threw away can be taken out of the bin again.

Until then it counts, since it takes its space; to the minute then it is gone for good.
"""

from datetime import datetime, timedelta
from typing import Final

KEPT: Final = timedelta(days=30)
"""From the bin to the end (features.md 76)."""
DAY: Final = timedelta(days=1)


def thrown_before(moment: datetime) -> datetime:
    """Whatever went into the bin then or earlier is over at *moment*."""
    return moment - KEPT


def days_left(thrown: datetime, moment: datetime) -> int:
    """Days in which it can still be taken out, the one that has begun counted: 30 at first."""
    return max(0, -((moment - thrown - KEPT) // DAY))
