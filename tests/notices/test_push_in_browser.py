"""A push all the way: from the news to what a real browser shows, and the end of it."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from portal import notices, vault
from portal.core.db import now, transaction
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.notices.messenger import Messenger
from portal.notices.models import NoticeDevice, NoticeDue
from portal.notices.pushing import Pusher
from tests.browser import DESKTOP, Complaints, browsing, poll
from tests.notices.push_service import BrowserKeys, PushService, push_service
from tests.people import Person, World

SUBSCRIBES = """(given) => {
  // Headless Chromium has no push service of its own; everything after this answer is real.
  const kept = { endpoint: given.endpoint, toJSON: () => given, unsubscribe: async () => true };
  let here = sessionStorage.getItem("subscribed") ? kept : null;
  PushManager.prototype.getSubscription = async () => here;
  PushManager.prototype.subscribe = async () => {
    sessionStorage.setItem("subscribed", "yes");
    return (here = kept);
  };
}"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Service workers need a secure context, which `localhost` is and a number is not always."""
    named = settings.public_url.replace("127.0.0.1", "localhost")
    mail = "Portal <portal@example.test>"
    assert vault.add_push_key(settings.key_folder)
    return replace(settings, public_url=named, push_hosts="localhost", mail_from=mail)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[PushService]:
    async with push_service(tmp_path) as running:
        yield running


async def sits(browser: Browser, world: World, person: Person, given: dict[str, Any]) -> Page:
    """A page in which *person* is signed in, on the browser that the portal knows them by."""
    context = await browser.new_context(**DESKTOP, permissions=["notifications"])
    await context.add_init_script(f"({SUBSCRIBES})({json.dumps(given)})")
    name = cookie_name(world.settings)
    for each in (name, f"{name}-device"):
        value = person.browser.cookie(each) or ""
        cookie: Any = {"name": each, "value": value, "url": world.settings.origin}
        await context.add_cookies([cookie])
    return await context.new_page()


async def test_a_push_shows_no_health_datum_leads_to_the_list_and_ends_with_signing_out(
    world: World, server: str, browser: Browser, service: PushService
) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ben.founds("Chest board")
    await ben.invites(ada, board)
    case = await ben.opens("Nodule in the left lung", in_=board)
    secret, complaints = BrowserKeys(), Complaints()
    page = await sits(browser, world, ada, secret.subscription(f"{service.origin}/p/1"))
    await complaints.watch(page)
    await page.goto(f"{server}/profile/notices")
    await page.get_by_role("button", name="Tell me on this device").click()
    await page.get_by_role("button", name="Not on this device").wait_for()
    assert await NoticeDevice.filter(account=ada.actor.id).count() == 1

    async with transaction():
        news = notices.News([ada.actor.id], "mention", case, community=board, by=ben.actor.id)
        await notices.tell(news)
        await NoticeDue.filter(channel="push").update(due_at=now() + timedelta(hours=1))
    later = now() + timedelta(hours=2)
    sent = await Messenger(Pusher(world.settings, service.trust()), lambda: later).push_due()
    assert sent == 1
    await page.reload()  # from here on the worker controls the page
    await delivers(page, server, secret.opened(service.bodies[-1]))

    shown = await poll(page, SHOWN)
    assert shown == [
        {"title": "HealthDataSpace", "body": "Something is waiting for you", "tag": "waiting",
         "data": None}
    ]  # fmt: skip
    said = json.dumps(shown)
    for word in ("Nodule", "lung", "Chest", "Ben", "Ada", str(case), str(board)):
        assert word not in said
    await presses(page)
    await page.wait_for_url(f"{server}/notices")
    await page.get_by_role("link", name="Nodule in the left lung").first.wait_for()

    await page.locator(".account-menu summary").click()
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url("**/sign-in")
    assert await NoticeDevice.all().count() == 0
    gone = "navigator.serviceWorker.getRegistrations().then((all) => all.length === 0)"
    assert await poll(page, gone)
    assert complaints.heard == []


SHOWN = """(async () => {
  const worker = await navigator.serviceWorker.getRegistration("/push-worker.js");
  const all = (await worker?.getNotifications()) ?? [];
  const told = all.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
  return told.length > 0 ? told : null;
})()"""


async def delivers(page: Page, server: str, words: dict[str, str]) -> None:
    """What the push service hands to the browser reaches its worker."""
    cdp = await page.context.new_cdp_session(page)
    found: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(each["registrationId"] for each in event["registrations"]),
    )
    await cdp.send("ServiceWorker.enable")
    await poll(page, "navigator.serviceWorker.controller !== null")
    assert found
    message = {"origin": server, "registrationId": found[0], "data": json.dumps(words)}
    await cdp.send("ServiceWorker.deliverPushMessage", message)


async def presses(page: Page) -> None:
    """
    The worker hears that the notice was pressed.

    Nobody can press what the system shows, and only a real press may fetch a window to the front:
    the test leaves the window where it is.
    """
    [worker] = page.context.service_workers
    await worker.evaluate(
        """async () => {
          const [notification] = await registration.getNotifications();
          WindowClient.prototype.focus = async function () { return this; };
          const event = new NotificationEvent("notificationclick", { notification });
          event.waitUntil = () => undefined;
          dispatchEvent(event);
        }"""
    )
