"""Until when an answer is wanted, and what a closed case turned out to be."""

from datetime import timedelta

import pytest

from cases import access, casework, communities, outcomes
from cases.errors import CaseOpen, NotYours, Outdated
from cases.forms import CaseWords, Closing, OutcomeWords
from cases.ids import CaseId
from cases.models import Closure, Outcome
from cases.outcomes import OutcomeView
from portal.core.db import now
from portal.core.errors import Invalid
from portal.core.language import ZONE
from tests.people import Person, World

WORDS = {
    "title": "Dense vessel",
    "question": "What is it?",
    "modality": "CT",
    "region": "head",
    "age_band": "65–69",
}
TOMORROW = now().astimezone(ZONE) + timedelta(days=1)


def typed(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


async def seen_by(reader: Person, case: CaseId) -> OutcomeView:
    return await outcomes.outcome_of(await access.case_for(reader.actor, case))


def refused(**sent: str) -> set[str]:
    with pytest.raises(Invalid) as caught:
        CaseWords.parse(WORDS | sent)
    return set(caught.value.details["fields"])


def test_an_answer_is_asked_for_in_the_future() -> None:
    words = CaseWords.parse(WORDS | {"urgency": "today", "answer_by": typed(TOMORROW)})
    assert words.answer_by == TOMORROW.replace(second=0, microsecond=0)
    assert words.urgency == "today"
    assert CaseWords.parse(WORDS).answer_by is None
    assert refused(answer_by=typed(TOMORROW - timedelta(days=2))) == {"answer_by"}
    assert refused(answer_by=typed(TOMORROW + timedelta(days=400))) == {"answer_by"}
    for where_calendars_end in ("0001-01-01T00:00", "9999-12-31T23:59", "2201-01-01T00:00"):
        assert refused(answer_by=where_calendars_end) == {"answer_by"}
    assert refused(answer_by="tomorrow", urgency="panic") == {"answer_by", "urgency"}


async def test_an_open_case_is_overdue_when_its_time_has_passed(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    past = now().replace(second=0, microsecond=0) - timedelta(hours=1)
    case = await ada.opens("Dense vessel", in_=await ada.founds("Board"), answer_by=past)
    community = (await access.case_for(ada.actor, case)).community

    (card,) = await casework.overview(community)
    assert (card.overdue, card.answer_by) == (True, past)
    page = await (await ada.browser.get(f"/cases/{case}")).get_data(as_text=True)
    assert "Overdue since" in page

    # The words may be corrected without asking for another time.
    kept = WORDS | {"answer_by": typed(past.astimezone(ZONE)), "title": "Dense artery", "rev": "1"}
    answer = await ada.browser.post(f"/cases/{case}/edit", form=kept)
    assert answer.status_code == 303
    (card,) = await casework.overview(community)
    assert (card.title, card.answer_by) == ("Dense artery", past)

    await casework.close(ada.actor, case)
    (card,) = await casework.overview(community)
    assert not card.overdue


async def test_the_author_is_asked_for_the_outcome_from_the_day_on(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    ben = await world.physician("Dr. Ben Okafor")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Dense vessel", in_=board)
    today = now().astimezone(ZONE).date()

    await casework.close(ada.actor, case, Closing(today + timedelta(days=1)))
    assert not (await seen_by(ada, case)).is_due
    await Closure.filter(case_id=case).update(ask_on=today)
    assert (await seen_by(ada, case)).is_due
    assert not (await seen_by(ben, case)).is_due  # nobody else is asked

    await outcomes.write_outcome(ada.actor, case, OutcomeWords("An embolus, removed.", 0))
    told = await seen_by(ben, case)
    assert told.text == "An embolus, removed."
    assert told.by is not None
    assert told.by.name == "Dr. Ada Lindqvist"
    assert not (await seen_by(ada, case)).is_due
    row = await Outcome.get(case_id=case)
    assert b"embolus" not in row.document


async def test_an_outcome_is_its_authors_and_comes_after_the_discussion(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    ben = await world.physician("Dr. Ben Okafor")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Dense vessel", in_=board)
    words = OutcomeWords("An embolus.", 0)

    with pytest.raises(CaseOpen):
        await outcomes.write_outcome(ada.actor, case, words)
    await casework.close(ada.actor, case)
    with pytest.raises(NotYours):
        await outcomes.write_outcome(ben.actor, case, words)
    await outcomes.write_outcome(ada.actor, case, words)
    with pytest.raises(Outdated):  # her other window
        await outcomes.write_outcome(ada.actor, case, words)


async def test_an_outcome_that_cannot_be_kept_stays_in_its_field_with_the_reason(
    world: World,
) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    case = await ada.opens("Dense vessel", in_=await ada.founds("Board"))
    await casework.close(ada.actor, case)
    await outcomes.write_outcome(ada.actor, case, OutcomeWords("An embolus.", 0))

    for typed, rev, status, reason in (
        ("  ", 1, 422, "What did it turn out to be?"),
        ("A tumour.", 0, 409, "changed in another window"),
    ):
        form = {"outcome": typed, "rev": str(rev)}
        answer = await ada.browser.post(f"/cases/{case}/outcome", form=form)
        html = await answer.get_data(as_text=True)
        assert answer.status_code == status
        assert reason in html.split('id="f-outcome-error"')[1]
        assert f"{typed}</textarea>" in html
        assert "An embolus." in html  # what was kept stands beside it


async def test_an_outcome_opens_for_those_who_stayed(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    ben = await world.physician("Dr. Ben Okafor")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Dense vessel", in_=board)
    await casework.close(ada.actor, case)
    await outcomes.write_outcome(ada.actor, case, OutcomeWords("An embolus.", 0))

    await communities.remove(ada.actor, board, ben.actor.id)

    assert (await seen_by(ada, case)).text == "An embolus."
    await outcomes.write_outcome(ada.actor, case, OutcomeWords("A thrombus.", 1))
    assert (await seen_by(ada, case)).text == "A thrombus."
