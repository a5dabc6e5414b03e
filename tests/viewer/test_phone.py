"""The viewer under a thumb: 390 by 844 pixels at three device pixels each, touch only."""

from uuid import UUID

import pytest
from playwright.async_api import CDPSession

from tests.viewer.pages import Reader
from tests.viewer.volumes import FakeStudy, head, window
from viewer.study import ViewedStudy

Studies = dict[UUID, ViewedStudy]
Point = tuple[float, float]


@pytest.fixture
async def study(phone: Reader, studies: Studies) -> FakeStudy:
    made = FakeStudy()
    made.add_volume("Axial 5 mm", head(12))
    made.add_volume("Scout", head(1))
    studies[made.id] = made
    await phone.opens(made)
    await phone.all_loaded()
    return made


class Fingers:
    """Real touch events, as the browser gets them from a screen."""

    def __init__(self, reader: Reader, session: CDPSession) -> None:
        self._reader = reader
        self._session = session

    @classmethod
    async def on(cls, reader: Reader) -> "Fingers":
        return cls(reader, await reader.page.context.new_cdp_session(reader.page))

    async def _send(self, kind: str, points: list[Point]) -> None:
        box = await self._reader.box()
        touches = [
            {"x": box["x"] + x, "y": box["y"] + y, "id": k} for k, (x, y) in enumerate(points)
        ]
        await self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    async def move(self, *ways: tuple[Point, Point]) -> None:
        """Each finger goes from its first point to its second, all together."""
        await self._send("touchStart", [start for start, _ in ways])
        for step in range(1, 9):
            part = step / 8
            await self._send(
                "touchMove",
                [(a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part) for a, b in ways],
            )
        await self._send("touchEnd", [])
        await self._reader.settles()


async def test_one_finger_goes_through_the_series(phone: Reader, study: FakeStudy) -> None:
    before = await phone.view()
    fingers = await Fingers.on(phone)

    await fingers.move(((180, 250), (180, 400)))

    after = await phone.view()
    assert after["index"] > before["index"]
    assert (after["window"], after["zoom"]) == (before["window"], before["zoom"])


async def test_two_fingers_zoom(phone: Reader, study: FakeStudy) -> None:
    before = await phone.view()
    fingers = await Fingers.on(phone)

    await fingers.move(((160, 250), (110, 200)), ((200, 290), (260, 350)))

    after = await phone.view()
    assert after["zoom"] > before["zoom"] * 1.2
    assert after["index"] == before["index"]


async def test_brightness_is_a_mode(phone: Reader, study: FakeStudy) -> None:
    before = await phone.view()
    fingers = await Fingers.on(phone)
    await phone.page.get_by_role("button", name="Brightness and contrast").tap()

    await fingers.move(((150, 250), (230, 290)))

    after = await phone.view()
    assert after["window"] != before["window"]
    assert after["index"] == before["index"]


async def test_the_canvas_has_the_screens_own_pixels(phone: Reader, study: FakeStudy) -> None:
    shown = await phone.one_to_one(256, 256)

    assert (shown == window(head(12)[6], 40, 400, intercept=-1024)[..., None]).all()


async def test_nothing_hangs_over_the_edge(phone: Reader, study: FakeStudy) -> None:
    assert await phone.page.evaluate(
        "(({ scrollWidth, scrollHeight }) => scrollWidth <= 390 && scrollHeight <= 844)"
        "(document.documentElement)"
    )
    port = await phone.page.locator(".hv-port").bounding_box()
    assert port is not None
    assert port["width"] > 340
    assert port["height"] > 560


async def test_every_tool_can_be_hit(phone: Reader, study: FakeStudy) -> None:
    toolbar = phone.page.get_by_role("toolbar", name="Image tools")
    for button in await toolbar.get_by_role("button").all():
        if await button.is_hidden():
            continue
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40


async def test_the_series_open_on_demand(phone: Reader, study: FakeStudy) -> None:
    scout = phone.page.get_by_role("button", name="Scout")
    assert await scout.is_hidden()

    await phone.page.get_by_role("button", name="Series", exact=True).tap()
    await scout.tap()
    await phone.settles()

    assert (await phone.view())["series"] == 1
    assert await scout.is_hidden()
