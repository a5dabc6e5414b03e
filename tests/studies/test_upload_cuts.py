"""An upload that stops: paused, signed out, reloaded, or before a server that is busy."""

import asyncio
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from playwright.async_api import Page, expect

from portal import keys, studies
from portal.core.actor import AccountId
from portal.studies.errors import TooManyParts
from portal.studies.requests import PartTurnstile
from tests.browser import Complaints
from tests.people import PASSWORD, Person
from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    disc,
    erika,
    upload,
    upload_page,
    write,
)

__all__ = ["browser", "complaints", "disc", "erika", "upload_page"]

pytestmark = pytest.mark.one_engine


@pytest.fixture
def busy_server(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A server that answers the first two parts and the others only when the event is set."""
    free, asked = asyncio.Event(), 0

    async def slowly(*given: Any) -> studies.PartReceipt:
        nonlocal asked
        asked += 1
        if asked > 2:
            await free.wait()
        return await studies.receive_part(*given)

    monkeypatch.setattr("portal.studies.routes.receive_part", slowly)
    return free


async def test_pause_goes_on_and_a_lost_sign_in_is_asked_for(
    upload_page: Page, erika: Person, tmp_path: Path, slices: Slices, complaints: Complaints,
    busy_server: asyncio.Event,
) -> None:  # fmt: skip
    """J6 step 5 and U8."""
    page, folder = upload_page, tmp_path / "CD"
    for number, data in enumerate(slices(24, size=1000)):
        write(folder / f"IM{number}", data)
    await choose(page, folder)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.locator("[data-overall] [data-progress-share]")).not_to_have_text("0 %")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("button", name="Go on")).to_be_focused()
    await expect(page.locator("[data-overall]")).to_contain_text("Paused")
    await page.get_by_role("button", name="Go on").click()
    await keys.end_sessions(erika.actor.id)
    busy_server.set()

    lock = page.get_by_role("dialog", name="Locked")
    await expect(lock).to_be_visible()
    await expect(page.get_by_text("You were signed out meanwhile")).to_have_count(1)
    await lock.get_by_label("Password").fill(PASSWORD)
    await lock.get_by_role("button", name="Unlock").click()

    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    await expect(page.locator("[data-done-words]")).to_have_text("24 files stored")
    complaints.heard = [each for each in complaints.heard if "401" not in each]


async def test_a_server_that_is_busy_is_waited_for(
    upload_page: Page, tmp_path: Path, slices: Slices, complaints: Complaints,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Refused before the part is read: the page waits as long as it was told and sends it again."""
    came, busy = list[float](), asyncio.Event()
    through = PartTurnstile.through
    busy.set()

    async def turned(self: PartTurnstile, account: AccountId) -> AbstractContextManager[None]:
        came.append(monotonic())
        if busy.is_set():
            raise TooManyParts(retry_after=3)
        return await through(self, account)

    monkeypatch.setattr(PartTurnstile, "through", turned)
    page = upload_page
    write(tmp_path / "image.dcm", slices(1, size=1000)[0])
    await choose(page, tmp_path / "image.dcm")
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_text("Many are sending at the moment")).to_be_visible()
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    busy.clear()

    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    await expect(page.locator("[data-done-words]")).to_have_text("1 file stored")
    assert len(came) == 2
    assert came[1] - came[0] >= 3
    complaints.heard = [each for each in complaints.heard if "429" not in each]


async def test_a_reloaded_page_goes_on_where_it_was(
    upload_page: Page, tmp_path: Path, slices: Slices, busy_server: asyncio.Event
) -> None:
    page, folder = upload_page, tmp_path / "CD"
    for number, data in enumerate(slices(24, size=1000)):
        write(folder / f"IM{number}", data)
    await choose(page, folder)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.locator("[data-overall] [data-progress-share]")).not_to_have_text("0 %")
    busy_server.set()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.reload()
    await choose(page, folder)
    await upload(page)

    told = await page.locator("[data-done-words]").inner_text()
    stored, there = (int(part.split()[0]) for part in told.split(", "))
    assert stored + there == 24
    assert there > 0
