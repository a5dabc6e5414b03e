"""S24 in a browser: the portal's storage is full or away, which the page outlasts by itself."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect
from quart import Quart

from portal import storing, studies
from portal.core.errors import PortalError
from tests.browser import Complaints
from tests.people import Person
from tests.studies.reading import originals_of
from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    erika,
    upload_page,
    write,
)

__all__ = ["browser", "complaints", "erika", "upload_page"]

pytestmark = pytest.mark.one_engine

Failing = Callable[[PortalError], AbstractContextManager[None]]
"""A store that takes nothing for a while."""

TOLD: dict[str, tuple[PortalError, str]] = {
    "full": (storing.DiskFull(), "The storage of this portal is full at the moment."),
    "away": (
        storing.Away(retry_after=1),
        "The storage of this portal cannot be reached at the moment.",
    ),
    "leaving": (storing.StillLeaving(retry_after=1), "What you deleted is still being removed"),
}


@pytest.fixture
def shelf(app: Quart) -> studies.Shelf:
    found: studies.Shelf = app.extensions["hds"]["shelf"]
    return found


@pytest.fixture
def failing(shelf: studies.Shelf, complaints: Complaints) -> Failing:
    complaints.expected = "the server responded with a status of"

    @contextmanager
    def fails(fault: PortalError) -> Iterator[None]:
        async def refuse(_object: UUID, _data: bytes) -> int:
            raise fault

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shelf.store, "put", refuse)
            yield

    return fails


@pytest.mark.parametrize("why", TOLD)
async def test_a_store_that_takes_nothing_is_told_and_waited_for_while_reading_goes_on(
    failing: Failing, upload_page: Page, erika: Person, shelf: studies.Shelf, disc: Path, why: str
) -> None:
    """Nobody touches the page from the first click on."""
    page, (fault, words) = upload_page, TOLD[why]
    before = await originals_of(shelf, erika.actor)
    await choose(page, disc)
    with failing(fault):
        await page.get_by_role("button", name="Upload", exact=True).click()
        halt = page.locator("[data-halt]")
        await expect(halt).to_contain_text(words)
        await expect(halt).to_contain_text("goes on by itself")
        other = await page.context.new_page()
        await other.goto(page.url.replace("/upload", "/documents"))
        await expect(other.locator("[data-study]")).to_contain_text("Schädel nativ")
        await other.close()
        assert await originals_of(shelf, erika.actor) == before

    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=60_000)
    await expect(page.locator("[data-done-words]")).to_have_text("3 files stored")
    assert len(await originals_of(shelf, erika.actor) - before) == 3


@pytest.fixture
async def disc(shelf: studies.Shelf, erika: Person, tmp_path: Path, slices: Slices) -> Path:
    """Three images that are not there yet, beside one that is."""
    (study,) = (await studies.keep_files(shelf, erika.actor, slices(1, size=64))).studies
    assert await shelf.preparing.done(study, 60.0)
    for number, data in enumerate(slices(3, size=64, seed=2)):
        write(tmp_path / "CD" / f"IM{number}", data)
    return tmp_path / "CD"


async def test_for_the_accounts_own_space_nobody_waits(
    failing: Failing, upload_page: Page, disc: Path
) -> None:
    """It does not come back by itself: the person is asked to choose."""
    page = upload_page
    await choose(page, disc)
    with failing(storing.QuotaFull(free=100, needed=9000)):
        await page.get_by_role("button", name="Upload", exact=True).click()
        told = page.locator("[data-problem]")
        await expect(told).to_contain_text("space in your account ran out")
