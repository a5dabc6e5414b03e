"""Somebody takes an examination home with a real browser, from My documents to the file."""

import zipfile
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from portal.core.web import cookie_name
from tests.browser import PHONE, Complaints, browsing
from tests.documents.test_documents import Erika
from tests.people import World

Slices = Callable[..., list[bytes]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


async def sits(
    browser: Browser, world: World, erika: Erika, complaints: Complaints, screen: Any = PHONE
) -> Page:
    """Erika, signed in, on a screen of that size."""
    context = await browser.new_context(**screen)
    name = cookie_name(world.settings)
    value = erika.person.browser.cookie(name) or ""
    await context.add_cookies([{"name": name, "value": value, "url": world.settings.origin}])
    page = await context.new_page()
    await complaints.watch(page)
    return page


async def test_a_person_chooses_sees_the_size_and_has_the_file(
    world: World, server: str, browser: Browser, erika: Erika, slices: Slices
) -> None:
    """On a phone."""
    images = slices(2)
    await erika.sends([*images])
    await erika.sends(slices(1, seed=5, StudyDescription="Knie"))
    complaints = Complaints()
    page = await sits(browser, world, erika, complaints)

    await page.goto(f"{server}/documents")
    await page.get_by_role("link", name="Download", exact=True).click()
    await page.get_by_label("Schädel nativ").check()
    await page.get_by_role("button", name="Download selected").click()
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download (").first.click()
    download = await started.value

    assert download.suggested_filename == "HealthDataSpace.zip"
    with zipfile.ZipFile(await download.path()) as zipped:
        assert zipped.testzip() is None
        dicom = {zipped.read(name) for name in zipped.namelist() if name.startswith("DICOM/")}
    assert dicom == set(images)
    assert complaints.heard == []
