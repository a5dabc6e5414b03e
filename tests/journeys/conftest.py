"""Several people at once, each in a browser of their own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page

from portal.core.settings import Settings
from portal.core.web import cookie_name
from tests.browser import DESKTOP, Complaints, browsing
from tests.people import Person

Sits = Callable[..., Awaitable[Page]]


@pytest.fixture
async def sits(server: str, settings: Settings) -> AsyncIterator[Sits]:
    """
    `await sits(person, PHONE)` is their page, signed in.

    Exceptions and violated policies fail the test.  Answers that say no do not: the browser notes
    them in its console, and the stories assert what the page makes of them.
    """
    complaints = Complaints(expected="Failed to load resource")
    async with browsing() as browser:

        async def sit(person: Person, screen: dict[str, Any] | None = None) -> Page:
            context = await browser.new_context(**(screen or DESKTOP), base_url=server)
            name = cookie_name(settings)
            value = person.browser.cookie(name)
            assert value is not None
            await context.add_cookies([{"name": name, "value": value, "url": server}])
            page = await context.new_page()
            page.set_default_timeout(20_000)
            await complaints.watch(page)
            return page

        yield sit
    assert complaints.heard == []
