"""In at once with an address and a password, and what is closed until the account is activated."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from quart import Response

from portal import accounts, keys, mailing, storing
from portal.accounts.models import Account, Throttle
from portal.core.actor import AccountId
from portal.core.db import now
from portal.core.web import cookie_name
from portal.storing.models import StoredObject, Usage
from portal.studies.models import Study
from portal.wiring.activation import BEFORE_ACTIVATION
from tests.accounts.factors.stories import sets_up_an_app
from tests.accounts.stories import (
    CODE,
    ERIKA,
    PASSWORD,
    activates,
    erika_is_active,
    registers,
    sign_in,
    text_of,
)
from tests.accounts.test_registering import everything_stored
from tests.people import Browser, World, hearing

MAIL = ERIKA["mail"]
SIGN_IN = {"mail": MAIL, "password": PASSWORD}
OTHER = "another walrus paints louder bridges"
PERSON = {
    "name": "Erika Beispiel",
    "birth_date": "1.4.1956",
    "sex": "F",
    "password": PASSWORD,
}


async def enters(
    world: World, mail: str = MAIL, password: str = PASSWORD, kind: str = "patient"
) -> Browser:
    """Somebody who wants in at once, and is."""
    browser = world.browser()
    form = {"mail": mail, "password": password, "kind": kind, "language": "en"}
    answer = await browser.post("/register/short", form=form)
    assert answer.status_code == 303, await text_of(answer)
    assert answer.headers["Location"] == "/signed-in?next=/activation"
    return with_token(world, browser)


def with_token(world: World, browser: Browser) -> Browser:
    cookie = browser.cookie(cookie_name(world.settings))
    assert cookie is not None
    browser.csrf = keys.csrf_token(cookie)
    return browser


async def prints_pass(browser: Browser) -> str:
    found = CODE.search(await text_of(await browser.post("/activation/pass")))
    assert found
    return found.group()


async def completes(world: World, link: str, code: str, **changes: Any) -> Response:
    return await world.browser().post(link, form=PERSON | {"code": code} | changes)


async def account_of(world: World, browser: Browser) -> Account:
    actor = await keys.actor_by_cookie(str(browser.cookie(cookie_name(world.settings))))
    assert actor is not None
    return await Account.get(id=actor.id)


async def test_in_at_once_and_activated_later(world: World) -> None:
    browser = await enters(world)
    assert (await browser.get("/documents")).status_code == 200
    page = await text_of(await browser.get("/activation"))
    assert "Not activated yet" in await text_of(await browser.get("/documents"))
    assert MAIL in page

    code = await prints_pass(browser)
    link = await world.link_for(MAIL)
    asked = await text_of(await world.browser().get(link))
    assert "Date of birth" in asked
    assert 'name="password"' in asked, "whoever reads the mail says which one counts"
    with hearing(accounts.AccountActivated) as heard:
        done = await completes(world, link, code)

    assert "1 April 1956" in await text_of(done)
    assert len(heard) == 1
    assert (await browser.get("/documents")).status_code == 303, "whoever began it is signed out"
    assert (await browser.post("/sign-in", form=SIGN_IN)).status_code == 303
    assert "Not activated yet" not in await text_of(await browser.get("/documents"))
    assert "Erika Beispiel" in await text_of(await browser.get("/profile"))
    assert (await browser.get("/activation")).headers["Location"] == "/profile"


async def test_what_is_asked_at_activation_is_checked_and_costs_no_try(world: World) -> None:
    browser = await enters(world)
    code = await prints_pass(browser)
    link = await world.link_for(MAIL)

    for _ in range(12):
        wrong = await completes(world, link, code, birth_date="31.04.1956")
        assert wrong.status_code == 422
    assert 'id="f-birth_date-error"' in await text_of(wrong)
    assert (await completes(world, link, code)).status_code == 200
    assert (await completes(world, link, code)).status_code == 410, "used"


async def test_whoever_began_with_somebody_elses_address_is_out_when_its_owner_completes(
    world: World,
) -> None:
    """Password, sessions, second factors, known browsers: all were the beginner's."""
    beginner = await enters(world, password=OTHER)
    account = await account_of(world, beginner)
    await sets_up_an_app(beginner)
    code, link = await prints_pass(beginner), await world.link_for(MAIL)
    half = world.browser()
    asked = await half.post("/sign-in", form={"mail": MAIL, "password": OTHER})
    assert asked.headers["Location"].startswith("/sign-in/second")

    weak = await completes(world, link, code, password="short")
    done = await completes(world, link, code)

    assert (weak.status_code, done.status_code) == (422, 200)
    assert (await beginner.get("/documents")).status_code == 303
    assert (await half.get("/sign-in/second")).headers["Location"] == "/sign-in"
    known = await beginner.post("/sign-in", form={"mail": MAIL, "password": OTHER})
    assert known.status_code == 403
    assert (await Account.get(id=account.id)).devices_rev == 1
    owner = await world.browser().post("/sign-in", form=SIGN_IN)
    assert owner.headers["Location"].startswith("/signed-in"), "no second step of somebody else"


async def test_a_professional_gets_a_card_with_the_activation(world: World) -> None:
    password = "fifteen or more walruses"
    browser = await enters(world, kind="professional", password=password)
    closed = await browser.post("/communities/manage", form={"name": "Chest"})
    page = await text_of(await browser.get("/communities"))

    assert closed.status_code == 403
    assert "as soon as your account is activated" in page
    link = await world.link_for(MAIL)
    code = await prints_pass(browser)
    about = {"specialty": "Radiology", "place": "Kiel", "findable": "yes"}
    await completes(world, link, code, password=password, **about)
    await browser.post("/sign-in", form={"mail": MAIL, "password": password})

    assert "somebody has confirmed" in await text_of(await browser.get("/communities"))
    card = await accounts.card(AccountId((await Account.get()).id))
    assert card is not None
    assert (card.name, card.place) == ("Erika Beispiel", "Kiel")


@pytest.mark.one_engine
async def test_every_room_is_open_or_closed_before_activation(world: World) -> None:
    rooms = {rule.endpoint.partition(".")[0] for rule in world.app.url_map.iter_rules()}

    closed = {"administration", "cases", "search"}
    assert rooms - BEFORE_ACTIVATION <= closed, "a new room is closed; say here that it shall be"
    assert not BEFORE_ACTIVATION & closed


async def test_strangers_under_one_address_each_come_into_their_own(world: World) -> None:
    """Nobody owns the address yet, so all wait under it, and the owner is not disturbed."""
    first = await enters(world)
    second = await enters(world, password=OTHER)
    mine, theirs = await account_of(world, first), await account_of(world, second)

    for password, whose in ((PASSWORD, mine), (OTHER, theirs)):
        browser = world.browser()
        await browser.post("/sign-in", form={"mail": MAIL.upper(), "password": password})
        assert (await account_of(world, browser)).id == whose.id
    wrong = await sign_in(world, password="neither of the two of them")
    unknown = await sign_in(world, "nobody@example.test", "neither of the two of them")

    assert wrong.status_code == unknown.status_code == 403
    assert (await text_of(wrong)).replace(MAIL, "") == (await text_of(unknown)).replace(
        "nobody@example.test", ""
    )


async def test_the_owner_of_the_address_is_asked_first_and_loses_nothing(world: World) -> None:
    await erika_is_active(world)
    owner = await Account.get(state="active")
    await enters(world)
    squatter = await enters(world, password=OTHER)

    browser = world.browser()
    await browser.post("/sign-in", form={"mail": MAIL, "password": PASSWORD})
    assert (await account_of(world, browser)).id == owner.id
    code = await prints_pass(squatter)

    subjects = {mail.subject for mail in await world.mails_to(MAIL)}
    assert "You already have an account" in subjects
    assert sum("/activate/" in mail.text for mail in await world.mails_to(MAIL)) == 1, "her own"
    await squatter.post("/activation/again")
    assert sum("/activate/" in mail.text for mail in await world.mails_to(MAIL)) == 1
    assert CODE.fullmatch(code)
    assert (await sign_in(world)).status_code == 303


async def test_signing_in_under_somebodys_address_does_not_wipe_out_wrong_guesses(
    world: World,
) -> None:
    await erika_is_active(world)
    await enters(world, password=OTHER)
    await Throttle.all().delete()

    statuses = []
    for number in range(9):
        statuses.append((await sign_in(world, password=f"guess {number}, quite long")).status_code)
        assert (await sign_in(world, password=OTHER)).status_code == 303

    assert statuses == [403] * 9
    assert (await sign_in(world, password="guess the tenth, quite long")).status_code == 403
    # The wait of two seconds has begun, and may be over before a busy machine has asked again.
    assert await Throttle.filter(tries=10).update(free_at=now() + timedelta(hours=1))
    assert (await sign_in(world, password="guess eleven, quite long")).status_code == 429


async def test_registering_twice_with_the_same_password_leads_back(world: World) -> None:
    first = await enters(world)
    second = await enters(world, mail="ERIKA@example.test")

    assert (await account_of(world, first)).id == (await account_of(world, second)).id


async def test_the_password_may_change_before_activation(world: World) -> None:
    browser = await enters(world)
    form = {"present": PASSWORD, "password": OTHER}
    assert (await browser.post("/profile/password", form=form)).status_code == 303

    assert (await sign_in(world, password=OTHER)).status_code == 303
    assert (await sign_in(world)).status_code == 403


async def test_no_news_of_an_account_goes_to_an_address_nobody_has_confirmed(
    world: World,
) -> None:
    """Else a stranger could frighten somebody with news of an account that is not theirs."""
    browser = await enters(world)
    for _ in range(3):
        assert (await sign_in(world)).status_code == 303
    form = {"present": PASSWORD, "password": OTHER}
    assert (await browser.post("/profile/password", form=form)).status_code == 303

    assert [mail.subject for mail in await world.mails_to(MAIL)] == ["Activate your account"]


async def test_a_wrong_address_is_mended_before_activation(world: World) -> None:
    browser = await enters(world, mail="erkia@example.test")
    code = await prints_pass(browser)
    old_link = await world.link_for("erkia@example.test")

    form = {"mail": MAIL, "present": "not this one, surely"}
    assert (await browser.post("/activation/address", form=form)).status_code == 403
    changed = await browser.post("/activation/address", form=form | {"present": PASSWORD})

    assert MAIL in await text_of(changed)
    assert (await world.browser().get(old_link)).status_code == 410, "the stranger got nothing"
    assert (await sign_in(world, "erkia@example.test")).status_code == 403
    assert (await sign_in(world)).status_code == 303
    done = await completes(world, await world.link_for(MAIL), code)
    assert done.status_code == 200


async def test_the_mail_can_be_asked_for_again_within_measure(world: World) -> None:
    browser = await enters(world)
    first = await world.link_for(MAIL)
    answers = [(await browser.post("/activation/again")).status_code for _ in range(6)]

    assert answers == [200] * 4 + [429] * 2
    assert (await world.browser().get(first)).status_code == 410
    assert (await world.browser().get(await world.link_for(MAIL))).status_code == 200


async def test_after_registering_with_a_pass_the_mail_can_be_asked_for_again(world: World) -> None:
    browser = world.browser()
    page = await text_of(await browser.post("/register", form=ERIKA | {"mail": "erkia@x.test"}))
    code, ticket = CODE.search(page), re.search(r'name="ticket" value="([^"]*)"', page)
    assert code
    assert ticket

    form = {"ticket": ticket.group(1), "was": "erkia@x.test"}
    wrong = await browser.post("/register/again", form=form | {"mail": "no", "elsewhere": "1"})
    right = await browser.post("/register/again", form=form | {"mail": MAIL, "elsewhere": "1"})
    again = await browser.post("/register/again", form=form | {"mail": MAIL})

    assert (wrong.status_code, right.status_code, again.status_code) == (422, 200, 200)
    assert code.group() in await text_of(wrong), "what was shown stays"
    assert len(await world.mails_to(MAIL)) == 2
    link = await world.link_for(MAIL)
    assert (await activates(browser, link, code.group())).status_code == 303
    assert (await browser.post("/register/again", form=form)).status_code == 422
    late = await browser.post("/register/again", form=form | {"mail": MAIL})
    assert late.status_code == 410, "it is activated"


async def test_a_new_pass_ends_the_code_before(world: World) -> None:
    browser = await enters(world)
    first, second = await prints_pass(browser), await prints_pass(browser)
    link = await world.link_for(MAIL)

    assert (await completes(world, link, first)).status_code == 403
    assert (await completes(world, link, second)).status_code == 200


async def test_after_28_days_account_and_uploads_leave_no_row_and_no_object(world: World) -> None:
    browser = await enters(world)
    account = await account_of(world, browser)
    actor = await keys.actor_by_cookie(str(browser.cookie(cookie_name(world.settings))))
    assert actor is not None
    await _keeps_an_object(world, account.id)
    account.created_at -= timedelta(days=28)
    await account.save()

    assert (await sign_in(world)).status_code == 403, "to the minute, swept or not"
    assert await accounts.forget_unactivated() == 1

    assert (await browser.get("/documents")).status_code == 303
    assert await StoredObject.filter(gone_at=None).count() == 0
    await StoredObject.all().update(gone_at=now() - timedelta(hours=1))
    store = world.app.extensions["hds"]["shelf"].store
    await storing.sweep(store)
    left = [row for row in await everything_stored() if account.id in row.values()]
    assert left == []
    await enters(world)


async def test_27_days_and_nearly_24_hours_are_not_28(world: World) -> None:
    browser = await enters(world)
    account = await account_of(world, browser)
    account.created_at -= timedelta(days=27, hours=23, minutes=59)
    await account.save()

    assert await accounts.forget_unactivated() == 0
    assert (await sign_in(world)).status_code == 303


async def test_a_browser_that_keeps_no_cookie_is_told_what_to_do(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    helped = await world.browser().get("/signed-in?next=/documents")
    page = await text_of(await world.browser().get(helped.headers["Location"]))
    on = await erika.browser.get("/signed-in?next=/documents")
    away = await erika.browser.get("/signed-in?next=https://evil.test/")

    assert "did not keep our cookie" in page
    assert "JSESSIONID" not in page
    assert on.headers["Location"] == "/documents"
    assert away.headers["Location"] == "/"


async def _keeps_an_object(world: World, account: Any) -> None:
    """A study with an object, as an upload leaves them."""
    study, held = uuid4(), uuid4()
    store = world.app.extensions["hds"]["shelf"].store
    await storing.write(store, storing.Payer(account, None), study, held, b"sealed")
    await Study.create(id=study, owner=account, uid_mark=uuid4().hex, created_at=now())
    await storing.keep(account, study, {held: 6}, None)
    assert await Usage.filter(account=account).exists()


async def test_no_mail_carries_a_name_or_the_code(world: World) -> None:
    browser = await enters(world)
    code = await prints_pass(browser)
    await browser.post("/activation/again")
    await registers(world.browser(), mail="other@example.test")

    for mail in await mailing.newest():
        assert code not in mail.text
        assert "Erika" not in mail.text
        assert CODE.search(mail.text) is None
