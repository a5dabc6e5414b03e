"""
What a closed case turned out to be.

Whoever closes a case may name a day; from then on its author is asked.  The answer stands on top of
the discussion, for all who once wondered.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from cases import access
from cases.errors import CaseOpen, NotYours, Outdated
from cases.forms import OutcomeWords
from cases.ids import CaseId
from cases.models import Closure, Outcome
from cases.opened import OpenCase
from cases.people import Colleague, colleagues
from cases.writing import writing
from portal.core.actor import AccountId, Actor
from portal.core.db import now
from portal.core.language import ZONE, gettext


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """The outcome of a case, as far as it is known."""

    text: str = field(repr=False)
    """Empty while nobody has written it."""
    rev: int
    by: Colleague | None
    at: datetime | None
    ask_on: date | None
    mine: bool
    """Whether the reader is the one who writes it."""

    @property
    def is_due(self) -> bool:
        """Whether the reader is to be asked today."""
        today = now().astimezone(ZONE).date()
        return self.mine and not self.text and self.ask_on is not None and self.ask_on <= today


async def outcome_of(case: OpenCase) -> OutcomeView:
    """The outcome of a case that is already open."""
    closure = await Closure.get_or_none(case_id=case.id)
    ask_on = closure.ask_on if closure else None
    mine = case.row.author == case.community.actor
    row = await Outcome.get_or_none(case_id=case.id)
    if row is None:
        return OutcomeView("", 0, None, None, ask_on, mine)
    by = AccountId(row.by)
    await access.settled(case.community, [row])
    document = case.community.shown(
        "case_outcome", "document", row.id, row.rev, row.epoch, row.document
    )
    text = gettext("Cannot be read") if document is None else str(document["text"])
    return OutcomeView(text, row.rev, (await colleagues([by]))[by], row.at, ask_on, mine)


async def write_outcome(actor: Actor, case_id: CaseId, words: OutcomeWords) -> None:
    """
    Say what it turned out to be, or say it better.  The case's author only.

    Raises `CaseOpen` while the discussion goes on, `Outdated` when another window was first.
    """
    case = await access.case_for(actor, case_id)
    if case.row.author != actor.id:
        raise NotYours
    async with writing(actor, case.community) as write:
        current = await access.case_in(write.community, case_id)
        if current.row.status == "open":
            raise CaseOpen
        row = await Outcome.get_or_none(case_id=case_id)
        if (row.rev if row else 0) != words.rev:
            raise Outdated
        row_id, rev = row.id if row else uuid4(), words.rev + 1
        said: dict[str, Any] = {
            "by": actor.id,
            "at": write.at,
            "epoch": write.community.epoch,
            "rev": rev,
            "document": write.community.box(
                "case_outcome", "document", row_id, rev, {"text": words.text}
            ),
        }
        if row is None:
            await Outcome.create(id=row_id, case_id=case_id, **said)
        else:
            await Outcome.filter(id=row_id).update(**said)
        await write.changed("outcome", case=case_id)
