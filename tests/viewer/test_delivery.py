"""What travels when: first a picture, then all slices coarsely, then each byte exactly once."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import numpy as np
import pytest
from playwright.async_api import Route, expect

from tests.browser import Complaints, poll
from tests.viewer.pages import FULL, Reader
from tests.viewer.volumes import FakeStudy, head, window
from viewer.study import ViewedStudy

Studies = dict[UUID, ViewedStudy]

LOW = "document.querySelector('.hv-mark')?.dataset.quality === 'low'"


@pytest.fixture
def study(studies: Studies) -> FakeStudy:
    made = FakeStudy()
    made.add_volume("Axial", head(8))
    studies[made.id] = made
    return made


class Gate:
    """Holds requests back until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.ranges: list[str | None] = []

    async def __call__(self, route: Route) -> None:
        self.ranges.append(route.request.headers.get("range"))
        await self.opened.wait()
        await route.continue_()


async def test_a_preview_is_there_before_any_script(
    reader: Reader, study: FakeStudy, complaints: Complaints
) -> None:
    complaints.expected = "net::ERR_FAILED"
    await reader.page.route("**/static/**/*.js", lambda route: route.abort())

    await reader.page.goto(f"{reader.address}/v/{study.id}")

    drawn = await poll(
        reader.page,
        "(() => { const image = document.querySelector('img[data-preview]');"
        " return image.complete && image.naturalWidth; })()",
    )
    assert drawn == 256


async def test_the_picture_takes_the_place_of_its_preview(reader: Reader, study: FakeStudy) -> None:
    gate = Gate()
    await reader.page.route("**/open?*", gate)
    await reader.page.goto(f"{reader.address}/v/{study.id}")
    preview = reader.page.locator(".hv-stage img[data-preview]")
    await expect(preview).to_be_visible()
    before = await preview.bounding_box()
    port = await reader.page.locator(".hv-port").bounding_box()

    gate.opened.set()
    await poll(reader.page, FULL)
    await reader.settles()

    assert before == port
    assert await preview.count() == 0


async def test_every_slice_can_be_seen_before_the_rest_arrives(
    reader: Reader, study: FakeStudy
) -> None:
    gate = Gate()
    await reader.page.route("**/frames/0", gate)
    await reader.page.goto(f"{reader.address}/v/{study.id}")
    await poll(reader.page, FULL)

    await reader.page.locator(".hv").focus()
    await reader.page.keyboard.press("Home")
    await poll(reader.page, LOW)
    status = reader.page.locator(".hv-status")
    await expect(status).to_contain_text("Preview, loading · 1 of 8")
    coarse = await reader.pixels()
    assert coarse.max() == 255

    gate.opened.set()
    await reader.all_loaded()
    assert all(asked is not None and asked.startswith("bytes=") for asked in gate.ranges)
    assert len(gate.ranges) == 7
    await reader.settles()
    shown = await reader.one_to_one(256, 256)
    assert (shown == window(head(8)[0], 40, 400, intercept=-1024)[..., None]).all()


async def test_only_the_missing_bytes_travel(reader: Reader, study: FakeStudy) -> None:
    gate = Gate()
    gate.opened.set()
    await reader.page.route("**/frames/0", gate)

    await reader.opens(study)
    await reader.all_loaded()

    first = {f"bytes={each['ends'][0][-2]}-" for each in study.series[0]["instances"]}
    assert len(gate.ranges) == 7
    assert set(gate.ranges) <= first


async def test_a_length_drawn_on_a_coarse_picture_is_right_and_stays_right(
    reader: Reader, study: FakeStudy
) -> None:
    gate = Gate()
    await reader.page.route("**/frames/0", gate)
    await reader.page.goto(f"{reader.address}/v/{study.id}")
    await poll(reader.page, FULL)
    await reader.page.locator(".hv").focus()
    await reader.page.keyboard.press("ArrowDown")
    await poll(reader.page, LOW)
    await reader.page.keyboard.press("l")
    height = await reader.page.evaluate("document.querySelector('.hv-port').clientHeight")
    expected = 200 / (height / 256) * 0.7

    box = await reader.box()
    await reader.page.mouse.move(box["x"] + 400, box["y"] + 300)
    await reader.page.mouse.down()
    await reader.page.mouse.move(box["x"] + 500, box["y"] + 300)
    await reader.page.mouse.move(box["x"] + 600, box["y"] + 300)
    await reader.page.mouse.up()
    coarse = await _length(reader)
    words = await reader.page.locator(".hv-port svg text").text_content()
    assert await reader.page.evaluate(LOW)

    gate.opened.set()
    await poll(reader.page, FULL)
    await reader.settles()

    assert coarse == pytest.approx(expected, abs=0.05)
    assert await _length(reader) == pytest.approx(coarse, abs=1e-6)
    assert await reader.page.locator(".hv-port svg text").text_content() == words
    assert float((words or "").split()[0]) == pytest.approx(expected, abs=0.1)


async def _length(reader: Reader) -> float:
    (drawing,) = (await reader.view())["annotations"]
    a, b = np.array(drawing["points"])
    return float(np.linalg.norm(a - b))


async def test_another_series_stops_what_was_under_way(reader: Reader, study: FakeStudy) -> None:
    study.add_volume("Other", head(3, 128, 128))
    gate = Gate()
    await reader.page.route("**/frames/0", gate)
    stopped: list[str] = []
    reader.page.on("requestfailed", lambda each: stopped.append(each.url))
    await reader.page.goto(f"{reader.address}/v/{study.id}")
    await poll(reader.page, FULL)
    await _until(lambda: len(gate.ranges) >= 4)

    await reader.page.get_by_role("button", name="Other").click()

    await _until(lambda: len([url for url in stopped if "/frames/" in url]) >= 4)
    gate.opened.set()
    await poll(reader.page, "viewer.currentView().series === 1")
    await reader.all_loaded()


async def _until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.02)


async def test_a_picture_that_does_not_come_is_told_and_can_be_fetched_again(
    reader: Reader, study: FakeStudy, complaints: Complaints
) -> None:
    complaints.expected = "net::ERR_FAILED"
    lost = f"**/i/{UUID(study.series[0]['instances'][5]['id'])}/frames/0"
    await reader.page.route(lost, lambda route: route.abort())
    await reader.opens(study)
    await reader.page.locator(".hv").focus()
    await reader.page.keyboard.press("ArrowDown")

    message = reader.page.locator(".hv-message")
    await expect(message).to_contain_text("could not be loaded")

    await reader.page.unroute(lost)
    await message.get_by_role("button", name="Try again").click()
    await poll(reader.page, FULL)
    await reader.settles()
    shown = await reader.one_to_one(256, 256)
    assert (shown == window(head(8)[5], 40, 400, intercept=-1024)[..., None]).all()


async def test_leaving_gives_the_memory_back(reader: Reader, study: FakeStudy) -> None:
    await reader.opens(study)

    await reader.page.evaluate("viewer.destroy()")

    assert await reader.page.locator(".hv, canvas, svg.svg-layer").count() == 0
