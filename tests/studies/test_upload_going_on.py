"""An upload that is cut off midway, in a real browser: nothing is lost and nothing sent twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request, expect

from portal import studies
from portal.core.settings import Settings
from portal.storing.models import Usage
from portal.studies.errors import UploadOver
from portal.studies.expiring import forget
from portal.studies.models import Upload, UploadPiece
from tests.browser import DESKTOP, Complaints
from tests.people import Person, World
from tests.studies.reading import originals_of
from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    disc,
    erika,
    signed_in,
    upload,
    upload_page,
    write,
)

__all__ = ["browser", "complaints", "disc", "erika", "upload_page"]

pytestmark = pytest.mark.one_engine

PIECE = 4 * 2**20
"""What the page sends of a large file at once."""


class Gate:
    """A server that answers only so many parts; the others wait until the gate opens."""

    def __init__(self, answered: int) -> None:
        self.left = answered
        self.opened = asyncio.Event()
        self._lost = asyncio.Event()
        self._held = asyncio.Semaphore(0)

    async def receive(self, *given: Any) -> studies.PartReceipt:
        self.left -= 1
        if self.left < 0:
            await self._waiting()
        return await studies.receive_part(*given)

    async def holds(self, count: int) -> None:
        """Wait until so many parts wait here: what was sent is then no longer on its way."""
        async with asyncio.timeout(20):
            for _ in range(count):
                await self._held.acquire()

    def lose_those_that_wait(self) -> None:
        """They were still on the line when it went; what is sent from now on is answered."""
        self._lost.set()
        self.opened.set()

    async def _waiting(self) -> None:
        was_lost = self._lost.is_set()
        self._held.release()
        await self.opened.wait()
        if self._lost.is_set() and not was_lost:
            raise UploadOver


@pytest.fixture
async def gate(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    made = Gate(2)
    monkeypatch.setattr("portal.studies.routes.receive_part", made.receive)
    yield made
    made.opened.set()


@pytest.fixture
def large(tmp_path: Path, slices: Slices) -> Path:
    """A CD with one image of four pieces."""
    folder = tmp_path / "CD"
    write(folder / "IM0", slices(1, size=2700)[0])
    assert 3 * PIECE < (folder / "IM0").stat().st_size < 4 * PIECE
    return folder


async def starts(page: Page) -> None:
    await page.get_by_role("button", name="Upload", exact=True).click()


async def _pieces(count: int) -> None:
    async with asyncio.timeout(20):
        while await UploadPiece.all().count() < count:
            await asyncio.sleep(0.05)


async def test_an_upload_that_ends_on_the_server_midway_loses_nothing(
    upload_page: Page, erika: Person, world: World, large: Path, gate: Gate, complaints: Complaints
) -> None:
    page = upload_page
    await choose(page, large)
    await starts(page)
    await _pieces(2)
    (begun,) = await Upload.filter(owner=erika.actor.id)
    await forget(begun.id)
    gate.opened.set()

    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    await expect(page.locator("[data-done-words]")).to_have_text("1 file stored")
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    assert await originals_of(shelf, erika.actor) == {(large / "IM0").read_bytes()}
    complaints.heard = [each for each in complaints.heard if "410" not in each]


@pytest.fixture
async def elsewhere(
    erika: Person, browser: Browser, server: str, settings: Settings
) -> AsyncIterator[Page]:
    """Erika at another computer."""
    context = await browser.new_context(**DESKTOP)
    await signed_in(context, erika, settings, server)
    yield await context.new_page()
    await context.close()


async def test_what_was_begun_on_one_computer_goes_on_on_another(
    upload_page: Page, elsewhere: Page, large: Path, gate: Gate, complaints: Complaints
) -> None:
    """Of a large file only what is missing travels, and the offer ends with it."""
    await choose(upload_page, large)
    await starts(upload_page)
    await _pieces(2)
    await gate.holds(2)
    await upload_page.close()
    gate.lose_those_that_wait()

    page, sent, address = elsewhere, list[int](), upload_page.url
    await complaints.watch(page)

    def note(request: Request) -> None:
        if request.method == "PUT":
            sent.append(len(request.post_data_buffer or b""))

    page.on("request", note)
    await page.goto(address)
    await expect(page.locator("[data-begun]")).to_contain_text("An upload of 1 file (14\u00a0MB)")
    await choose(page, large)
    assert await UploadPiece.all().count() == 2
    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("1 file stored")
    assert len(sent) == 2
    await page.goto(address)
    await expect(page.locator("[data-begun]")).to_have_count(0)
    assert await Upload.all().count() == 0


async def test_progress_is_what_has_left_and_not_only_what_was_acknowledged(
    upload_page: Page, tmp_path: Path, slices: Slices, gate: Gate
) -> None:
    gate.left = 0
    for number, data in enumerate(slices(4, size=700)):
        write(tmp_path / "CD" / f"IM{number}", data)
    page = upload_page
    await choose(page, tmp_path / "CD")
    await starts(page)

    for share in ("[data-overall]", "[data-examinations]"):
        told = page.locator(f"{share} [data-progress-share]")
        await expect(told).not_to_have_text("0 %")
        await expect(told).not_to_have_text("100 %")
    await expect(page.get_by_text("until it says that it is safe to close")).to_be_visible()
    gate.opened.set()
    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    await expect(page.locator("[data-done-words]")).to_have_text("4 files stored")


async def test_a_cd_that_is_taken_out_is_asked_for_and_goes_on(
    upload_page: Page, tmp_path: Path, slices: Slices, gate: Gate
) -> None:
    """J6 step 6: it pauses with the reason, and goes on from where it was."""
    folder, away = tmp_path / "CD", tmp_path / "in the hand"
    for number, data in enumerate(slices(24, size=1000)):
        write(folder / f"IM{number}", data)
    page = upload_page
    await choose(page, folder)
    await starts(page)
    await expect(page.locator("[data-overall] [data-progress-share]")).not_to_have_text("0 %")
    folder.rename(away)
    gate.opened.set()

    await expect(page.get_by_text("The CD or folder cannot be read any more")).to_be_visible()
    away.rename(folder)
    await page.get_by_role("button", name="Go on").click()

    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    await expect(page.locator("[data-done-words]")).to_have_text("24 files stored")


async def test_space_that_runs_out_meanwhile_is_told_with_what_is_safe(
    upload_page: Page, erika: Person, tmp_path: Path, slices: Slices, gate: Gate,
    complaints: Complaints,
) -> None:  # fmt: skip
    """J6 step 4, when another window takes the space that was free before."""
    folder = tmp_path / "CD"
    for number, data in enumerate(slices(8, size=1000)):
        write(folder / f"IM{number}", data)
    page = upload_page
    await choose(page, folder)
    await starts(page)
    await expect(page.locator("[data-overall] [data-progress-share]")).not_to_have_text("0 %")
    async with asyncio.timeout(20):
        while gate.left > -2:
            await asyncio.sleep(0.05)
    used = (await Usage.get(account=erika.actor.id)).used
    await Usage.filter(account=erika.actor.id).update(allowed=used + 1000)
    gate.opened.set()

    problem = page.locator("[data-problem]")
    await expect(problem).to_contain_text("ran out while sending", timeout=30_000)
    await expect(problem).to_contain_text("2 files are safe.")
    await expect(page.locator("[data-examination]")).to_contain_text("2 of 8 already there")
    await expect(page.locator("[data-quota-problem]")).to_contain_text("not enough space")
    await expect(page.locator("[data-start]")).to_be_disabled()
    complaints.heard = [each for each in complaints.heard if "507" not in each]
