"""Mails about notices: few, at the right time, without content, and easily ended."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest

from portal import notices
from portal.core.db import now, transaction
from portal.core.settings import Settings
from portal.mailing.delivery import by_smtp
from portal.mailing.letters import Letter, message, write
from portal.notices import preferences
from portal.notices.kinds import KINDS
from portal.notices.messenger import Messenger
from portal.notices.models import Notice, NoticeDue
from portal.notices.pushing import Pusher
from tests.mailing.conftest import mail_server
from tests.people import Browser, Person, World

SUBJECT = "Something is waiting for you"


async def tell(person: Person, kind: str = "post", *, urgent: bool = False) -> None:
    async with transaction():
        await notices.tell(notices.News([person.actor.id], kind, uuid4(), urgent=urgent))


def messenger(moment: datetime) -> Messenger:
    """One who believes that it is *moment*."""
    return Messenger(Pusher(Settings(data=Path())), lambda: moment)


async def later(hours: float = 2.0) -> int:
    """What the messenger brings when he looks in some hours."""
    moment = now() + timedelta(hours=hours)
    return await messenger(moment).mail_due()


async def waiting_mails(world: World, person: Person) -> int:
    return len([each for each in await world.mails_to(person.mail) if each.subject == SUBJECT])


async def link(world: World, person: Person) -> str:
    """The path of the link that ends the mails, out of the newest one."""
    text = (await world.mails_to(person.mail))[0].text
    found = re.search(r"(/notices/stop/\S+)", text)
    assert found
    return found.group(1)


async def wish(person: Person, **changes: object) -> None:
    wishes = replace(preferences.DEFAULT, **changes)  # type: ignore[arg-type]
    await preferences.keep(person.actor.id, wishes)


async def test_many_news_are_one_mail_without_content(world: World) -> None:
    ada, ben = await world.physician("Ada Lindqvist"), await world.physician("Ben Okafor")
    board = await ada.founds("Neuro Board")
    await ada.invites(ben, board)
    for title in ("Bleeding", "Nodule", "Fracture"):
        await ada.opens(title, in_=board)

    early = await later(0)
    told = await later()
    again = await later(4)

    (mail, *_) = await world.mails_to(ben.mail)
    assert (early, told, again) == (0, 1, 0)
    assert mail.subject == SUBJECT
    assert "/notices" in mail.text
    for word in ("Ada", "Lindqvist", "Okafor", "Board", "Bleeding", "CT", "case"):
        assert word not in mail.text, word


async def test_who_has_read_the_news_gets_no_mail(world: World) -> None:
    ada = await world.physician("Ada")
    await tell(ada)
    await ada.browser.post("/notices/read", form={"until": now().isoformat()})

    assert await later() == 0
    assert await waiting_mails(world, ada) == 0


async def test_news_after_a_mail_are_another_mail_in_the_next_window(world: World) -> None:
    ada = await world.physician("Ada")
    await tell(ada)
    await later()
    await tell(ada)

    assert await later() == 1
    assert await waiting_mails(world, ada) == 2


async def test_several_processes_write_one_mail(world: World) -> None:
    ada = await world.physician("Ada")
    await tell(ada)
    moment = now() + timedelta(hours=2)

    told = await asyncio.gather(*(messenger(moment).mail_due() for _ in range(4)))

    assert sum(told) == 1
    assert await waiting_mails(world, ada) == 1


async def test_a_process_that_dies_while_writing_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await world.physician("Ada")
    await tell(ada)
    with monkeypatch.context() as broken:

        async def dies(*_arguments: object, **_more: object) -> None:
            raise OSError

        broken.setattr("portal.accounts.write_to", dies)
        first = await later()

    assert (first, await later(4)) == (0, 1)
    assert await waiting_mails(world, ada) == 1


async def test_what_is_urgent_comes_at_once(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    for each in (ada, ben):
        await wish(each, rhythm="daily", urgent_breaks=each is ada)

    for each in (ada, ben):
        await tell(each)
        await tell(each, "mention")

    await later(0)
    assert await waiting_mails(world, ada) == 1
    assert await waiting_mails(world, ben) == 0


async def test_a_pause_that_begins_later_holds_what_was_planned(world: World) -> None:
    ada = await world.physician("Ada")
    await tell(ada)
    answer = await ada.browser.post("/profile/notices/pause", form={"hours": "24"})

    assert answer.status_code == 303
    assert await later(23) == 0
    assert await later(26) == 1


async def test_going_on_brings_what_waited(world: World) -> None:
    ada = await world.physician("Ada")
    await ada.browser.post("/profile/notices/pause", form={"hours": "168"})
    await tell(ada)
    held = await later(24)
    await ada.browser.post("/profile/notices/pause", form={"hours": "0"})

    assert (held, await later()) == (0, 1)


async def test_kinds_that_nobody_wants_by_mail_are_not_mailed(world: World) -> None:
    ada = await world.physician("Ada")
    await wish(ada, choices={"post": frozenset({"app"}), "case": frozenset()})
    await tell(ada, "post")
    await tell(ada, "case")

    assert await later(48) == 0
    assert await notices.unread(ada.actor.id) == 1


async def test_the_safety_of_an_account_is_not_a_matter_of_choice(world: World) -> None:
    ada = await world.physician("Ada")
    await wish(ada, mails_stopped=True, choices={"password_changed": frozenset()})
    fresh = {"present": "four unrelated Words, 81 of them", "password": "new unrelated Words, 93"}

    await ada.browser.post("/profile/password", form=fresh)

    (mail, *_) = await world.mails_to(ada.mail)
    assert mail.subject == "Your password was changed"
    assert await notices.unread(ada.actor.id) == 1
    assert await later(48) == 0, "its own room has written already"


async def test_one_click_ends_the_mails_without_signing_in(world: World) -> None:
    ada = await world.physician("Ada")
    await tell(ada)
    await later()
    path = await link(world, ada)
    program = Browser(world.app.test_client(), "")
    bare = {"Origin": None, "Sec-Fetch-Site": None}

    asked = await program.get(path)
    answers = [
        await program.post(path, headers=bare, form={"List-Unsubscribe": "One-Click"})
        for _ in range(2)
    ]
    await tell(ada)

    assert asked.status_code == 200
    assert [each.status_code for each in answers] == [200, 200]
    assert await later(48) == 0
    assert await notices.unread(ada.actor.id) == 2, "in the portal nothing is lost"
    page = await (await ada.browser.get("/profile/notices")).get_data(as_text=True)
    assert "You ended our mails" in page


async def test_opening_the_link_alone_ends_nothing(world: World) -> None:
    """Mail scanners open every link."""
    ada = await world.physician("Ada")
    await tell(ada)
    await later()
    await world.browser().get(await link(world, ada))
    await tell(ada)

    assert await later() == 1


async def test_the_link_pauses_for_a_week_as_well(world: World) -> None:
    ada = await world.physician("Ada")
    await tell(ada)
    await later()
    await world.browser().post(await link(world, ada), form={"for": "week"})
    await tell(ada)

    assert (await later(24 * 7 - 1), await later(24 * 7 + 2)) == (0, 1)


async def test_mails_can_be_had_again(world: World) -> None:
    ada = await world.physician("Ada")
    await wish(ada, mails_stopped=True)
    answer = await ada.browser.post("/profile/notices/mails")
    await tell(ada)

    assert answer.status_code == 303
    assert await later() == 1


async def test_a_link_opens_nothing_but_its_own_switch(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    for each in (ada, ben):
        await tell(each)
    await later()
    ours, theirs = await link(world, ada), await link(world, ben)

    await world.browser().post(ours)

    assert ours != theirs
    assert str(ada.actor.id) not in ours
    assert (await preferences.of(ben.actor.id)).mails_stopped is False
    assert (await world.browser().get("/notices/stop/AAAAAAAAAAAAAAAAAAAAAA")).status_code == 404
    assert (await world.browser().post("/notices/stop/x")).status_code == 404


async def test_news_told_while_a_mail_is_written_are_not_forgotten(world: World) -> None:
    """Whoever tells and whoever delivers wait for each other at the row."""
    ada = await world.physician("Ada")
    moment = now() + timedelta(hours=2)
    bringing = messenger(moment)
    for _ in range(10):
        await asyncio.gather(tell(ada), bringing.mail_due(), tell(ada))
    while await NoticeDue.exists():
        await bringing.mail_due()

    page = await (await ada.browser.get("/notices/count")).get_json()
    unmailed = await Notice.filter(mailed=False).count()
    assert page["unread"] == 20
    assert unmailed == 0


@pytest.mark.one_engine
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_mail_says_that_something_waits_and_nothing_else(language: str) -> None:
    letter = Letter("waiting", "erika@example.test", language, {"stop": "/notices/stop/abc"})
    written = write(letter, "https://portal.test")

    assert "https://portal.test/notices" in written.paragraphs
    assert "https://portal.test/notices/stop/abc" in written.paragraphs
    assert written.subject == {"en": SUBJECT, "de": "Etwas wartet auf Sie"}[language]
    for kind in KINDS.values():
        assert kind.words not in written.text
    assert not [part for part in written.paragraphs if "{" in part]


@pytest.mark.one_engine
async def test_programs_find_the_headers_whole(settings: Settings) -> None:
    """RFC 2369 and RFC 8058, as a server receives them, also with a long address."""
    origin = "https://a-rather-long-name-of-a-portal.radiology.example.org"
    letter = Letter("waiting", "ada@example.test", "en", {"stop": f"/notices/stop/{'a' * 22}"})
    mail = message(
        letter, write(letter, origin), row=uuid4(), sender="hds@portal.test", origin=origin
    )
    async with mail_server() as box:
        carry = by_smtp(replace(settings, smtp_port=box.port, smtp_tls="none"))
        await carry(mail)

    (received,) = box.received
    assert received["List-Unsubscribe"] == f"<{origin}/notices/stop/{'a' * 22}>"
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.one_engine
def test_other_mails_carry_no_such_header() -> None:
    letter = Letter("password_changed", "a@b.test", "en", {})
    words = write(letter, "https://portal.test")
    mail: EmailMessage = message(
        letter, words, row=uuid4(), sender="hds@portal.test", origin="https://portal.test"
    )

    assert mail["List-Unsubscribe"] is None
    assert mail["List-Unsubscribe-Post"] is None


@pytest.mark.one_engine
async def test_quiet_hours_are_those_of_the_readers_wall(world: World) -> None:
    ada = await world.physician("Ada")
    await wish(ada, rhythm="now", quiet=(0, 12 * 60), zone="Pacific/Auckland")
    await tell(ada)
    await NoticeDue.all().update(due_at=datetime(2030, 1, 1, tzinfo=UTC))

    night = datetime(2030, 1, 1, 18, 0, tzinfo=UTC)  # 7 in the morning in Auckland
    day = datetime(2030, 1, 1, 23, 0, tzinfo=UTC)  # noon there

    assert await messenger(night).mail_due() == 0
    assert await messenger(day).mail_due() == 1


async def test_a_case_for_today_is_mailed_at_once(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await wish(ben, rhythm="daily", quiet=(0, 24 * 60 - 1), urgent_breaks=True)

    await ada.opens("Some day", in_=board, urgency="routine")
    before = await waiting_mails(world, ben)
    await ada.opens("Bleeding", in_=board, urgency="today")
    await later(0)

    assert (before, await waiting_mails(world, ben)) == (0, 1)
