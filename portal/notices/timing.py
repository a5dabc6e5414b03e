"""
When somebody is to hear of something: digests, quiet hours, pauses.  Pure functions of a moment.

Hours are those of the clock on the reader's wall.  A quiet time is a span between two moments and
not a comparison of clock readings, so the hour that autumn repeats is neither doubled nor endless.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Rhythm = Literal["now", "hourly", "daily"]

GRACE: Final = timedelta(minutes=1)
"""Whoever is looking anyway reads the news within it, and gets no mail."""
HOUR_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Timing:
    """When somebody wishes to hear."""

    rhythm: Rhythm
    hour: int
    """Of the daily mail, 0 to 23."""
    quiet: tuple[int, int] | None
    """From and until, in minutes after midnight; until may be on the next day."""
    zone: ZoneInfo
    urgent_breaks: bool
    """What is urgent comes at once, also in quiet times."""
    paused_until: datetime | None


def due(timing: Timing, moment: datetime, *, urgent: bool, collected: bool) -> datetime:
    """When news of *moment* are told; *collected* ones wait for the end of their window."""
    if collected and not (urgent and timing.urgent_breaks):
        return held(timing, _window_end(timing, moment), urgent=urgent)
    return held(timing, moment, urgent=urgent)


def held(timing: Timing, moment: datetime, *, urgent: bool) -> datetime:
    """The first moment from *moment* on that is neither paused nor quiet."""
    at = max(moment, timing.paused_until or moment)
    if timing.quiet is None or (urgent and timing.urgent_breaks):
        return at
    start, end = timing.quiet
    today = at.astimezone(timing.zone).date()
    for day in (today - timedelta(days=1), today):
        over = day if end > start else day + timedelta(days=1)
        until = _moment(over, end, timing.zone)
        if _moment(day, start, timing.zone) <= at < until:
            return until
    return at


def _window_end(timing: Timing, moment: datetime) -> datetime:
    local = moment.astimezone(timing.zone)
    match timing.rhythm:
        case "now":
            return moment + GRACE
        case "hourly":
            # In absolute time: the hour that autumn repeats has two ends.
            passed = timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
            return moment - passed + timedelta(hours=1)
        case "daily":
            today = _moment(local.date(), timing.hour * HOUR_MINUTES, timing.zone)
            tomorrow = local.date() + timedelta(days=1)
            if today > moment:
                return today
            return _moment(tomorrow, timing.hour * HOUR_MINUTES, timing.zone)


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """When the wall clock of *zone* shows so many minutes after midnight, the first time."""
    hours, rest = divmod(minutes, HOUR_MINUTES)
    return datetime.combine(day, time(hours, rest), zone).astimezone(UTC)
