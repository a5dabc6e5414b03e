"""What comes in, read once at the edge.  Every complaint names its field and says what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

from cases.ids import CaseId, CommunityId, PostId, ThreadId
from cases.pins import Pin
from cases.vocabulary import AGE_BANDS, MODALITIES, REGIONS, URGENCIES, YEARS
from portal.core.db import now
from portal.core.errors import Invalid, reading
from portal.core.language import ZONE
from portal.core.language import gettext as _

LONGEST_NAME: Final = 120
LONGEST_TITLE: Final = 200
LONGEST_QUESTION: Final = 4_000
LONGEST_POST: Final = 10_000
MOST_STUDIES: Final = 20
LONGEST_OUTCOME: Final = 4_000
FURTHEST: Final = timedelta(days=366)
"""How far ahead an answer may be asked for; an outcome may be asked for ten times later."""


class _Reader:
    """Reads fields one by one and keeps every problem, so a form shows all of them at once."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self.problems: dict[str, str] = {}

    def text(self, name: str, longest: int, *, empty: str = "") -> str:
        """Trimmed text; with *empty* given, that is the complaint when nothing was entered."""
        with reading():
            value = self._data.get(name) or ""
            if not isinstance(value, str):
                raise Invalid
        # PostgreSQL refuses NUL; nobody types it.
        value = value.replace("\r\n", "\n").replace("\x00", "").strip()
        if empty and not value:
            self.problems[name] = empty
        if len(value) > longest:
            self.problems[name] = _("At most %(most)s characters, please.", most=longest)
        return value

    def choice(
        self,
        name: str,
        allowed: Mapping[str, str] | tuple[str, ...],
        empty: str,
        *,
        unsaid: str = "",
    ) -> str:
        value = str(self._data.get(name) or unsaid)
        if value not in allowed:
            self.problems[name] = empty
        return value

    def moment(self, name: str, kept: datetime | None = None) -> datetime | None:
        """
        A time to come, typed in the portal's time zone as `2026-11-22T16:00`; None when empty.

        *kept* is what was there before: it may stay, although it has passed.
        """
        typed = self.text(name, 40)
        if not typed:
            return None
        try:
            local = datetime.fromisoformat(typed)
        except ValueError:
            local = None
        if local is None or local.year not in YEARS:
            self.problems[name] = _("Give day and time, like 22.11.2026, 16:00.")
            return None
        moment = local.replace(tzinfo=ZONE).astimezone(UTC)
        if moment != kept and not now() < moment < now() + FURTHEST:
            self.problems[name] = _("The time must lie in the future, within a year.")
        return moment

    def day(self, name: str) -> date | None:
        """A day still to come, as `2027-02-14`; None when empty."""
        typed = self.text(name, 40)
        if not typed:
            return None
        try:
            day = date.fromisoformat(typed)
        except ValueError:
            self.problems[name] = _("Give a day, like 14.02.2027.")
            return None
        today = now().astimezone(ZONE).date()
        if not today < day < today + 10 * FURTHEST:
            self.problems[name] = _("The day must lie in the future, within ten years.")
        return day

    def done(self) -> None:
        if self.problems:
            raise Invalid(fields=self.problems)


@dataclass(frozen=True, slots=True)
class NewCommunity:
    """Also the form that renames one."""

    name: str = field(repr=False)
    department: str = field(repr=False)
    location: str = field(repr=False)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        read = _Reader(data)
        new = cls(
            name=read.text("name", LONGEST_NAME, empty=_("Give the community a name.")),
            department=read.text("department", LONGEST_NAME, empty=_("Which department is it?")),
            location=read.text("location", LONGEST_NAME, empty=_("Where is it?")),
        )
        read.done()
        return new


@dataclass(frozen=True, slots=True)
class CaseWords:
    """What a case says about itself."""

    title: str = field(repr=False)
    question: str = field(repr=False)
    modality: str = field(repr=False)
    region: str = field(repr=False)
    age_band: str = field(repr=False)
    urgency: str = "routine"
    answer_by: datetime | None = None

    @classmethod
    def parse(cls, data: Mapping[str, Any], kept: datetime | None = None) -> Self:
        """*kept*: the answer-by of the case before an edit, which may stay although it passed."""
        read = _Reader(data)
        words = cls._read(read, kept)
        read.done()
        return words

    @classmethod
    def _read(cls, read: _Reader, kept: datetime | None = None) -> Self:
        return cls(
            title=read.text("title", LONGEST_TITLE, empty=_("Give the case a title.")),
            question=read.text(
                "question", LONGEST_QUESTION, empty=_("What do you want to ask your colleagues?")
            ),
            modality=read.choice("modality", MODALITIES, _("Choose a modality.")),
            region=read.choice("region", REGIONS, _("Choose a body region.")),
            age_band=read.choice("age_band", AGE_BANDS, _("Choose an age band.")),
            urgency=read.choice(
                "urgency", URGENCIES, _("How soon do you need an answer?"), unsaid="routine"
            ),
            answer_by=read.moment("answer_by", kept),
        )


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to open: its words, and which of the author's own studies it is about."""

    community: CommunityId
    client_id: UUID
    words: CaseWords
    studies: tuple[UUID, ...]

    @classmethod
    def parse(cls, community: UUID, data: Mapping[str, Any], studies: list[str]) -> Self:
        read = _Reader(data)
        words = CaseWords._read(read)  # noqa: SLF001 -- the same form, one file
        with reading():
            chosen = tuple(dict.fromkeys(UUID(study) for study in studies))
            client_id = UUID(str(data["client_id"]))
        if not chosen:
            read.problems["studies"] = _("Choose at least one of your studies.")
        if len(chosen) > MOST_STUDIES:
            read.problems["studies"] = _("At most %(most)s studies, please.", most=MOST_STUDIES)
        read.done()
        return cls(CommunityId(community), client_id, words, chosen)


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a discussion."""

    ask_on: date | None = None
    """When to ask the case's author what it turned out to be; None: do not ask."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        read = _Reader(data)
        closing = cls(read.day("ask_on"))
        read.done()
        return closing


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """What it turned out to be."""

    text: str = field(repr=False)
    rev: int
    """The revision that was edited; 0 for the first."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        read = _Reader(data)
        text = read.text("outcome", LONGEST_OUTCOME, empty=_("What did it turn out to be?"))
        read.done()
        with reading():
            return cls(text, int(data.get("rev") or 0))


@dataclass(frozen=True, slots=True)
class NewThread:
    case: CaseId
    client_id: UUID
    title: str = field(repr=False)

    @classmethod
    def parse(cls, case: UUID, data: Mapping[str, Any]) -> Self:
        read = _Reader(data)
        title = read.text("title", LONGEST_TITLE, empty=_("Give the thread a title."))
        read.done()
        with reading():
            return cls(CaseId(case), UUID(str(data["client_id"])), title)


@dataclass(frozen=True, slots=True)
class NewPost:
    thread: ThreadId
    client_id: UUID
    text: str = field(repr=False)
    reply_to: PostId | None = None
    pin: Pin | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, thread: UUID, data: Mapping[str, Any]) -> Self:
        read = _Reader(data)
        with reading():
            client_id, reply_to = UUID(str(data["client_id"])), data.get("reply_to")
            replied = PostId(UUID(str(reply_to))) if reply_to else None
        pin = Pin.parse(data["pin"]) if data.get("pin") else None
        wanted = "" if pin else _("Write something first.")
        text = read.text("text", LONGEST_POST, empty=wanted)
        read.done()
        return cls(ThreadId(thread), client_id, text, replied, pin)


@dataclass(frozen=True, slots=True)
class PostEdit:
    post: PostId
    text: str = field(repr=False)
    rev: int
    """The revision that was edited: a second editor is told instead of overwriting."""

    @classmethod
    def parse(cls, post: UUID, data: Mapping[str, Any]) -> Self:
        read = _Reader(data)
        text = read.text("text", LONGEST_POST, empty=_("Write something first."))
        read.done()
        with reading():
            return cls(PostId(post), text, int(data["rev"]))
