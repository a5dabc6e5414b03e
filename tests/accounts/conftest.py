"""A browser in the hands of somebody without an account."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from tests.browser import DESKTOP, Complaints, browsing

SENT_BACK = re.compile(r"status of (403|410|422)|WebSocket connection to")
"""What is no fault: a form sent back, and the socket of a page that is left or locked."""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """An empty page; whatever the browser complains about fails the test."""
    complaints = Complaints()
    async with browsing() as browser:
        context = await browser.new_context(**DESKTOP, locale="en-GB", accept_downloads=True)
        page = await context.new_page()
        await complaints.watch(page)
        yield page
    # A form sent back with its problems is no success, which Chromium notes as a failed load.
    assert [each for each in complaints.heard if not SENT_BACK.search(each)] == []
