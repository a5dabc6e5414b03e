"""The page "Who saw what": one's own log, filtered, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode
from uuid import UUID

from quart import Blueprint, ResponseReturnValue, render_template, request

from portal.auditing.reading import Line, log_of
from portal.core.errors import reading
from portal.core.web import signed_in

AT_ONCE: Final = 50
"""Lines on a page."""
OTHERS: Final = "others"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines somebody wants to read."""

    who: str
    """Empty: everybody; `OTHERS`: everybody else; or an account."""
    thing: UUID | None
    first: int
    """How many of the newest are left out."""

    @classmethod
    def asked(cls) -> Self:
        """From the address.  Raises `Invalid`."""
        given = request.args
        with reading():
            who = given.get("who", "")
            who = who if who in {"", OTHERS} else UUID(who).hex
            thing = UUID(given["thing"]) if given.get("thing") else None
        return cls(who, thing, max(0, given.get("from", 0, type=int)))

    def takes(self, line: Line, me: UUID) -> bool:
        """Whether it is one of them; what does not open is shown where nothing is left out."""
        entry = line.entry
        if entry is None:
            return not self.who and self.thing is None
        fits = {"": True, OTHERS: entry.who != me}.get(self.who, entry.who.hex == self.who)
        return fits and self.thing in {None, entry.thing}

    def at(self, first: int) -> str:
        """The address of another page of the same."""
        thing = self.thing.hex if self.thing else ""
        return "/log?" + urlencode({"who": self.who, "thing": thing, "from": first})


def create_blueprint() -> Blueprint:
    """The page under /log."""
    blueprint = Blueprint("auditing", __name__)

    @blueprint.get("/log")
    async def show() -> ResponseReturnValue:
        wanted, me = Wanted.asked(), signed_in().id
        log = await log_of(signed_in())
        newest = list(reversed(log.lines))
        found = [line for line in newest if wanted.takes(line, me)]
        first = min(wanted.first, max(0, len(found) - 1))
        last = min(first + AT_ONCE, len(found))
        return await render_template(
            "auditing/log.html",
            lines=found[first:last],
            broken=log.broken,
            wanted=wanted,
            me=me,
            others=OTHERS,
            people=_people(newest, me),
            things=_things(newest),
            first=first,
            last=last,
            count=len(found),
            is_empty=not log.lines,
            earlier=wanted.at(max(0, first - AT_ONCE)) if first else "",
            later=wanted.at(last) if last < len(found) else "",
        )

    return blueprint


def _people(newest: Sequence[Line], me: UUID) -> list[tuple[str, str]]:
    """Everybody else in the log, each by the newest name, in order."""
    found: dict[str, str] = {}
    for line in newest:
        if line.entry is not None and line.entry.who != me:
            found.setdefault(line.entry.who.hex, line.entry.name or line.entry.who.hex[:8])
    return sorted(found.items(), key=lambda each: each[1].casefold())


def _things(newest: Sequence[Line]) -> list[tuple[str, str]]:
    """Everything in the log, each by its newest title, in order."""
    found: dict[str, str] = {}
    for line in newest:
        if line.entry is not None:
            found.setdefault(line.entry.thing.hex, line.entry.title or line.entry.thing.hex[:8])
    return sorted(found.items(), key=lambda each: each[1].casefold())
