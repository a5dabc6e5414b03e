"""What a reader has to be able to see: words on any picture, names in German, every tool."""

import io
import json
from collections.abc import AsyncIterator
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import Browser, Page, expect

from scripts.catalogues import merged
from tests.browser import Complaints, poll
from tests.viewer.conftest import reader_on
from tests.viewer.pages import Reader, served, viewer_app
from tests.viewer.volumes import FakeStudy, head
from viewer.study import ViewedStudy

Studies = dict[UUID, ViewedStudy]

READABLE = 4.5
"""WCAG 2.2, 1.4.3: the least contrast between words and what is behind them."""

MAGENTA = "rgb(255, 0, 255)"


async def _picture(page: Page, selector: str) -> NDArray[np.float64]:
    """An element as it is on the screen, as colours from 0 to 1."""
    png = await page.locator(selector).screenshot()
    with Image.open(io.BytesIO(png)) as opened:
        return np.asarray(opened.convert("RGB")).astype("f8") / 255


def _luminance(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    weighed: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return weighed


def _grown(shape: NDArray[np.bool_]) -> NDArray[np.bool_]:
    grown = shape.copy()
    for axis in (0, 1):
        for way in (-1, 1):
            grown |= np.roll(shape, way, axis)
    return grown


@pytest.mark.parametrize("bright", [4095, 2100, 0])
async def test_words_on_the_picture_are_readable_on_any_picture(
    reader: Reader, studies: Studies, bright: int
) -> None:
    """Around each stroke lies an edge with enough contrast, as bright as the picture may be."""
    made = FakeStudy()
    picture = np.full((1, 128, 128), bright, "u2")
    made.add_volume("Chest", picture, windows=[{"center": 1024.0, "width": 2048.0}])
    studies[made.id] = made
    await reader.opens(made)
    await reader.shows(zoom=4)  # into the corners
    corner = ".hv-top-left"
    ink = await reader.page.evaluate(f"getComputedStyle(document.querySelector('{corner}')).color")
    await reader.page.evaluate(f"document.querySelector('{corner}').style.color = '{MAGENTA}'")

    seen = await _picture(reader.page, corner)

    text = np.array([int(each) for each in ink[4:-1].split(",")]) / 255
    strokes = (seen[..., 0] > 0.75) & (seen[..., 1] < 0.4) & (seen[..., 2] > 0.75)
    assert strokes.sum() > 60
    beside = _grown(_grown(strokes)) & ~_grown(strokes)
    contrast = (_luminance(text) + 0.05) / (_luminance(seen[beside]) + 0.05)
    assert (contrast >= READABLE).mean() > 0.95, np.percentile(contrast, [5, 10, 50])


@pytest.fixture
async def german(
    chromium: Browser, studies: Studies, complaints: Complaints
) -> AsyncIterator[Reader]:
    words = {each.id: each.string for each in merged() if isinstance(each.id, str) and each.id}
    async with served(viewer_app(studies, "de", json.dumps(words))) as address:
        yield await reader_on(chromium, address, complaints)


async def test_every_window_can_be_read_in_german(german: Reader, studies: Studies) -> None:
    made = FakeStudy()
    made.add_volume("Axial", head(2))
    studies[made.id] = made
    await german.opens(made)
    select = german.page.get_by_role("combobox", name="Fenstervorgabe")

    for key in "012345678":
        await german.presses(key)
        name, room, needed = await select.evaluate(
            """(select) => {
                 const words = select.selectedOptions[0].textContent;
                 const look = getComputedStyle(select);
                 const paper = document.createElement("canvas").getContext("2d");
                 paper.font = look.font;
                 const edges = parseFloat(look.paddingLeft) + parseFloat(look.paddingRight);
                 return [words, select.clientWidth, paper.measureText(words).width + edges + 15];
               }"""
        )
        assert name.startswith(key)
        assert needed <= room, name


async def test_numbers_are_written_in_german(german: Reader, studies: Studies) -> None:
    made = FakeStudy()
    made.add_volume("Axial", head(2))
    studies[made.id] = made
    await german.opens(made)
    await german.one_to_one(256, 256)

    await german.shows(window={"center": -2.5, "width": 7.5})
    facts = german.page.locator(".hv-bottom-left")
    await expect(facts).to_contain_text("7,5")
    await expect(facts).to_contain_text("-2,5")
    await german.shows(window={"center": -0.04, "width": 1500})
    await expect(facts).to_contain_text("1500")
    await expect(facts).not_to_contain_text("-0")

    await german.presses("l")
    await german.drags((450, 300), (550, 300))
    await expect(german.page.locator(".hv-port svg text")).to_contain_text("70,0 mm")


@pytest.fixture
async def narrow(phone: Reader, studies: Studies) -> Reader:
    made = FakeStudy()
    made.add_volume("Axial", head(2))
    made.add_volume("Scout", head(1))
    studies[made.id] = made
    await phone.opens(made)
    return phone


async def test_a_phone_shows_that_there_are_more_tools(narrow: Reader) -> None:
    page = narrow.page
    back, on = page.locator(".hv-edge-back"), page.locator(".hv-edge-on")
    last = page.get_by_role("button", name="Keyboard shortcuts")
    await expect(on).to_be_visible()
    await expect(back).to_be_hidden()
    await expect(last).not_to_be_in_viewport()

    for _ in range(4):
        if await on.is_hidden():
            break
        before = await page.evaluate("document.querySelector('.hv-tools').scrollLeft")
        await on.tap()
        await poll(page, f"document.querySelector('.hv-tools').scrollLeft > {before} + 20")
        await page.wait_for_timeout(500)

    await expect(on).to_be_hidden()
    await expect(back).to_be_visible()
    await expect(last).to_be_in_viewport(ratio=1)


async def test_the_keyboard_brings_hidden_tools_into_sight(narrow: Reader) -> None:
    page = narrow.page
    await page.get_by_role("button", name="Scroll", exact=True).focus()

    for name in ("Brightness and contrast", "Zoom", "Move", "Length", "Arrow with text"):
        await page.keyboard.press("ArrowRight")
        tool = page.get_by_role("button", name=name, exact=True)
        await expect(tool).to_be_focused()
        box = await tool.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
        on = await page.locator(".hv-edge-on").bounding_box()
        assert on is None or box["x"] + box["width"] / 2 < on["x"] + 4
