"""Pushes: encrypted for one browser, without content, to push services only."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from portal import keys, notices, vault
from portal.core.actor import AccountId
from portal.core.db import now, transaction
from portal.core.errors import Invalid
from portal.core.settings import Settings
from portal.notices import devices, preferences, pushing
from portal.notices.devices import Subscription
from portal.notices.messenger import Messenger
from portal.notices.models import NoticeDevice, NoticeDue
from portal.notices.pushing import Outcome, Pusher
from tests.notices.push_service import BrowserKeys, PushService, push_service
from tests.people import Person, World

HOSTS = ("localhost",)


@pytest.fixture
def push_key(settings: Settings) -> None:
    """The portal has a key by which push services know it."""
    assert vault.add_push_key(settings.key_folder)
    keys.configure(vault.load_key_files(settings.key_folder), settings)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[PushService]:
    async with push_service(tmp_path) as running:
        yield running


def messenger(world: World, service: PushService, moment: datetime | None = None) -> Messenger:
    settings = replace(world.settings, mail_from="Portal <portal@example.test>")
    return Messenger(Pusher(settings, service.trust()), lambda: moment or now())


async def subscribes(person: Person, service: PushService, path: str = "/p/1?x=2") -> BrowserKeys:
    browser = BrowserKeys()
    given = browser.subscription(f"{service.origin}{path}")
    await devices.add(person.actor, Subscription.parse(given, HOSTS))
    return browser


async def tell(person: Person, kind: str = "mention") -> None:
    """Planned a little later, so that the portal's own messenger leaves it to the test's."""
    async with transaction():
        await notices.tell(notices.News([person.actor.id], kind, uuid4()))
        await NoticeDue.filter(channel="push").update(due_at=now() + timedelta(hours=1))


@pytest.mark.usefixtures("push_key")
@pytest.mark.parametrize(
    ("speaks", "words"),
    [("en", "Something is waiting for you"), ("de", "Etwas wartet auf Sie")],
)
async def test_a_push_says_that_something_waits_and_only_its_browser_reads_it(
    world: World, service: PushService, speaks: str, words: str
) -> None:
    ada = await world.physician("Ada", language=speaks)
    browser = await subscribes(ada, service)
    await tell(ada)

    told = await messenger(world, service, now() + timedelta(hours=2)).push_due()

    (body,) = service.bodies
    assert told == 1
    assert browser.opened(body) == {"title": "HealthDataSpace", "body": words}
    assert service.paths == ["/p/1?x=2"]
    identity = keys.push_identity()
    assert identity is not None
    assert service.senders == [identity.public]
    assert not await NoticeDue.filter(channel="push").exists()


@pytest.mark.usefixtures("push_key")
async def test_many_news_are_one_push_and_what_was_read_is_none(
    world: World, service: PushService
) -> None:
    ada = await world.physician("Ada")
    await subscribes(ada, service)
    for _ in range(3):
        await tell(ada)
    await messenger(world, service, now() + timedelta(hours=2)).push_due()
    await tell(ada)
    await ada.browser.post("/notices/read", form={"until": now().isoformat()})

    assert await messenger(world, service, now() + timedelta(hours=2)).push_due() == 0
    assert len(service.bodies) == 1


@pytest.mark.usefixtures("push_key")
@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(
    world: World, service: PushService, status: int
) -> None:
    ada = await world.physician("Ada")
    await subscribes(ada, service)
    service.status = status
    await tell(ada)

    await messenger(world, service, now() + timedelta(hours=2)).push_due()

    assert await devices.count(ada.actor) == 0
    assert not await NoticeDue.filter(channel="push").exists()


@pytest.mark.usefixtures("push_key")
async def test_a_service_that_is_down_is_asked_again_later(
    world: World, service: PushService
) -> None:
    ada = await world.physician("Ada")
    await subscribes(ada, service)
    service.status = 503
    await tell(ada)
    moment = now() + timedelta(hours=2)

    first = await messenger(world, service, moment).push_due()
    service.status = 201
    soon = await messenger(world, service, moment + timedelta(seconds=30)).push_due()
    later = await messenger(world, service, moment + timedelta(seconds=90)).push_due()

    assert (first, soon, later) == (0, 0, 1)
    assert await devices.count(ada.actor) == 1


@pytest.mark.usefixtures("push_key")
async def test_redirects_lead_nowhere(world: World, service: PushService) -> None:
    ada = await world.physician("Ada")
    await subscribes(ada, service)
    service.status = 307
    await tell(ada)

    await messenger(world, service, now() + timedelta(hours=2)).push_due()

    assert service.paths == ["/p/1?x=2"]


@pytest.mark.usefixtures("push_key")
async def test_quiet_hours_hold_pushes_too(world: World, service: PushService) -> None:
    ada = await world.physician("Ada")
    await subscribes(ada, service)
    pause = replace(preferences.DEFAULT, paused_until=now() + timedelta(days=1))
    await preferences.keep(ada.actor.id, pause)
    await tell(ada)

    assert await messenger(world, service, now() + timedelta(hours=23)).push_due() == 0
    assert await messenger(world, service, now() + timedelta(hours=25)).push_due() == 1


@pytest.mark.usefixtures("push_key")
async def test_two_processes_push_once(world: World, service: PushService) -> None:
    ada = await world.physician("Ada")
    await subscribes(ada, service)
    await tell(ada)
    moment = now() + timedelta(hours=2)

    both = (messenger(world, service, moment).push_due() for _ in range(2))

    assert sum(await asyncio.gather(*both)) == 1
    assert len(service.bodies) == 1


@pytest.mark.usefixtures("push_key")
@pytest.mark.one_engine
async def test_a_service_that_says_nothing_holds_up_nobody_for_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "SECONDS", 0.2)

    over = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    given = BrowserKeys().subscription(f"https://localhost:{port}/p")
    outcome = await Pusher(world.settings).push(Subscription.parse(given, HOSTS), "en")
    over.set()
    server.close()
    await asyncio.sleep(0.01)

    assert outcome is Outcome.LATER


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://example.org/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilpush.services.mozilla.com.example/x",
        "https://push.services.mozilla.com@evil.example/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com/x\r\nHost: evil",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/ü",
        "https://fcm.googleapis.com/x#y",
        "https://fcm.googleapis.com:99999/x",
        "https://fcm.googleapis.com:22/x",
        "https://[::1%25.push.apple.com]/x",
        "https://127.0.0.1%00.push.apple.com/x",
        "https://169.254.169.254\\.push.apple.com/x",
        "https://fcm.googleapis.com/" + "x" * 1000,
        "",
    ],
)
def test_pushes_go_to_push_services_only(endpoint: str) -> None:
    with pytest.raises(Invalid):
        Subscription.parse(BrowserKeys().subscription(endpoint), ())


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QGu",
        "https://web.push.apple.com:443/QGu",
        "https://wns2-by3p.notify.windows.com/w/?token=BQY",
    ],
)
def test_the_services_of_real_browsers_are_known(endpoint: str) -> None:
    assert Subscription.parse(BrowserKeys().subscription(endpoint), ()).endpoint == endpoint


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "wrong",
    [
        None, [], {}, {"endpoint": "https://fcm.googleapis.com/x"},
        {"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": "A", "auth": "A"}},
        {"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": "!", "auth": "é"}},
    ],
)  # fmt: skip
async def test_what_is_no_subscription_is_refused(world: World, wrong: object) -> None:
    ada = await world.physician("Ada")

    answer = await ada.browser.post("/profile/notices/devices", json=wrong)

    assert answer.status_code == 422
    assert not await NoticeDevice.exists()


async def test_a_device_belongs_to_who_subscribed_last_and_ten_are_kept(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    shared = BrowserKeys().subscription("https://fcm.googleapis.com/shared")

    for person in (ada, ben):
        answer = await person.browser.post("/profile/notices/devices", json=shared)
        assert answer.status_code == 201
    for number in range(12):
        given = BrowserKeys().subscription(f"https://fcm.googleapis.com/{number}")
        await ada.browser.post("/profile/notices/devices", json=given)

    assert await devices.count(ben.actor) == 1
    assert await devices.count(ada.actor) == devices.MOST


async def test_devices_are_taken_off(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    for number in range(3):
        given = BrowserKeys().subscription(f"https://fcm.googleapis.com/{number}")
        await ada.browser.post("/profile/notices/devices", json=given)
    first = {"endpoint": "https://fcm.googleapis.com/0"}

    await ben.browser.post("/profile/notices/devices/removal", json=first)
    before = await devices.count(ada.actor)
    await ada.browser.post("/profile/notices/devices/removal", json=first)
    after = await devices.count(ada.actor)
    await ada.browser.post("/profile/notices/devices/removal")

    assert (before, after, await devices.count(ada.actor)) == (3, 2, 0)


async def test_no_address_of_a_device_lies_readable(world: World) -> None:
    ada = await world.physician("Ada")
    given = BrowserKeys().subscription("https://fcm.googleapis.com/secret-address")
    await ada.browser.post("/profile/notices/devices", json=given)

    row = await NoticeDevice.get(account=ada.actor.id)

    assert b"secret-address" not in bytes(row.subscription)
    assert "secret" not in row.mark
    (opened,) = (await devices.devices_of(ada.actor.id)).values()
    assert opened.endpoint == given["endpoint"]


async def test_an_exchanged_device_does_not_open_and_is_dropped_alone(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    for person in (ada, ben):
        given = BrowserKeys().subscription(f"https://fcm.googleapis.com/{person.name}")
        await person.browser.post("/profile/notices/devices", json=given)
    theirs = await NoticeDevice.get(account=ben.actor.id)
    await NoticeDevice.filter(account=ada.actor.id).update(subscription=theirs.subscription)

    assert await devices.devices_of(ada.actor.id) == {}
    assert not await NoticeDevice.filter(account=ada.actor.id).exists()
    assert len(await devices.devices_of(ben.actor.id)) == 1


@pytest.mark.one_engine
async def test_without_a_key_nothing_is_pushed_or_offered(world: World) -> None:
    ada = await world.physician("Ada")
    given = BrowserKeys().subscription("https://fcm.googleapis.com/x")
    await devices.add(ada.actor, Subscription.parse(given, ()))
    await tell(ada)

    page = await (await ada.browser.get("/profile/notices")).get_data(as_text=True)

    assert not await NoticeDue.filter(channel="push").exists()
    assert "data-push" not in page


OFF_THE_CURVE = b"\x04" + b"\x01" * 64


def poisoned() -> Subscription:
    """A browser's key that is no point, as it could be kept before points were looked at."""
    browser = BrowserKeys()
    browser.public = OFF_THE_CURVE
    given = browser.subscription("https://fcm.googleapis.com/x")
    return Subscription(given["endpoint"], given["keys"]["p256dh"], given["keys"]["auth"])


@pytest.mark.one_engine
def test_a_key_that_is_no_point_on_the_curve_is_refused() -> None:
    browser = BrowserKeys()
    for public in (OFF_THE_CURVE, browser.public[:33], b"\x00", b"\x02" + browser.public[1:33]):
        browser.public = public
        with pytest.raises(Invalid):
            Subscription.parse(browser.subscription("https://fcm.googleapis.com/x"), ())


@pytest.mark.usefixtures("push_key")
async def test_one_device_that_cannot_be_told_holds_up_nobody(
    world: World, service: PushService
) -> None:
    eve, ada = await world.physician("Eve Mallory"), await world.physician("Ada Lindqvist")
    await devices.add(eve.actor, poisoned())
    await subscribes(ada, service)
    for person in (eve, ada):
        await tell(person)

    await messenger(world, service, now() + timedelta(hours=2)).push_due()

    assert len(service.paths) == 1
    assert not await NoticeDevice.filter(account=eve.actor.id).exists()
    assert not await NoticeDue.filter(channel="push").exists()


@pytest.mark.usefixtures("push_key")
async def test_one_account_that_cannot_be_told_holds_up_no_other(
    world: World, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve, ada = await world.physician("Eve Mallory"), await world.physician("Ada Lindqvist")
    for person in (eve, ada):
        await subscribes(person, service, f"/{person.name[:3]}")
        await tell(person)
    real = preferences.of

    async def of(account: AccountId) -> preferences.Preferences:
        if account == eve.actor.id:
            raise ValueError("her row was edited")
        return await real(account)

    monkeypatch.setattr(preferences, "of", of)

    assert await messenger(world, service, now() + timedelta(hours=2)).push_due() == 1

    waiting = await NoticeDue.get(channel="push")
    assert (waiting.account, waiting.lease_until) == (eve.actor.id, None)
