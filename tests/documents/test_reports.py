"""Structured reports among the images: read as a page, with the way to the images they mean."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from playwright.async_api import Browser, expect

from portal import studies
from tests.browser import Complaints
from tests.documents.test_documents import Erika, erika
from tests.documents.test_in_browser import browser, sits
from tests.people import World
from tests.viewer.dicom.making import parsed
from tests.viewer.dicom.telling import item, number, refers, structured

__all__ = ["browser", "erika"]

Slices = Callable[..., list[bytes]]


async def among(erika: Erika, images: list[bytes], report: bytes) -> tuple[UUID, dict[str, str]]:
    """The study of some images and a report, and its instances by kind."""
    said = await erika.sends([*images, report])
    assert len(said["kept"]) == len(images) + 1, said
    study = UUID(said["studies"][0])
    assert await erika.shelf.preparing.done(study, 30.0)
    opened = await studies.open_own(erika.shelf, erika.actor, study)
    every = [each for series in (await opened.manifest())["series"] for each in series["instances"]]
    return study, {each["kind"]: str(UUID(each["id"])) for each in every}


def measured(images: list[bytes]) -> bytes:
    """A report with measurements on the second of *images* and on one from elsewhere."""
    first, second = parsed(images[0]), parsed(images[1])
    return structured(
        [
            item("CONTAINER", "Findings <b>", [
                item("TEXT", "Finding", TextValue="Knoten\nim Oberlappen <script>"),
                number("Diameter", "12.5", "mm", [refers(second.SOPInstanceUID)]),
                number("Volume", "1.2", "ml", [refers("2.25.4711")]),
            ]),
        ],
        StudyInstanceUID=first.StudyInstanceUID,
    )  # fmt: skip


async def test_a_report_is_a_page_of_words_and_measurements(erika: Erika, slices: Slices) -> None:
    images = slices(2, size=64)
    study, ids = await among(erika, images, measured(images))

    page = await erika.sees(f"/v/{study}/i/{ids['report']}/report")

    assert "Imaging report" in page
    assert "signed by its author" in page
    assert "<h2>Findings &lt;b&gt;</h2>" in page
    assert "Knoten\nim Oberlappen &lt;script&gt;" in page
    assert re.search(r'<th scope="row">Diameter</th><td class="numbers">12.5 mm</td>', page)
    assert "An image that is not in this examination" in page
    way = re.search(r'href="(/v/[^"]+)">Series \d+, image 2<', page)
    assert way is not None
    view = json.loads(unquote(way[1].partition("#view=")[2]))
    assert view["sop"] == parsed(images[1]).SOPInstanceUID
    assert "1 document" in await erika.sees("/documents")
    original = await erika.person.browser.get(f"/v/{study}/i/{ids['report']}/original")
    assert original.status_code == 200


async def test_only_reports_are_read_and_only_by_who_may_see_the_images(
    erika: Erika, world: World, slices: Slices
) -> None:
    images = slices(2, size=64)
    study, ids = await among(erika, images, measured(images))
    otto = await world.patient("Otto Beispiel")

    assert (await otto.browser.get(f"/v/{study}/i/{ids['report']}/report")).status_code == 404
    picture = await erika.person.browser.get(f"/v/{study}/i/{ids['image']}/report")
    assert picture.status_code == 404


async def test_a_report_that_nobody_can_read_is_kept_and_said_so(
    erika: Erika, slices: Slices
) -> None:
    (image,) = slices(1, size=64)
    empty = structured(
        StudyInstanceUID=parsed(image).StudyInstanceUID,
        ContentSequence=None,
        ConceptNameCodeSequence=None,
    )
    study, ids = await among(erika, [image], empty)

    page = await erika.sees(f"/v/{study}/i/{ids['report']}/report")

    assert "This report cannot be read here" in page


@pytest.mark.one_engine
async def test_from_the_images_to_the_report_and_back(
    world: World, server: str, browser: Browser, erika: Erika, slices: Slices
) -> None:
    images = slices(2, size=64)
    study, _ = await among(erika, images, measured(images))
    complaints = Complaints()
    page: Any = await sits(browser, world, erika, complaints)
    await page.goto(f"{server}/v/{study}")
    await page.locator(".hv-series").get_by_text("1 document").click()
    await page.get_by_role("link", name="Show the report").click()
    await expect(page.get_by_role("heading", name="Imaging report")).to_be_visible()
    await expect(page.get_by_role("row", name="Diameter")).to_contain_text("12.5 mm")

    await page.get_by_role("link", name=re.compile("image 2$")).click()

    await expect(page.locator("[data-stage], .hv-top-right")).to_contain_text("Image 2 of 2")
    assert complaints.heard == []
