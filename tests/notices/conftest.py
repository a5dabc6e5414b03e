"""Notices as people meet them."""

import re
from collections.abc import Awaitable, Callable
from html import unescape

import pytest

from tests.people import Person

Reads = Callable[[Person], Awaitable[list[str]]]

LINE = re.compile(r'<a class="cover" href="(/notices/[0-9a-f-]+)">(.*?)</a>')


@pytest.fixture
def told() -> Reads:
    """What somebody's page of notices says, the newest first."""

    async def read(person: Person) -> list[str]:
        page = await (await person.browser.get("/notices")).get_data(as_text=True)
        return [unescape(words) for _, words in LINE.findall(page)]

    return read


@pytest.fixture
def links() -> Reads:
    """Where the lines of somebody's page of notices lead."""

    async def read(person: Person) -> list[str]:
        page = await (await person.browser.get("/notices")).get_data(as_text=True)
        return [href for href, _ in LINE.findall(page)]

    return read
