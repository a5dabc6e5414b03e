"""The upload page in a real browser, and what people do there."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from portal.core.settings import Settings
from portal.core.web import cookie_name
from tests.browser import DESKTOP, Complaints, browsing
from tests.people import Person, World
from tests.viewer.pdf.making import pdf

Slices = Callable[..., list[bytes]]


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel", birth_date=date(1956, 4, 1), sex="F")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest.fixture
async def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
async def upload_page(
    erika: Person, browser: Browser, server: str, settings: Settings, complaints: Complaints
) -> AsyncIterator[Page]:
    """Erika's upload page; whatever the browser complains about fails the test."""
    context = await browser.new_context(**DESKTOP)
    await signed_in(context, erika, settings, server)
    page = await context.new_page()
    await complaints.watch(page)
    await page.goto(f"{server}/upload")
    yield page
    await context.close()
    assert complaints.heard == []


async def signed_in(
    context: BrowserContext, person: Person, settings: Settings, server: str
) -> None:
    name = cookie_name(settings)
    value = person.browser.cookie(name)
    assert value is not None
    await context.add_cookies([{"name": name, "value": value, "url": server}])


@pytest.fixture
def disc(tmp_path: Path, slices: Slices) -> Path:
    """A CD: images in folders, a directory file, a viewer program, something unreadable."""
    folder = tmp_path / "CD"
    for number, data in enumerate(slices(5, size=64)):
        write(folder / "DICOM" / "ST0" / f"IM{number}", data)
    thorax = {"Modality": "CR", "StudyDescription": "Thorax", "StudyDate": "20260313"}
    for number, data in enumerate(slices(2, size=64, seed=2, **thorax)):
        write(folder / "DICOM" / "ST1" / f"IM{number}", data)
    write(folder / "DICOMDIR", b"\0" * 128 + b"DICM")
    write(folder / "autorun.inf", b"[autorun]")
    write(folder / "VIEWER" / "viewer.exe", b"MZ" + bytes(500))
    write(folder / "VIEWER" / "help.html", b"<html>")
    write(folder / "DICOM" / "NOTES", b"written by hand")
    write(folder / "DICOM" / "ST0" / "Befund Schädel.pdf", pdf(["Kein Nachweis einer Blutung"]))
    write(folder / "DICOM" / "letter.pdf", b"written with a text editor")
    return folder


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


async def choose(page: Page, *paths: Path) -> None:
    folder = len(paths) == 1 and paths[0].is_dir()
    field = page.locator("#f-folder" if folder else "#f-files")
    await field.set_input_files(paths[0] if folder else list(paths))


async def is_named(refused: Locator, reason: str, name: str) -> None:
    """A file stands under its reason."""
    await expect(refused.locator("[data-reason]", has_text=reason)).to_contain_text(name)


async def upload(page: Page) -> None:
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
