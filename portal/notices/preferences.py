"""What somebody wishes to hear, where and when; without a row, what the portal suggests."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from portal.core.actor import AccountId
from portal.notices.kinds import CHANNELS, CHOSEN, KINDS, Channel
from portal.notices.models import NoticePreference
from portal.notices.timing import Rhythm, Timing

RHYTHMS: Final[tuple[Rhythm, ...]] = ("now", "hourly", "daily")
ZONE: Final = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Preferences:
    """An account's wishes; the defaults are the portal's."""

    choices: Mapping[str, frozenset[Channel]] = field(default_factory=dict)
    rhythm: Rhythm = "hourly"
    hour: int = 7
    quiet: tuple[int, int] | None = None
    zone: str = ZONE
    urgent_breaks: bool = True
    paused_until: datetime | None = None
    mails_stopped: bool = False

    def channels(self, kind: str) -> frozenset[Channel]:
        """Where news of *kind* are told."""
        known = KINDS[kind]
        return known.channels if known.fixed else self.choices.get(kind, known.channels)

    def kinds(self, channel: Channel) -> list[str]:
        """The kinds told by *channel*; those of the account's safety are mailed by their room."""
        return [kind for kind in CHOSEN if channel in self.channels(kind)]

    @property
    def timing(self) -> Timing:
        """When news are told."""
        return Timing(
            rhythm=self.rhythm,
            hour=self.hour,
            quiet=self.quiet,
            zone=ZoneInfo(self.zone),
            urgent_breaks=self.urgent_breaks,
            paused_until=self.paused_until,
        )


DEFAULT: Final = Preferences()


async def of(account: AccountId) -> Preferences:
    """The wishes of one account."""
    return (await of_many([account]))[account]


async def of_many(accounts: Collection[AccountId]) -> dict[AccountId, Preferences]:
    """The wishes of all *accounts*, in one query."""
    rows = await NoticePreference.filter(account__in=list(accounts))
    known = {row.account: _read(row) for row in rows}
    return {account: known.get(account, DEFAULT) for account in accounts}


async def keep(account: AccountId, wishes: Preferences) -> None:
    """Replace an account's wishes; the link in its mails stays."""
    quiet_from, quiet_until = wishes.quiet or (None, None)
    values: dict[str, Any] = {
        "choices": {
            kind: sorted(channels)
            for kind, channels in wishes.choices.items()
            if kind in CHOSEN and channels != CHOSEN[kind].channels
        },
        "rhythm": wishes.rhythm,
        "hour": wishes.hour,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "zone": wishes.zone,
        "urgent_breaks": wishes.urgent_breaks,
        "paused_until": wishes.paused_until,
        "mails_stopped": wishes.mails_stopped,
    }
    fresh = NoticePreference(account=account, **values)
    await NoticePreference.bulk_create([fresh], on_conflict=["account"], update_fields=[*values])


def with_choices(wishes: Preferences, choices: Mapping[str, Collection[str]]) -> Preferences:
    """The same wishes with other channels; unknown kinds and channels are left out."""
    known = {
        kind: frozenset(channel for channel in CHANNELS if channel in choices.get(kind, ()))
        for kind in CHOSEN
    }
    return replace(wishes, choices=known)


def _read(row: NoticePreference) -> Preferences:
    quiet = None
    if row.quiet_from is not None and row.quiet_until is not None:
        quiet = (row.quiet_from, row.quiet_until)
    stored = cast("dict[str, list[str]]", row.choices)
    return Preferences(
        choices={
            kind: frozenset(channel for channel in CHANNELS if channel in channels)
            for kind, channels in stored.items()
        },
        rhythm=cast("Rhythm", row.rhythm),
        hour=row.hour,
        quiet=quiet,
        zone=row.zone,
        urgent_breaks=row.urgent_breaks,
        paused_until=row.paused_until,
        mails_stopped=row.mails_stopped,
    )
