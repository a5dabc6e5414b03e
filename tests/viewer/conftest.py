"""A browser on a page that holds nothing but the viewer."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser

from tests.browser import DESKTOP, PHONE, Complaints, browsing
from tests.viewer.pages import MANIFEST, Reader, served, viewer_app
from viewer.study import ViewedStudy


@pytest.fixture
def studies() -> dict[UUID, ViewedStudy]:
    """What can be opened; tests put their studies in."""
    return {}


@pytest.fixture
async def address(studies: dict[UUID, ViewedStudy]) -> AsyncIterator[str]:
    if not MANIFEST.exists():
        pytest.skip("needs the front end: npm run build")
    async with served(viewer_app(studies)) as url:
        yield url


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Whatever the browser complains about fails the test."""
    heard = Complaints()
    yield heard
    assert heard.heard == []


async def reader_on(
    chromium: Browser, address: str, complaints: Complaints, screen: dict[str, Any] = DESKTOP
) -> Reader:
    """Somebody with a window of that size."""
    context = await chromium.new_context(**screen)
    page = await context.new_page()
    await complaints.watch(page)
    return Reader(page, address)


@pytest.fixture
async def reader(chromium: Browser, address: str, complaints: Complaints) -> Reader:
    return await reader_on(chromium, address, complaints, DESKTOP)


@pytest.fixture
async def phone(chromium: Browser, address: str, complaints: Complaints) -> Reader:
    return await reader_on(chromium, address, complaints, PHONE)
