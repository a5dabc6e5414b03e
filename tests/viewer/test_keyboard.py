"""Keys at once, a digit for one window, one tab stop for a row, and a list of it all."""

from uuid import UUID

import pytest
from playwright.async_api import expect

from tests.browser import poll
from tests.viewer.pages import Reader
from tests.viewer.volumes import FakeStudy, head
from viewer.study import ViewedStudy

Studies = dict[UUID, ViewedStudy]

FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
PRESET = "document.querySelector('.hv-presets').selectedOptions[0].textContent"
REMARK = ".hv-remark"


@pytest.fixture
async def study(reader: Reader, studies: Studies) -> FakeStudy:
    """Two CTs, only one of which proposes windows, an MR that does, and an X-ray that does not."""
    made = FakeStudy()
    made.add_volume("Proposes", head(12))
    made.add_volume("Silent", head(3), windows=[])
    made.add_volume("Brain T2", head(3), modality="MR")
    made.add_volume("Chest", head(1), modality="CR", windows=[])
    studies[made.id] = made
    await reader.opens(made)
    await reader.all_loaded()
    return made


async def _goes_to(reader: Reader, name: str, series: int) -> None:
    await reader.page.get_by_role("button", name=name).click()
    await poll(reader.page, f"viewer.currentView().series === {series}")
    await reader.settles()


async def test_a_digit_means_the_same_window_in_every_ct(reader: Reader, study: FakeStudy) -> None:
    named = "[...document.querySelectorAll('.hv-presets option')].map((each) => each.textContent)"
    offered = []
    for name, series in (("Proposes", 0), ("Silent", 1)):
        await _goes_to(reader, name, series)
        offered.append(
            {each for each in await reader.page.evaluate(named) if each[0] in "12345678"}
        )
        await reader.presses("4")
        assert (await reader.view())["window"] == {"center": 40, "width": 80}
        assert await reader.page.evaluate(PRESET) == "4  Brain"

    assert offered[0] == offered[1]
    assert len(offered[0]) == 8


async def test_0_is_the_images_own_window_everywhere(reader: Reader, study: FakeStudy) -> None:
    await reader.presses("2")
    await reader.presses("0")
    assert (await reader.view())["window"] == {"center": 40, "width": 400}
    assert await reader.page.evaluate(PRESET) == "0  As in the file (SOFT)"

    await _goes_to(reader, "Brain T2", 2)
    await reader.presses("2")
    assert (await reader.view())["window"] == {"center": -600, "width": 1500}
    for key in "01":
        await reader.presses("2", key)
        assert await reader.page.evaluate(PRESET) == "0, 1  As in the file (SOFT)"


async def test_a_digit_without_a_window_does_nothing_and_says_so(
    reader: Reader, study: FakeStudy
) -> None:
    before = (await reader.view())["window"]
    await reader.presses("9")
    await expect(reader.page.locator(REMARK)).to_contain_text("Key 9 has no window")
    assert (await reader.view())["window"] == before

    await _goes_to(reader, "Chest", 3)
    before = (await reader.view())["window"]
    await reader.presses("3")
    await expect(reader.page.locator(REMARK)).to_contain_text("Key 3 has no window")
    assert (await reader.view())["window"] == before


async def test_keys_work_at_once_and_leave_fields_alone(reader: Reader, study: FakeStudy) -> None:
    assert await reader.page.evaluate("document.activeElement === document.body")
    before = (await reader.view())["index"]

    await reader.page.keyboard.press("ArrowDown")
    await reader.page.keyboard.press("i")
    await reader.settles()
    seen = await reader.view()
    assert (seen["index"], seen["invert"]) == (before + 1, True)

    box = await reader.box()
    await reader.page.mouse.click(box["x"] + 300, box["y"] + 300)
    await reader.page.keyboard.press("ArrowDown")
    await reader.settles()
    seen = await reader.view()
    assert seen["index"] == before + 2, "a press on the picture takes no key away"

    await reader.page.evaluate(
        """(() => { const field = document.createElement("input");
                    document.querySelector(".hv-head").append(field); field.focus(); })()"""
    )
    await reader.page.keyboard.type("i3")
    await reader.page.keyboard.press("Shift+L")  # the page's own, not "length"
    await reader.settles()
    assert await reader.page.evaluate("document.activeElement.value") == "i3L"
    after = await reader.view()
    assert (after["invert"], after["window"]) == (seen["invert"], seen["window"])


async def test_letters_with_shift_belong_to_the_page(reader: Reader, study: FakeStudy) -> None:
    await reader.presses("Shift+L")

    assert await reader.page.locator(".hv").get_attribute("data-mode") == "window"


async def test_the_list_of_keys_opens_by_key_and_by_button(
    reader: Reader, study: FakeStudy
) -> None:
    await reader.page.keyboard.press("?")
    dialog = reader.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(dialog).to_be_visible()
    for words in ("Brightness and contrast", "Lung", "Two fingers", "The image's own window"):
        await expect(dialog).to_contain_text(words)

    before = await reader.view()
    await reader.page.keyboard.press("i")
    await reader.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert await reader.view() == before

    await reader.chooses("Keyboard shortcuts")
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_be_hidden()
    await expect(reader.page.get_by_role("button", name="Keyboard shortcuts")).to_be_focused()


async def test_tools_and_series_are_one_tab_stop_each(reader: Reader, study: FakeStudy) -> None:
    page = reader.page
    stops = await page.evaluate(
        """[...document.querySelectorAll("a, button, input, select, [tabindex]")].filter((each) =>
             each.tabIndex >= 0 && each.checkVisibility()).length"""
    )
    assert stops == 5, "the way back, the image, tools, series, slider"

    await page.locator(".hv").focus()
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) == "Scroll"
    index = (await reader.view())["index"]
    await page.keyboard.press("ArrowRight")
    assert await page.evaluate(FOCUSED) == "Brightness and contrast"
    await page.keyboard.press("End")
    assert await page.evaluate(FOCUSED) == "Keyboard shortcuts"
    await page.keyboard.press("ArrowRight")
    assert await page.evaluate(FOCUSED) == "Scroll"
    assert (await reader.view())["index"] == index, "that was a way among the tools"
    await page.keyboard.press("ArrowDown")
    await reader.settles()
    assert (await reader.view())["index"] == index + 1

    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Tab")
    assert "Proposes" in await page.evaluate(FOCUSED)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await poll(page, "viewer.currentView().series === 1")
    await page.keyboard.press("Shift+Tab")
    assert await page.evaluate(FOCUSED) == "Keyboard shortcuts", "a row remembers where one was"


async def test_whoever_used_a_tool_that_goes_away_stays_among_the_tools(
    reader: Reader, study: FakeStudy
) -> None:
    await reader.presses("l")
    await reader.drags((400, 300), (500, 300))
    erase = reader.page.get_by_role("button", name="Remove drawings")
    await erase.focus()

    await reader.page.keyboard.press("Enter")

    await expect(erase).to_be_hidden()
    await poll(reader.page, "document.activeElement.closest('[role=toolbar]') !== null")
