"""Another e-mail address: the new side must say yes, the old side may say no for a day."""

import asyncio
from datetime import timedelta

import pytest
from quart import Response

from cases import access, communities
from portal import accounts, mailing
from portal.accounts import guessing, throttles
from portal.accounts.models import Account, FormerAddress, Readdressing, ResetLink, Throttle
from portal.accounts.recovery import readdressing
from portal.accounts.throttles import MOST_IN_A_ROW
from portal.core.db import now
from tests.accounts.losing import (
    NEW,
    asks_for_reset,
    confirms,
    forgets,
    link_in_mail,
    subjects,
    time_passes,
)
from tests.accounts.stories import activates, registers, sign_in, text_of
from tests.people import PASSWORD, Person, World

NEXT = "erika.next@example.test"


async def wants(person: Person, mail: str = NEXT, present: str = PASSWORD) -> Response:
    form = {"present": present, "mail": mail}
    return await person.browser.post("/profile/address", form=form)


async def links(world: World, person: Person, mail: str = NEXT) -> tuple[str, str]:
    """What the new side and the old side were mailed."""
    new = await link_in_mail(world, mail, "/address/")
    return new, await link_in_mail(world, person.mail, "/address/")


async def says(world: World, link: str, **form: str) -> str:
    return await text_of(await world.browser().post(link, form=form))


async def test_both_sides_say_yes_and_it_is_changed_at_once(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    assert (await wants(erika)).status_code == 200
    new, old = await links(world, erika)

    assert "Thank you" in await says(world, new)
    assert (await sign_in(world, NEXT, PASSWORD)).status_code == 403
    assert "The address is changed" in await says(world, old)

    assert (await sign_in(world, NEXT, PASSWORD)).status_code == 303
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 403
    for side in (NEXT, erika.mail):
        assert "The address of your account was changed" in await subjects(world, side)
    assert NEXT in await text_of(await erika.browser.get("/profile"))
    await registers(world.browser(), mail=erika.mail)


async def test_a_silent_old_side_is_a_yes_after_a_day_and_a_silent_new_side_a_no(
    world: World,
) -> None:
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")
    await wants(erika)
    new, _ = await links(world, erika)
    await says(world, new)
    await wants(max_, "max.next@example.test")

    await time_passes(timedelta(hours=23, minutes=59))
    await readdressing.settle()
    assert (await sign_in(world, NEXT, PASSWORD)).status_code == 403
    await time_passes(timedelta(minutes=1))
    await asyncio.gather(readdressing.settle(), readdressing.settle())

    assert (await sign_in(world, NEXT, PASSWORD)).status_code == 303
    assert (await sign_in(world, max_.mail, PASSWORD)).status_code == 303
    assert not await Readdressing.exists()


async def test_the_old_side_stops_a_thief(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await wants(erika, "thief@example.test")
    new, old = await links(world, erika, "thief@example.test")
    await says(world, new)

    assert "Nothing is changed" in await says(world, old, refuse="yes")

    assert (await world.browser().get(new)).status_code == 410
    await time_passes(timedelta(days=2))
    await readdressing.settle()
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303
    assert "The address of your account stays as it is" in await subjects(world, erika.mail)


async def test_a_change_that_waits_is_shown_with_both_sides_and_can_be_taken_back(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    page = "/profile/address"
    assert "A change waits" not in await text_of(await erika.browser.get(page))
    asked = await text_of(await wants(erika))
    assert "We have written to both addresses" in asked
    assert NEXT in asked

    new, old = await links(world, erika)
    await says(world, old)
    shown = await text_of(await erika.browser.get(page))
    assert "has not confirmed yet" in shown
    assert "has agreed" in shown
    stopped = await erika.browser.post(f"{page}/stop")

    assert stopped.headers["Location"] == f"{page}?stopped=1"
    after = await text_of(await erika.browser.get(stopped.headers["Location"]))
    assert "Your account keeps its address" in after
    assert NEXT not in after
    assert "no longer valid" in await says(world, new)
    assert not await Readdressing.exists()
    assert "The address of your account stays as it is" in await subjects(world, erika.mail)
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303


async def test_the_new_side_is_written_to_again_and_the_old_side_keeps_its_veto(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    await wants(erika)
    lost, old = await links(world, erika)

    again = await erika.browser.post("/profile/address/again")
    new, _ = await links(world, erika)

    assert "to the new address once more" in await text_of(again)
    assert new != lost
    assert "no longer valid" in await says(world, lost)
    assert "Thank you" in await says(world, new)
    unneeded = len(await world.mails_to(NEXT))
    await erika.browser.post("/profile/address/again")
    assert len(await world.mails_to(NEXT)) == unneeded, "it has answered"
    assert "has confirmed" in await text_of(await erika.browser.get("/profile/address"))
    assert "Nothing is changed" in await says(world, old, refuse="yes")


async def test_asking_again_does_not_tell_whether_the_new_address_is_taken(world: World) -> None:
    erika, ada = await world.patient("Erika Beispiel"), await world.patient("Ada Lindqvist")
    await wants(erika, ada.mail)

    again = await erika.browser.post("/profile/address/again")
    answers = [(await erika.browser.post("/profile/address/again")).status_code for _ in range(5)]

    assert again.status_code == 200
    assert answers[-1] == 429, "it has an end"
    mails = await world.mails_to(ada.mail)
    assert len(mails) > 1
    assert not any("/address/" in each.text for each in mails)


async def test_an_edited_wish_closes_no_page(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    erika = await world.patient("Erika Beispiel")
    await wants(erika)
    await Readdressing.all().update(mail=b"edited")

    page = await erika.browser.get("/profile/address")
    again = await erika.browser.post("/profile/address/again")

    assert page.status_code == again.status_code == 200
    assert "A change waits to be confirmed" in await text_of(page)
    assert "address does not open" in caplog.text


async def test_a_session_alone_is_not_enough(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    assert (await wants(erika, present="not this one, surely")).status_code == 403
    assert (await wants(erika, mail=erika.mail.upper())).status_code == 422
    assert (await wants(erika, mail="not an address")).status_code == 422

    assert not await Readdressing.exists()
    assert await subjects(world, erika.mail) == []


async def test_an_address_that_is_taken_gets_the_same_answer_and_stays_where_it_is(
    world: World,
) -> None:
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")

    taken = (await text_of(await wants(erika, max_.mail))).replace(max_.mail, "·")
    free = (await text_of(await wants(erika))).replace(NEXT, "·")

    assert taken == free
    assert "Somebody wanted to use your address" in await subjects(world, max_.mail)
    assert (await sign_in(world, max_.mail, PASSWORD)).status_code == 303


async def test_whoever_activates_the_address_first_keeps_it(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await wants(erika)
    new, old = await links(world, erika)
    code = await registers(world.browser(), mail=NEXT)
    await activates(world.browser(), await link_in_mail(world, NEXT, "/activate/"), code)

    await says(world, new)
    late = await world.browser().post(old)

    assert late.status_code == 410 or "active already" in await text_of(late)
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303
    assert await Account.filter(state="active").count() == 2
    await time_passes(timedelta(days=1))
    await readdressing.settle()
    assert not await Readdressing.exists()


async def test_looking_at_a_link_does_nothing_and_an_old_one_is_dead(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await wants(erika)
    first, _ = await links(world, erika)
    for _ in range(3):
        assert (await world.browser().get(first)).status_code == 200
    assert (await Readdressing.get()).confirmed_at is None

    await wants(erika)

    assert (await world.browser().get(first)).status_code == 410
    assert (await world.browser().post(first)).status_code == 410


async def test_invitations_follow(world: World) -> None:
    """Asked in by the old address, before anybody completed the invitation."""
    ada = await world.physician("Ada Ahrens")
    board = await ada.founds("Chest board")
    await communities.invite(ada.actor, board, mailing.read_address("ben@example.test"))
    ben = await world.physician("Ben")
    assert ben.mail == "ben@example.test"
    await wants(ben, "ben.next@example.test")
    new, old = await links(world, ben, "ben.next@example.test")
    await says(world, new)
    await says(world, old)

    assert "prepared" in await text_of(await ben.browser.get("/communities"))
    await communities.complete(ada.actor, await access.community_for(ada.actor, board))
    (asked,) = await communities.my_invitations(
        ben.actor, mailing.read_address("ben.next@example.test").mark
    )
    await communities.accept(ben.actor, asked.id)

    assert [each.name for each in await communities.mine(ben.actor)] == ["Chest board"]
    assert await FormerAddress.all().count() == 1


async def test_whoever_writes_the_database_leads_no_invitation_to_somebody_else(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither by giving an address away nor by saying that it was somebody's lately."""
    ben, eve = await world.physician("Ben Brandt"), await world.physician("Eve Ernst")
    hers = mailing.read_address(eve.mail)
    his = mailing.read_address(ben.mail)
    assert await accounts.by_mail(his) == ben.actor.id
    await Account.filter(id=ben.actor.id).update(mail_mark=None)

    until = now() + timedelta(days=3)
    await FormerAddress.create(mail_mark=his.mark, account_id=eve.actor.id, until=until)
    assert await accounts.by_mail(his) is None
    await FormerAddress.filter(mail_mark=his.mark).update(mac=b"m" * 32)
    assert await accounts.by_mail(his) is None
    await Account.filter(id=eve.actor.id).update(mail_mark=his.mark)
    assert await accounts.by_mail(his) is None

    assert f"former address not vouched for: account {eve.actor.id}" in caplog.text
    assert f"address is not the one its mark says: account {eve.actor.id}" in caplog.text
    assert await accounts.by_mail(hers) is None


async def test_a_former_address_of_one_person_cannot_become_anothers(world: World) -> None:
    ben, eve = await world.physician("Ben Brandt"), await world.physician("Eve Ernst")
    before = mailing.read_address(ben.mail)
    await wants(ben, "ben.next@example.test")
    for link in await links(world, ben, "ben.next@example.test"):
        await says(world, link)
    assert await accounts.by_mail(before) == ben.actor.id
    row = FormerAddress.filter(mail_mark=before.mark)

    await row.update(until=now() + timedelta(days=400))
    assert await accounts.by_mail(before) is None
    await row.update(account_id=eve.actor.id)
    assert await accounts.by_mail(before) is None


async def test_whoever_puts_the_account_right_stops_what_a_thief_began(world: World) -> None:
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    cleo = await world.patient("Cleo Wagner")
    for thieves, person in enumerate((erika, ben, cleo)):
        await wants(person, f"thief{thieves}@example.test")
        await asks_for_reset(world, person.mail)

    secured = await erika.browser.post("/profile/secure", form={"present": PASSWORD})
    await forgets(world, ben.mail, ben.code)
    form = {"present": PASSWORD, "password": NEW}
    await cleo.browser.post("/profile/password", form=form)

    assert "it has been stopped" in await text_of(secured)
    assert await Readdressing.all().count() == await ResetLink.all().count() == 0
    for person in (erika, ben, cleo):
        found = await subjects(world, person.mail)
        assert "The address of your account stays as it is" in found


async def test_a_reset_that_is_stopped_stops_a_change_of_address(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    await confirms(world, await link_in_mail(world, erika.mail))
    await wants(erika)

    await world.browser().post(await link_in_mail(world, erika.mail, "/forgotten/stop/"))

    assert not await Readdressing.exists()


async def test_a_new_address_empties_no_account_for_a_week(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await wants(erika)
    new, old = await links(world, erika)
    await says(world, new)
    await says(world, old)

    await asks_for_reset(world, NEXT)
    assert (await subjects(world, NEXT))[0] == "Your account cannot be emptied yet"
    assert not await ResetLink.filter(account_id=erika.actor.id).exists()

    for row in await FormerAddress.all():
        await FormerAddress.filter(pk=row.pk).update(until=row.until - timedelta(days=7))
    await asks_for_reset(world, NEXT)
    assert (await subjects(world, NEXT))[0] == "You asked to empty your account"


async def test_nobody_fills_a_strangers_mailbox_by_changing_an_address(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    answers = [(await wants(erika, "stranger@example.test")).status_code for _ in range(7)]

    assert answers == [200] * 5 + [429] * 2
    assert len(await world.mails_to("stranger@example.test")) == 5


async def test_guesses_at_an_address_before_it_has_an_owner_are_forgotten(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    for address in (NEXT, "new@example.test"):
        await throttles.count(guessing.SIGN_INS, mailing.read_address(address).mark)
    await Throttle.filter(lasting=True).update(tries=MOST_IN_A_ROW)
    await wants(erika)
    for link in await links(world, erika):
        await says(world, link)
    browser = world.browser()
    code = await registers(browser, mail="new@example.test")
    await activates(browser, await world.link_for("new@example.test"), code)

    assert (await sign_in(world, NEXT, PASSWORD)).status_code == 303
    assert (await sign_in(world, "new@example.test")).status_code == 303
