"""Hands on the picture: mouse, wheel and keys do what a reader expects, in exact amounts."""

import math
from uuid import UUID

import numpy as np
import pytest
from playwright.async_api import expect

from tests.browser import poll
from tests.viewer.pages import Reader
from tests.viewer.volumes import FakeStudy, head, window
from viewer.study import ViewedStudy

Studies = dict[UUID, ViewedStudy]


@pytest.fixture
async def study(reader: Reader, studies: Studies) -> FakeStudy:
    """A head CT that the reader has open, all of it loaded."""
    made = FakeStudy()
    made.add_volume("Axial 5 mm", head(12))
    made.add_volume("Scout", head(1, 128, 160))
    studies[made.id] = made
    await reader.opens(made)
    await reader.all_loaded()
    return made


async def test_dragging_changes_brightness_and_contrast(reader: Reader, study: FakeStudy) -> None:
    before = (await reader.view())["window"]
    picture = await reader.pixels()

    await reader.drags((300, 300), (360, 300))
    wider = (await reader.view())["window"]
    await reader.drags((300, 300), (300, 340))
    moved = (await reader.view())["window"]

    assert before == {"center": 40, "width": 400}
    assert wider["width"] > before["width"]
    assert math.isclose(wider["center"], before["center"], abs_tol=1)
    assert abs(moved["center"] - wider["center"]) > 5
    assert (await reader.pixels() != picture).any()


async def test_the_window_stays_when_the_reader_scrolls(reader: Reader, study: FakeStudy) -> None:
    await reader.drags((300, 300), (360, 320))
    chosen = (await reader.view())["window"]

    await reader.presses("ArrowDown", "ArrowDown")

    assert (await reader.view())["window"] == chosen


async def test_the_wheel_goes_through_the_series(reader: Reader, study: FakeStudy) -> None:
    box = await reader.box()
    await reader.page.mouse.move(box["x"] + 400, box["y"] + 300)
    for _ in range(3):
        await reader.page.mouse.wheel(0, 100)
        await reader.settles()

    assert (await reader.view())["index"] == 9
    words = reader.page.locator(".hv-top-right")
    await expect(words).to_have_text("Image 10 of 12")


async def test_keys_reach_both_ends_and_stop_there(reader: Reader, study: FakeStudy) -> None:
    await reader.presses("End", "ArrowDown")
    assert (await reader.view())["index"] == 11

    await reader.presses("Home", "ArrowUp")
    assert (await reader.view())["index"] == 0

    await reader.presses("PageDown")
    assert (await reader.view())["index"] == 10


async def test_the_slider_goes_to_an_image(reader: Reader, study: FakeStudy) -> None:
    slider = reader.page.get_by_role("slider", name="Image")

    await slider.fill("3")
    await reader.settles()

    assert (await reader.view())["index"] == 2
    assert await slider.get_attribute("aria-valuetext") == "image 3 of 12"


async def test_number_keys_choose_presets(reader: Reader, study: FakeStudy) -> None:
    await reader.presses("3")

    assert await _preset(reader) == "3  Bone"
    assert (await reader.view())["window"] == {"center": 480, "width": 2500}


async def _preset(reader: Reader) -> str:
    name: str = await reader.page.evaluate(
        "document.querySelector('.hv-presets').selectedOptions[0].textContent"
    )
    return name


async def test_right_button_zooms_middle_button_moves(reader: Reader, study: FakeStudy) -> None:
    await reader.drags((500, 300), (500, 350), button="right")
    assert (await reader.view())["zoom"] > 1
    await reader.presses("x")
    await reader.drags((500, 350), (500, 300), button="right")
    assert (await reader.view())["zoom"] < 1
    tool = reader.page.get_by_role("button", name="Zoom", exact=True)
    assert await tool.get_attribute("title") == "Zoom (Z): drag down to enlarge, up to shrink"

    await reader.presses("x")
    scale = (await reader.page.evaluate("document.querySelector('.hv-port').clientHeight")) / 256
    await reader.drags((500, 300), (540, 330), button="middle")

    moved = await reader.view()
    assert moved["pan"] == pytest.approx([-40 / scale, -30 / scale], abs=0.01)


async def test_a_length_is_right_in_millimetres(reader: Reader, study: FakeStudy) -> None:
    await reader.one_to_one(256, 256)
    await reader.presses("l")

    await reader.drags((450, 300), (550, 300))

    (drawing,) = (await reader.view())["annotations"]
    a, b = np.array(drawing["points"])
    assert np.linalg.norm(a - b) == pytest.approx(100 * 0.7, abs=0.01)
    assert drawing["tool"] == "length"
    shown = reader.page.locator(".hv-port svg text")
    await expect(shown).to_contain_text("70.0 mm")


async def test_an_arrow_carries_words(reader: Reader, study: FakeStudy) -> None:
    await reader.presses("a")

    await reader.drags((400, 200), (500, 260))
    await reader.page.get_by_role("textbox", name="Text at the arrow").fill("Dense vessel?")
    await reader.page.keyboard.press("Enter")
    await reader.settles()

    (drawing,) = (await reader.view())["annotations"]
    assert (drawing["tool"], drawing["text"]) == ("arrow", "Dense vessel?")
    await expect(reader.page.locator(".hv-port svg text")).to_contain_text("Dense vessel?")


async def test_an_arrow_points_at_what_was_pressed_and_its_words_stand_at_the_other_end(
    reader: Reader, study: FakeStudy
) -> None:
    """Drawn to the left, where a reader's text would otherwise stand over the finding."""
    await reader.presses("a")
    await expect(reader.page.locator(".hv-remark")).to_contain_text("Press on the finding")

    await reader.drags((500, 260), (380, 200))
    box = await reader.box()
    asked = await reader.page.get_by_role("dialog").bounding_box()
    await reader.page.get_by_role("textbox", name="Text at the arrow").fill("Vessel")
    await reader.page.keyboard.press("Enter")
    await reader.settles()

    assert asked is not None
    assert asked["y"] > box["y"] + 260 or asked["y"] + asked["height"] < box["y"] + 200
    lines = await reader.page.evaluate(
        """[...document.querySelectorAll(".hv-port svg line:not([stroke-dasharray^='2'])")].map(
             (line) => ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name))))"""
    )
    tips = [line[2:] for line in lines]
    assert len([tip for tip in tips if tip == pytest.approx([500, 260], abs=1)]) == 3, lines
    words = await reader.page.locator(".hv-port svg text").bounding_box()
    assert words is not None
    assert words["x"] + words["width"] <= box["x"] + 380
    assert abs(words["y"] + words["height"] / 2 - box["y"] - 200) < 12


@pytest.mark.parametrize("corner", ["top-left", "top-right", "bottom-left"])
async def test_the_words_at_an_arrow_leave_the_corners_readable(
    reader: Reader, study: FakeStudy, corner: str
) -> None:
    box = await reader.box()
    place = await reader.page.locator(f".hv-{corner}").bounding_box()
    assert place is not None
    middle = (
        place["x"] + place["width"] / 2 - box["x"],
        place["y"] + place["height"] / 2 - box["y"],
    )

    await reader.presses("a")
    await reader.drags((box["width"] / 2, box["height"] / 2), middle)
    await reader.page.get_by_role("textbox", name="Text at the arrow").fill("Vessel")
    await reader.page.keyboard.press("Enter")
    await reader.settles()

    words = await reader.page.locator(".hv-port svg text").bounding_box()
    assert words is not None
    above, below = (
        place["y"] - words["y"] - words["height"],
        words["y"] - place["y"] - place["height"],
    )
    assert max(above, below) >= 0, (words, place)


async def test_a_drawing_that_was_begun_is_given_up_from_anywhere(
    reader: Reader, study: FakeStudy
) -> None:
    """A mere click begins one; before it has a length, it is nothing to see and nothing to pin."""
    drawn = reader.page.locator(".hv-port svg :is(line, path)")
    box = await reader.box()
    for key in ("a", "l"):
        await reader.presses(key)
        await reader.page.mouse.move(box["x"] + 400, box["y"] + 200)
        await reader.page.mouse.down()
        await reader.page.mouse.up()
        await reader.page.wait_for_timeout(600)  # what a double click takes, and the drawing
        if key == "a":
            await expect(drawn).to_have_count(0)
        assert (await reader.view())["annotations"] == []

        await reader.page.mouse.move(box["x"] + 460, box["y"] + 240, steps=3)
        await expect(drawn.first).to_be_visible()
        await reader.page.locator(".hv-head h1").click()
        await reader.page.keyboard.press("Escape")

        await expect(drawn).to_have_count(0)
        assert (await reader.view())["annotations"] == []


@pytest.mark.parametrize("end", [(500, 260), (500, -40), (-120, 300)], ids=str)
async def test_an_arrow_without_words_goes_away(
    reader: Reader, study: FakeStudy, end: tuple[int, int]
) -> None:
    """Wherever it was released, on the picture or outside of it."""
    await reader.presses("a")

    await reader.drags((400, 200), end)
    await expect(reader.page.get_by_role("dialog")).to_be_visible()
    await reader.page.keyboard.press("Escape")
    await reader.settles()

    assert (await reader.view())["annotations"] == []
    await expect(reader.page.locator(".hv-port svg :is(line, path)")).to_have_count(0)


async def test_an_arrow_is_given_up_while_it_is_being_dragged(
    reader: Reader, study: FakeStudy
) -> None:
    await reader.presses("a")
    box = await reader.box()
    mouse = reader.page.mouse
    await mouse.move(box["x"] + 400, box["y"] + 200)
    await mouse.down()
    await mouse.move(box["x"] + 450, box["y"] + 100, steps=3)
    await mouse.move(box["x"] + 450, box["y"] - 30, steps=3)
    await expect(reader.page.locator(".hv-port svg line").first).to_be_attached()

    await reader.page.keyboard.press("Escape")
    await mouse.up()
    await mouse.move(box["x"] + 300, box["y"] + 300, steps=3)
    await reader.settles()

    await expect(reader.page.get_by_role("dialog")).to_have_count(0)
    await expect(reader.page.locator(".hv-port svg :is(line, path)")).to_have_count(0)
    assert (await reader.view())["annotations"] == []


async def test_drawings_belong_to_their_image(reader: Reader, study: FakeStudy) -> None:
    await reader.presses("l")
    await reader.drags((400, 300), (500, 300))

    await reader.presses("ArrowDown")
    assert (await reader.view())["annotations"] == []

    await reader.presses("ArrowUp")
    assert len((await reader.view())["annotations"]) == 1

    await reader.presses("Delete")
    assert (await reader.view())["annotations"] == []


async def test_mirroring_and_turning_move_the_right_pixels(
    reader: Reader, study: FakeStudy
) -> None:
    expected = window(head(12)[6], 40, 400, intercept=-1024)

    await reader.presses("h")
    assert (await reader.one_to_one(256, 256) == expected[:, ::-1, None]).all()

    await reader.presses("h", "v")
    assert (await reader.one_to_one(256, 256) == expected[::-1, :, None]).all()

    await reader.presses("v", "r")
    assert (await reader.one_to_one(256, 256) == np.rot90(expected, -1)[..., None]).all()


async def test_reset_brings_the_first_view_back(reader: Reader, study: FakeStudy) -> None:
    before, picture = await reader.view(), await reader.pixels()
    await reader.presses("r", "h", "i", "+", "5")

    await reader.presses("x")

    assert await reader.view() == before
    assert (await reader.pixels() == picture).all()


async def test_another_series_opens_from_the_list(reader: Reader, study: FakeStudy) -> None:
    await reader.presses("l")
    await reader.drags((400, 300), (500, 300))
    await reader.page.get_by_role("button", name="Scout").click()
    await poll(reader.page, "viewer.currentView().series === 1")
    await reader.settles()

    shown = await reader.one_to_one(128, 160)
    assert (shown == window(head(1, 128, 160)[0], 40, 400, intercept=-1024)[..., None]).all()

    await reader.page.get_by_role("button", name="Axial 5 mm").click()
    await poll(reader.page, "viewer.currentView().series === 0")
    await reader.settles()
    assert len((await reader.view())["annotations"]) == 1


async def test_playing_runs_through_the_frames(reader: Reader, study: FakeStudy) -> None:
    before = (await reader.view())["index"]
    await reader.chooses("Play")

    await poll(reader.page, f"viewer.currentView().index !== {before}")
    await reader.chooses("Play")
    await reader.settles()

    stopped = (await reader.view())["index"]
    await reader.page.wait_for_timeout(300)
    assert (await reader.view())["index"] == stopped


async def test_every_tool_has_a_name_and_a_key(reader: Reader, study: FakeStudy) -> None:
    toolbar = reader.page.get_by_role("toolbar", name="Image tools")
    for button in await toolbar.get_by_role("button").all():
        assert await button.get_attribute("aria-label")
    brightness = toolbar.get_by_role("button", name="Brightness and contrast")
    assert await brightness.get_attribute("title") == "Brightness and contrast (W)"
    assert await brightness.get_attribute("aria-pressed") == "true"


async def test_the_whole_window_is_used_on_demand(reader: Reader, study: FakeStudy) -> None:
    before = await reader.view()
    await reader.presses("f")
    assert (await reader.view())["zoom"] == pytest.approx(before["zoom"])
    box = await reader.page.locator(".hv").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 1280, "height": 800}

    await reader.presses("f")
    assert (await reader.view())["zoom"] == pytest.approx(before["zoom"])
