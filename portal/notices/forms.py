"""The table of wishes as it comes from a form."""

from collections.abc import Mapping
from datetime import time
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from portal.core.errors import Invalid
from portal.core.language import N_, gettext
from portal.notices.kinds import CHOSEN
from portal.notices.preferences import RHYTHMS, Preferences, with_choices
from portal.notices.timing import HOUR_MINUTES

HOURS: Final = range(24)
PAUSES: Final[dict[int, str]] = {
    1: N_("For 1 hour"),
    24: N_("For 1 day"),
    168: N_("For 1 week"),
}
REGIONS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
     "Pacific"}
)  # fmt: skip
BAD_TIME: Final = N_("Please enter times such as 22:00, or leave both empty.")
SAME_TIME: Final = N_("Quiet hours need an end other than their beginning.")


@cache
def zones() -> tuple[str, ...]:
    """The time zones of the world by their places (IANA)."""
    return tuple(sorted(each for each in available_timezones() if each.split("/")[0] in REGIONS))


def parse_wishes(form: Mapping[str, Any], chosen: list[str]) -> Preferences:
    """What was chosen; *chosen* are the ticked boxes, `kind:channel`.  Raises `Invalid`."""
    quiet = _quiet(str(form.get("quiet_from", "")), str(form.get("quiet_until", "")))
    rhythm, zone = str(form.get("rhythm", "")), str(form.get("zone", ""))
    if rhythm not in RHYTHMS or zone not in zones():
        raise Invalid
    choices: dict[str, list[str]] = {kind: [] for kind in CHOSEN}
    for each in chosen:
        kind, _, channel = each.partition(":")
        choices.setdefault(kind, []).append(channel)
    wishes = Preferences(
        rhythm=rhythm,
        hour=_hour(str(form.get("hour", ""))),
        quiet=quiet,
        zone=zone,
        urgent_breaks="urgent_breaks" in form,
    )
    return with_choices(wishes, choices)


def parse_pause(form: Mapping[str, Any]) -> int:
    """For how many hours; 0 to go on."""
    typed = str(form.get("hours", ""))
    hours = int(typed) if typed.isdecimal() and typed.isascii() else -1
    if hours not in {0, *PAUSES}:
        raise Invalid
    return hours


def _hour(typed: str) -> int:
    if typed not in {str(hour) for hour in HOURS}:
        raise Invalid
    return int(typed)


def _quiet(first: str, last: str) -> tuple[int, int] | None:
    if not first and not last:
        return None
    try:
        start, end = time.fromisoformat(first), time.fromisoformat(last)
    except ValueError:
        raise Invalid(fields={"quiet_from": gettext(BAD_TIME)}) from None
    quiet = (_minutes(start), _minutes(end))
    if quiet[0] == quiet[1]:
        raise Invalid(fields={"quiet_from": gettext(SAME_TIME)})
    return quiet


def _minutes(at: time) -> int:
    return at.hour * HOUR_MINUTES + at.minute
