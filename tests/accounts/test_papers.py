"""The Pass made anew, the recovery sheet, and the question that comes once a year."""

import re
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from quart import Response

from portal.accounts.models import Account
from portal.accounts.papers import passes
from portal.core.db import now
from portal.keys.models import HumanWrap
from tests.accounts.losing import NEW, forgets, subjects, time_passes
from tests.accounts.stories import CODE, sign_in, text_of
from tests.accounts.stories import PASSWORD as ENTERED
from tests.accounts.test_entering import enters
from tests.people import PASSWORD, Person, World

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


async def makes(person: Person, paper: str, present: str = PASSWORD) -> Response:
    return await person.browser.post(f"/profile/papers/{paper}", form={"present": present})


async def made(person: Person, paper: str) -> str:
    """The code on the new paper."""
    answer = await makes(person, paper)
    found = CODE.search(await text_of(answer))
    assert answer.status_code == 200
    assert found
    return found.group()


async def test_a_new_pass_kills_the_code_of_the_old_one_at_once(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    code = await made(erika, "pass")

    assert (await forgets(world, erika.mail, erika.code)).status_code == 403
    assert (await forgets(world, erika.mail, code)).status_code == 303
    mails = await world.mails_to(erika.mail)
    assert "You have a new Pass" in [each.subject for each in mails]
    assert not [each for each in mails if code in each.text or "Beispiel" in each.text]


@pytest.mark.parametrize("paper", ["pass", "recovery", "recovery/revoke"])
async def test_the_present_password_is_asked_for(world: World, paper: str) -> None:
    erika = await world.patient("Erika Beispiel")

    answer = await makes(erika, paper, "not this one, surely")

    assert answer.status_code == 403
    assert "not your present password" in await text_of(answer)
    assert (await forgets(world, erika.mail, erika.code)).status_code == 303


async def test_u8_a_recovery_sheet_opens_the_account_like_the_pass(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await erika.keeps_a_study("CT head")
    assert "You have no recovery sheet" in await text_of(await erika.browser.get("/profile/papers"))
    code = await made(erika, "recovery")
    before_reset = await text_of(await world.browser().get("/forgotten/everything"))

    assert "recovery sheet" in before_reset, "it is offered before everything is lost"
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await forgets(world, erika.mail, typed)).status_code == 303
    _, browser = await world.signs_in(erika.mail, NEW)
    assert "CT head" in await text_of(await browser.get("/documents"))
    assert (await forgets(world, erika.mail, erika.code)).status_code == 303, "the Pass holds, too"


async def test_a_sheet_is_replaced_and_revoked(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    first = await made(erika, "recovery")
    second = await made(erika, "recovery")
    assert (await forgets(world, erika.mail, first)).status_code == 403

    assert (await makes(erika, "recovery/revoke")).status_code == 303

    assert (await forgets(world, erika.mail, second)).status_code == 403
    assert not await HumanWrap.filter(how="recovery").exists()
    assert "Your recovery sheet is no longer valid" in await subjects(world, erika.mail)
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303


async def test_codes_are_stored_nowhere(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    codes = [await made(erika, "pass"), await made(erika, "recovery")]

    stored: list[Any] = [value for row in await HumanWrap.all().values() for value in row.values()]

    for code in codes:
        for form in (code.encode(), code.replace("-", "").encode()):
            assert not [each for each in stored if isinstance(each, bytes) and form in each]


async def test_the_question_comes_once_a_year_and_the_answer_is_kept(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    assert (await erika.browser.get("/")).status_code == 303
    await Account.all().update(created_at=now() - timedelta(days=365))

    asked = await erika.browser.get("/")
    assert "Do you still have your Pass?" in await text_of(asked)
    assert (await erika.browser.post("/profile/papers/there")).status_code == 303
    assert (await erika.browser.get("/")).status_code == 303

    await time_passes(timedelta(days=364))
    assert (await erika.browser.get("/")).status_code == 303
    await time_passes(timedelta(days=1))
    assert (await erika.browser.get("/")).status_code == 200
    await made(erika, "pass")
    assert (await erika.browser.get("/")).status_code == 303, "a new Pass is an answer, too"


@pytest.mark.parametrize(
    ("path", "purpose", "title", "has_card"),
    [
        ("/profile/papers/pass", "renewed", "Your new Pass", True),
        ("/profile/papers/recovery", "recovery", "Your recovery sheet", False),
        ("/profile/secure", "renewed", "Your new Pass", True),
    ],
)
async def test_each_page_prints_the_paper_it_speaks_of(
    world: World, path: str, purpose: str, title: str, has_card: bool
) -> None:
    erika = await world.patient("Erika Beispiel")
    page = await text_of(await erika.browser.post(path, form={"present": PASSWORD}))
    ticket = TICKET.search(page)
    assert ticket
    assert passes.read_ticket(ticket.group(1)).purpose == purpose
    assert ("Download the Card as PDF" in page) == has_card

    csrf = CSRF.search(page)
    assert csrf
    erika.browser.csrf = csrf.group(1)
    sheet, asked_for_card = [
        pypdfium2.PdfDocument(await (await erika.browser.post("/pass", form=form)).get_data())
        for form in ({"ticket": ticket.group(1)}, {"ticket": ticket.group(1), "paper": "card"})
    ]

    assert title in sheet[0].get_textpage().get_text_bounded()
    assert len(asked_for_card) == (2 if has_card else 1), "the recovery sheet is no Card"


async def test_who_is_not_activated_yet_gets_papers_for_activating(world: World) -> None:
    browser = await enters(world)

    page = await text_of(await browser.post("/profile/papers/pass", form={"present": ENTERED}))

    ticket = TICKET.search(page)
    assert ticket
    assert passes.read_ticket(ticket.group(1)).purpose == "first"
