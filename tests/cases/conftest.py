"""Two browsers, two people, one case over real slices."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from quart import Quart

from cases.ids import CaseId, CommunityId
from portal import studies
from portal.core.web import cookie_name
from portal.demo import phantom
from tests.browser import DESKTOP, Complaints, browsing
from tests.people import Person, World

Opens = Callable[..., Awaitable[Page]]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest.fixture
async def opens(chromium: Browser, world: World, server: str) -> AsyncIterator[Opens]:
    """`await opens(ada, "/cases/…")`: a page of a browser in which Ada is signed in."""
    complaints = Complaints()

    async def open_page(person: Person, path: str, **look: Any) -> Page:
        context = await chromium.new_context(**(look or DESKTOP))
        cookie = person.browser.cookie(cookie_name(world.settings))
        assert cookie is not None
        await context.add_cookies(
            [{"name": cookie_name(world.settings), "value": cookie, "url": server}]
        )
        page = await context.new_page()
        await complaints.watch(page)
        await page.goto(f"{server}{path}")
        return page

    yield open_page
    serious = [each for each in complaints.heard if "CSP" in each or "exception" in each]
    assert serious == []


@dataclass
class Round:
    """Ada's case in her community; Ben is a member."""

    ada: Person
    ben: Person
    board: CommunityId
    case: CaseId


@pytest.fixture
async def talk(world: World, app: Quart) -> Round:
    """A case over twelve slices of a head that nobody has."""
    ada = await world.physician("Dr. Ada Lindqvist")
    ben = await world.physician("Dr. Ben Okafor")
    board = await ada.founds("Neuro Board North")
    await ada.invites(ben, board)
    somebody = phantom.Person(
        name="Beispiel^Erika", local_id="P-10442", birth_date=date(1956, 4, 1), sex="F"
    )
    files = list(phantom.head_ct(somebody, slices=12, side=128))
    outcome = await studies.keep_files(app.extensions["hds"]["shelf"], ada.actor, files)
    case = await ada.opens("Dense vessel", in_=board, about=list(outcome.studies))
    return Round(ada, ben, board, case)
