"""T26, as far as there is a desk: who opens an account for a patient mistypes the address."""

import re
from typing import Final

import pytest

from portal import vault
from portal.accounts.models import Account
from tests.accounts.stories import CODE, ERIKA, activates, text_of
from tests.people import PASSWORD, Browser, World

WRONG: Final = "erika.b@example.test"
MARKS: Final = re.compile(
    rf'{CODE.pattern}|name="ticket" value="[^"]*"|/mail/[0-9a-f-]{{36}}|[^\s">]+@example\.test'
)
"""What is new each time, and the address itself."""


async def opens_for(desk: Browser, mail: str) -> tuple[str, str, str]:
    """What the desk is shown, the code on the Pass, and the ticket of the page."""
    page = await text_of(await desk.post("/register", form=ERIKA | {"mail": mail}))
    code, ticket = CODE.search(page), re.search(r'name="ticket" value="([^"]*)"', page)
    assert code
    assert ticket
    return page, code.group(), ticket.group(1)


async def told_to(world: World, mail: str) -> str:
    """Everything that an address was written, and every page that its links lead to."""
    told = ""
    for each in await world.mails_to(mail):
        told += f"{each.subject}\n{each.text}\n"
        for path in re.findall(rf"{re.escape(world.settings.origin)}(/\S+)", each.text):
            told += await text_of(await world.browser().get(path))
    return told


@pytest.mark.one_engine
async def test_a_mistyped_address_tells_its_reader_and_the_desk_nothing(world: World) -> None:
    stranger = await world.patient("Ben Brandt")
    desk = world.browser()

    shown = [await opens_for(desk, mail) for mail in (WRONG, stranger.mail)]
    told = [await told_to(world, mail) for mail in (WRONG, stranger.mail)]

    pages = {MARKS.sub("", page) for page, _, _ in shown}
    assert len(pages) == 1, "the desk learns who has an account"
    secrets = [code for _, code, _ in shown]
    for each in told:
        assert each
        for word in ("Erika", "Beispiel", "1956", "April", *secrets):
            assert word not in each, word
    _, again = await world.signs_in(stranger.mail)
    assert (await again.get("/profile")).status_code == 200, "nothing became of his account"


async def test_the_mistyped_address_opens_nothing_and_the_right_one_does(world: World) -> None:
    desk = world.browser()
    _, code, ticket = await opens_for(desk, WRONG)
    strangers_link = await world.link_for(WRONG)
    guessed = await activates(world.browser(), strangers_link, vault.pass_code(), PASSWORD)
    assert guessed.status_code == 403

    form = {"ticket": ticket, "was": WRONG, "mail": ERIKA["mail"], "elsewhere": "1"}
    assert (await desk.post("/register/again", form=form)).status_code == 200

    assert (await world.browser().get(strangers_link)).status_code == 410
    stolen = await activates(world.browser(), strangers_link, code, PASSWORD)
    assert stolen.status_code == 410, "with the right code, too"
    link = await world.link_for(ERIKA["mail"])
    assert (await activates(world.browser(), link, code, PASSWORD)).status_code == 303
    assert await Account.all().count() == 1
    form = {"mail": WRONG, "password": PASSWORD}
    assert (await world.browser().post("/sign-in", form=form)).status_code == 403
    await world.signs_in(ERIKA["mail"])
