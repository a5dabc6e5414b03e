"""What is told of an account beside its files: who it is, what it wrote, who can see it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cases import OwnCase, put_in_by, written_by
from portal import accounts, auditing, keys
from portal.core.actor import Actor
from portal.core.language import ZONE


@dataclass(frozen=True, slots=True)
class Program:
    """A program that has a token."""

    label: str = field(repr=False)
    scopes: tuple[str, ...]
    created: date | None
    used: date | None
    """To the day: an archive that was cut off goes on although the program was at work."""
    until: date


@dataclass(frozen=True, slots=True)
class Shown:
    """An examination of the account's that was put into a case, and who can open it there."""

    study: UUID
    case: str = field(repr=False)
    community: str = field(repr=False)
    readers: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """
    What the portal knows of somebody, as they may read it.

    `shown` and `programs` say who can open something, `opened` who did.
    """

    profile: accounts.Profile = field(repr=False)
    cases: Sequence[OwnCase] = field(repr=False)
    programs: Sequence[Program] = field(repr=False)
    opened: Sequence[auditing.Entry] = field(repr=False)
    """
    The log, the newest line first, without the account's own looks: this archive would be one, and
    would not be the same when it goes on.
    """
    broken: int
    """From which line on the log is not as it was written; 0: it is."""
    put_in: int
    """How often an examination was put into a case, also where the account comes no more."""

    @property
    def elsewhere(self) -> int:
        """Examinations in cases of communities that the account cannot enter now."""
        return max(0, self.put_in - len(self.shown))

    @property
    def shown(self) -> list[Shown]:
        """One line for each examination in each case."""
        return [
            Shown(study, each.title, each.community, each.readers)
            for each in self.cases
            for study in each.shown
        ]

    @property
    def written_in(self) -> list[OwnCase]:
        """The cases with words of the account's."""
        return [each for each in self.cases if each.words]

    def profile_data(self) -> dict[str, Any]:
        """For JSON."""
        return {"profile": _plain(asdict(self.profile))}

    def cases_data(self) -> dict[str, Any]:
        """For JSON."""
        return {"cases": _plain([asdict(each) for each in self.written_in])}

    def access_data(self, titles: Mapping[UUID, str]) -> dict[str, Any]:
        """For JSON; *titles* of the examinations in the archive."""
        shown = [asdict(each) | {"study": titles.get(each.study, "")} for each in self.shown]
        programs = _plain([asdict(each) for each in self.programs])
        opened = _plain([asdict(each) for each in self.opened])
        log = {"opened": opened, "log_changed_from_line": self.broken}
        return {"shown": _plain(shown), "elsewhere": self.elsewhere, "programs": programs, **log}


async def account_of(actor: Actor, line: int | None = None) -> Account:
    """The actor's own; of the log what it said when *line* was its last one."""
    programs = [
        Program(each.label, each.scopes, _day(each.created), _day(each.last_use),
                each.until.astimezone(ZONE).date())
        for each in await keys.tokens_of(actor)
    ]  # fmt: skip
    programs.sort(key=lambda each: (each.until, each.label))
    profile, cases = await accounts.profile_of(actor), await written_by(actor)
    log = await auditing.log_of(actor, line)
    entries = [each.entry for each in reversed(log.lines) if each.entry is not None]
    opened = [each for each in entries if each.who != actor.id or not each.is_look]
    return Account(profile, cases, programs, opened, log.broken, await put_in_by(actor))


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(ZONE).date()


def _plain(said: Any) -> Any:
    """As JSON knows it: moments and days in ISO 8601, ids as text."""
    if isinstance(said, Mapping):
        return {name: _plain(each) for name, each in said.items()}
    if isinstance(said, list | tuple):
        return [_plain(each) for each in said]
    if isinstance(said, datetime | date):
        return said.isoformat()
    return str(said) if isinstance(said, UUID) else said
