"""Where somebody is signed in: in words, for them alone, and ended from there."""

import base64

import pytest
from quart import Response

from portal.accounts.factors import browsers, devices
from portal.edge import network_of
from portal.keys.models import Session
from tests.accounts.factors.stories import text_of
from tests.people import PASSWORD, Browser, Person, World

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
EDGE = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0"


async def signs_in(world: World, person: Person, agent: str, device: str = "") -> Browser:
    browser = world.browser()
    headers = {"User-Agent": agent} | ({"Cookie": f"hds-device={device}"} if device else {})
    form = {"mail": person.mail, "password": PASSWORD}
    answer: Response = await browser.post("/sign-in", form=form, headers=headers)
    assert answer.status_code == 303
    return browser


async def test_sessions_are_listed_in_words_and_stored_under_their_owners_key(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await signs_in(world, erika, FIREFOX)
    await signs_in(world, erika, PHONE)

    page = await text_of(await erika.browser.get("/profile/sessions"))

    assert "Firefox on Windows" in page
    assert "Safari on iPhone" in page
    assert page.count("This session") == 1
    assert "from this network" in page
    for row in await Session.all():
        stored = repr([getattr(row, name) for name in Session._meta.fields])
        assert "Firefox" not in stored
        assert "127.0.0" not in stored


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("203.0.113.77", "from another network: 203.0.113.…"),
        ("2001:db8:a::1", "from another network: 2001:db8:a:…"),
        ("unix-socket", "Signed in on"),
    ],
)
@pytest.mark.one_engine
async def test_each_session_says_when_and_where_it_began(
    world: World, address: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two strange ones can be told apart; the last digits, which name a machine, are not kept."""
    erika = await world.patient("Erika Beispiel")
    monkeypatch.setattr(browsers, "network_of", lambda _here: network_of(address))
    await signs_in(world, erika, PHONE)
    monkeypatch.setattr(browsers, "network_of", lambda _here: network_of("198.51.100.1"))

    page = await text_of(await erika.browser.get("/profile/sessions"))

    [phone] = [each for each in page.split("<li") if "iPhone" in each]
    assert told in phone
    assert "from this network" not in phone
    assert "Last used on" in phone
    assert address not in page


async def test_one_is_ended_and_then_all_others(world: World) -> None:
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    tablet = await signs_in(world, erika, FIREFOX)
    laptop = await signs_in(world, erika, EDGE)
    rows = await Session.filter(principal=erika.actor.id).values_list("sid_hash", flat=True)
    before = set(map(str, rows)) - {erika.actor.session.hex()}
    page = await text_of(await erika.browser.get("/profile/sessions"))
    assert all(each in page for each in before)

    ended = await erika.browser.post(f"/profile/sessions/{min(before)}/end")
    foreign = await erika.browser.post(f"/profile/sessions/{ben.actor.session.hex()}/end")
    left = [(await each.get("/profile")).status_code for each in (tablet, laptop)]

    assert (ended.status_code, foreign.status_code) == (303, 404)
    assert sorted(left) == [200, 303]
    assert (await erika.browser.post("/profile/sessions/end-others")).status_code == 303
    assert [(await each.get("/profile")).status_code for each in (tablet, laptop)] == [303, 303]
    for each in (erika, ben):
        assert (await each.browser.get("/profile")).status_code == 200


async def test_an_unknown_device_is_news_by_mail_and_a_known_one_is_not(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    assert await world.mails_to(erika.mail) == [], "the first device is no news"

    tablet = await signs_in(world, erika, FIREFOX)
    mails = await world.mails_to(erika.mail)
    assert [each.subject for each in mails] == ["New sign-in to your account"]
    for word in ("127.0.0", "Firefox", "Windows", "Erika"):
        assert word not in mails[0].text.replace(world.settings.origin, "")
    device = tablet.cookie("hds-device") or ""
    again = await signs_in(world, erika, FIREFOX, device)

    assert len(await world.mails_to(erika.mail)) == 1
    assert devices.known_device(again.cookie("hds-device") or "", erika.actor.id, 0)
    ben = await world.patient("Ben Brandt")
    assert not devices.known_device(device, ben.actor.id, 0)
    both = devices.remember(device, ben.actor.id, 0)
    assert devices.known_device(both, ben.actor.id, 0)
    assert devices.known_device(both, erika.actor.id, 0)
    for made_up in (
        "",
        "x",
        "ß",
        "A" * 64,
        device[:-2] + "AA",
        device * 20,
        device + "=",
        device + "A" * 128,
    ):
        assert not devices.known_device(made_up, erika.actor.id, 0), made_up


async def test_a_known_device_does_not_wait_for_the_guesses_of_strangers(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    tablet = await signs_in(world, erika, FIREFOX)
    device = tablet.cookie("hds-device") or ""
    wrong = {"mail": erika.mail, "password": "a stranger guesses this"}
    stranger = world.browser()
    tried = [(await stranger.post("/sign-in", form=wrong)).status_code for _ in range(11)]
    assert tried == [403] * 10 + [429]

    await signs_in(world, erika, FIREFOX, device)


async def test_a_known_device_has_one_limit_however_its_cookie_is_dressed_up(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    raw = base64.urlsafe_b64decode(world.devices[erika.mail] + "==")
    wrong, codes = {"mail": erika.mail, "password": "a stranger guesses this"}, list[int]()
    for number in range(12):
        browser = world.browser()
        dressed = base64.urlsafe_b64encode(raw + bytes([number]) * 16).decode().rstrip("=")
        browser.client.set_cookie("localhost", "hds-device", dressed)
        codes.append((await browser.post("/sign-in", form=wrong)).status_code)

    assert codes == [403] * 10 + [429] * 2


async def test_a_thiefs_device_is_strange_again_after_the_account_was_put_right(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    thief = world.devices[erika.mail]
    owner = await signs_in(world, erika, FIREFOX, thief)
    told = len(await world.mails_to(erika.mail))

    await erika.browser.post("/profile/sessions/end-others")
    own = erika.browser.cookie("hds-device") or ""
    await signs_in(world, erika, FIREFOX, own)
    assert len(await world.mails_to(erika.mail)) == told, "the owner's browser stays known"

    await signs_in(world, erika, FIREFOX, thief)
    assert len(await world.mails_to(erika.mail)) == told + 1
    assert (await owner.get("/profile")).status_code == 303
