"""A browser in the hands of somebody without an account."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from tests.browser import DESKTOP, Complaints, browsing


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """An empty page; whatever the browser complains about fails the test."""
    complaints = Complaints()
    async with browsing() as browser:
        context = await browser.new_context(**DESKTOP, locale="en-GB", accept_downloads=True)
        page = await context.new_page()
        await complaints.watch(page)
        yield page
    # A form sent back with its problems answers 422, which Chromium notes as a failed load.
    assert [each for each in complaints.heard if "status of 422" not in each] == []
