"""A pinned view comes back exactly: image, window, zoom, turning, drawings."""

import json
from urllib.parse import quote
from uuid import UUID, uuid4

import numpy as np
import pytest
from playwright.async_api import expect

from tests.browser import poll
from tests.viewer.pages import Reader
from tests.viewer.volumes import FakeStudy, head
from viewer.study import ViewedStudy

Studies = dict[UUID, ViewedStudy]


@pytest.fixture
def study(studies: Studies) -> FakeStudy:
    made = FakeStudy()
    made.add_volume("Scout", head(1, 128, 160))
    made.add_volume("Axial 5 mm", head(12))
    studies[made.id] = made
    return made


def at(view: object) -> str:
    return "#view=" + quote(json.dumps(view))


async def _draws_a_view(reader: Reader, study: FakeStudy) -> None:
    await reader.opens(study)
    await reader.page.get_by_role("button", name="Axial 5 mm").click()
    await poll(reader.page, "viewer.currentView().series === 1")
    await reader.presses("PageUp", "ArrowDown", "r", "h", "i")
    await reader.shows(zoom=1.7, pan=[12.25, -9.5], window={"center": 41, "width": 83})
    await reader.presses("a")
    await reader.drags((400, 250), (480, 300))
    await reader.page.get_by_role("textbox", name="Text at the arrow").fill("Dense vessel?")
    await reader.page.keyboard.press("Enter")
    await reader.presses("l")
    await reader.drags((420, 350), (560, 350))
    await reader.page.mouse.move(5, 5)
    await reader.settles()


async def test_a_pin_brings_back_the_same_pixels_and_drawings(
    reader: Reader, study: FakeStudy
) -> None:
    await _draws_a_view(reader, study)
    view, picture = await reader.view(), await reader.pixels()
    assert len(json.dumps(view)) < 32 * 1024
    assert [each["tool"] for each in view["annotations"]] == ["length", "arrow"]

    await reader.page.goto("about:blank")
    await reader.opens(study, at(view))
    await poll(reader.page, "viewer.currentView().annotations.length === 2")
    await reader.settles()

    again = await reader.view()
    assert (await reader.pixels() == picture).all()
    drawn, redrawn = view.pop("annotations"), again.pop("annotations")
    assert again.pop("pan") == pytest.approx(view.pop("pan"), abs=1e-4)
    assert again.pop("zoom") == pytest.approx(view.pop("zoom"))
    assert again == view
    for before, after in zip(drawn, redrawn, strict=True):
        assert after["text"] == before["text"]
        assert np.allclose(after["points"], before["points"], atol=1e-3)
    words = await reader.page.locator(".hv-port svg text").all_text_contents()
    assert "Dense vessel?" in words
    assert any(each.endswith("mm") for each in words)


async def test_a_pin_shows_the_same_place_on_a_screen_of_another_size(
    reader: Reader, phone: Reader, study: FakeStudy
) -> None:
    await _draws_a_view(reader, study)
    view = await reader.view()

    await phone.opens(study, at(view))
    await poll(phone.page, "viewer.currentView().annotations.length === 2")
    await phone.settles()

    again = await phone.view()
    for name in ("series", "instance", "frame", "window", "rotation", "flipH", "invert"):
        assert again[name] == view[name], name
    assert again["zoom"] == pytest.approx(view["zoom"])
    assert again["pan"] == pytest.approx(view["pan"], abs=1e-3)


async def test_the_points_of_a_pin_are_the_patients_coordinates(
    reader: Reader, study: FakeStudy
) -> None:
    """PS3.3 C.7.6.2: the position is the centre of the first pixel."""
    await reader.opens(study)
    await reader.page.get_by_role("button", name="Scout").click()
    await poll(reader.page, "viewer.currentView().series === 0")
    await reader.settles()
    corner = {"tool": "length", "points": [[-90, -90, 0], [-83, -90, 0]], "text": ""}
    await reader.shows(annotations=[corner])

    line = reader.page.locator(".hv-port svg line").first
    x1, y1 = float(await line.get_attribute("x1") or 0), float(await line.get_attribute("y1") or 0)
    port = await reader.page.evaluate(
        "(() => { const p = document.querySelector('.hv-port');"
        " return [p.clientWidth, p.clientHeight]; })()"
    )
    scale = min(port[0] / 160, port[1] / 128)
    assert x1 == pytest.approx(port[0] / 2 - 80 * scale + scale / 2, abs=0.6)
    assert y1 == pytest.approx(port[1] / 2 - 64 * scale + scale / 2, abs=0.6)


async def test_a_pin_to_an_image_that_is_gone_is_explained(
    reader: Reader, study: FakeStudy
) -> None:
    await reader.opens(study)
    view = await reader.view()

    found = await reader.page.evaluate(
        "(view) => viewer.show(view)", {**view, "instance": uuid4().hex}
    )

    assert found is False
    remark = reader.page.locator(".hv-remark")
    await expect(remark).to_have_text("This image is no longer part of the study.")


async def test_the_thumbnail_shows_the_drawings(reader: Reader, study: FakeStudy) -> None:
    await _draws_a_view(reader, study)

    small = await reader.page.evaluate(
        """async () => {
          const blob = await viewer.thumbnail();
          const picture = await createImageBitmap(blob);
          const canvas = new OffscreenCanvas(picture.width, picture.height);
          const paper = canvas.getContext("2d");
          paper.drawImage(picture, 0, 0);
          const { data } = paper.getImageData(0, 0, picture.width, picture.height);
          let yellow = 0;
          for (let k = 0; k < data.length; k += 4)
            if (data[k] > 160 && data[k] - data[k + 2] > 60) yellow++;
          return { type: blob.type, bytes: blob.size, width: picture.width, yellow };
        }"""
    )

    assert small["type"] == "image/jpeg"
    assert small["width"] <= 320
    assert small["bytes"] < 40_000
    assert small["yellow"] > 50


async def test_listeners_hear_of_every_change(reader: Reader, study: FakeStudy) -> None:
    await reader.opens(study)
    await reader.page.evaluate(
        "(() => { window.heard = []; viewer.onChange((view) => heard.push(view)); })()"
    )

    await reader.presses("i")

    assert await reader.page.evaluate("heard.at(-1).invert") is True
