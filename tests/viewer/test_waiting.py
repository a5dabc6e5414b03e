"""Pictures that come later, and several viewers in one page."""

import json
from copy import deepcopy
from typing import Any
from uuid import UUID

from playwright.async_api import expect

from tests.browser import poll
from tests.viewer.pages import MANIFEST, Reader
from tests.viewer.volumes import FakeStudy, head
from viewer.study import ViewedStudy

Studies = dict[UUID, ViewedStudy]

SECOND = """async ({ script, study, base }) => {
  const shown = document.querySelector("[data-study]");
  delete shown.dataset.study;
  shown.parentElement.style.inlineSize = "600px";
  const box = document.createElement("div");
  box.id = "second";
  Object.assign(box.dataset, { study, base });
  Object.assign(box.style, { position: "fixed", inset: "0 0 0 640px", display: "grid", zIndex: 9 });
  document.body.append(box);
  window.first = window.viewer;
  await import(script);
  await window.viewer.ready;
}"""
"""Boots the viewer once more, over another study, beside the page's own."""


async def test_two_viewers_in_one_page_keep_their_keys_and_views_apart(
    reader: Reader, studies: Studies
) -> None:
    one, other = FakeStudy(), FakeStudy()
    for made in (one, other):
        made.add_volume("Axial", head(12))
        studies[made.id] = made
    await reader.opens(one)
    script = f"/static/{json.loads(MANIFEST.read_text())['viewer.js']}?second"
    await reader.page.evaluate(
        SECOND, {"script": script, "study": other.id.hex, "base": f"/v/{other.id}"}
    )
    page = reader.page

    async def both() -> tuple[dict[str, Any], dict[str, Any]]:
        await page.wait_for_timeout(300)
        first, second = await page.evaluate(
            "[window.first.currentView(), window.viewer.currentView()]"
        )
        return first, second

    before, beside = await both()
    assert (before["study"], beside["study"]) == (one.id.hex, other.id.hex)

    await page.locator("#second .hv").focus()
    for key in ("ArrowDown", "ArrowDown", "i", "r", "3", "w"):
        await page.keyboard.press(key)
    first, second = await both()
    assert first == before
    assert second["index"] == beside["index"] + 2
    assert (second["invert"], second["rotation"]) == (True, 90)
    assert second["window"] == {"center": 480, "width": 2500}

    await page.locator(".hv").first.focus()
    await page.keyboard.press("ArrowUp")
    first, untouched = await both()
    assert first["index"] == before["index"] - 1
    assert untouched == second

    note = {"tool": "arrow", "points": [[0, 0, 0], [20, 20, 0]], "text": "here"}
    await page.evaluate(
        "([view, note]) => window.first.show({ ...view, annotations: [note] })", [first, note]
    )
    await page.locator(".hv").first.focus()
    await page.keyboard.press("l")
    await page.mouse.move(200, 300)
    await page.mouse.down()
    await page.mouse.move(260, 340, steps=4)
    await page.mouse.up()
    await page.locator("#second .hv").focus()
    await page.keyboard.press("Delete")
    first, _ = await both()
    assert len(first["annotations"]) == 2, "what is selected here is no business of the other"

    await page.evaluate("window.viewer.destroy()")
    await page.locator(".hv").first.focus()
    await page.keyboard.press("ArrowUp")
    await page.wait_for_timeout(300)
    index = await page.evaluate("window.first.currentView().index")
    assert index == before["index"] - 2


async def test_pictures_that_are_still_being_made_appear_by_themselves(
    reader: Reader, studies: Studies
) -> None:
    made = FakeStudy()
    series = made.add_volume("Axial", head(3))
    ready = deepcopy(series["instances"])
    for each in series["instances"]:
        each |= {"codec": "none", "why": "preparing", "bytes": [], "ends": []}
    studies[made.id] = made
    await reader.page.goto(f"{reader.address}/v/{made.id}")
    await expect(reader.page.get_by_text("still being prepared")).to_be_visible()

    series["instances"] = ready

    await poll(reader.page, "document.querySelector('.hv-mark')?.dataset.quality === 'full'")
    await expect(reader.page.get_by_text("still being prepared")).to_be_hidden()
    heard = reader.requests("/open")
    await reader.page.wait_for_timeout(2_500)
    assert heard() == [], "nothing is asked once all is there"


async def test_a_computed_window_is_called_automatic_and_the_files_own_is_called_so(
    reader: Reader, studies: Studies
) -> None:
    made = FakeStudy()
    made.add_volume("Own windows", head(3))
    plain = made.add_volume("None", head(2))
    for each in plain["instances"]:
        each["meta"]["windows"] = []
    studies[made.id] = made
    await reader.opens(made)
    chosen = "document.querySelector('.hv-presets').selectedOptions[0].textContent"
    named = "[...document.querySelectorAll('.hv-presets option')].map((each) => each.textContent)"

    assert "As in the file" in await reader.page.evaluate(chosen)
    assert "Automatic" not in await reader.page.evaluate(named)

    await reader.presses("4")
    assert "As in the file" not in await reader.page.evaluate(chosen)
    await reader.presses("0")
    assert "As in the file" in await reader.page.evaluate(chosen)

    await reader.page.get_by_role("button", name="None").click()
    await reader.settles()
    assert await reader.page.evaluate(chosen) == "0  Automatic"
    assert "As in the file" not in str(await reader.page.evaluate(named))
