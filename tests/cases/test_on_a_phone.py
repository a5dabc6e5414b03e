"""The discussion of a case on a phone."""

import pytest
from playwright.async_api import expect

from tests.browser import PHONE
from tests.cases.browsing import PICTURE_MS, live, pins_the_view
from tests.cases.conftest import Opens, Round


async def test_on_a_phone_a_pin_opens_the_images_and_back_returns_to_the_post(
    opens: Opens, talk: Round
) -> None:
    hers = await opens(talk.ada, f"/cases/{talk.case}")
    await live(hers)
    await hers.locator("[data-composer] textarea").first.fill("Look here")
    await hers.get_by_role("button", name="Post with this view").click()
    await expect(hers.locator(".post[data-post]", has_text="Look here")).to_be_visible(
        timeout=PICTURE_MS
    )

    phone = await opens(talk.ben, f"/cases/{talk.case}", **PHONE)
    pin = phone.locator(".post-pin")
    await pin.tap()
    await expect(phone.locator(".case")).to_have_attribute("data-pane", "images")
    await expect(phone.locator("#pane-images")).to_be_visible()

    await phone.go_back()
    await expect(phone.locator(".case")).to_have_attribute("data-pane", "talk")
    await expect(phone.locator(".post", has_text="Look here")).to_be_focused()


async def test_the_first_tap_on_a_phone_shows_the_zoom_and_the_place_of_the_pin(
    opens: Opens, talk: Round
) -> None:
    """The images have had no size until then: their side of the case was never shown."""
    hers = await opens(talk.ada, f"/cases/{talk.case}")
    await live(hers)
    stage = hers.locator("[data-stage] .hv-port")
    box = await stage.bounding_box()
    assert box is not None
    await hers.locator(".hv").focus()
    for key in ("+", "+", "+", "p"):
        await hers.keyboard.press(key)
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await hers.mouse.move(*middle)
    await hers.mouse.down()
    await hers.mouse.move(middle[0] + 60, middle[1] - 40, steps=4)
    await hers.mouse.up()
    hers_pin = await pins_the_view(hers, "Look here")
    assert hers_pin["zoom"] == pytest.approx(1.25**3)
    assert min(abs(each) for each in hers_pin["pan"]) > 1

    phone = await opens(talk.ben, f"/cases/{talk.case}", **PHONE)
    await live(phone)
    await phone.locator(".post-pin").tap()
    await expect(phone.locator("[data-stage]")).to_contain_text("Zoom 195 %", timeout=PICTURE_MS)

    # What he sees now is pinned by him: the same zoom, and the same place in the centre.
    await phone.go_back()
    his_pin = await pins_the_view(phone, "I see it", on_a_phone=True)
    assert his_pin["zoom"] == pytest.approx(hers_pin["zoom"])
    assert his_pin["pan"] == pytest.approx(hers_pin["pan"], abs=1e-3)


async def test_on_a_small_phone_company_moves_nothing_and_nothing_is_cut(
    opens: Opens, talk: Round
) -> None:
    small = {**PHONE, "viewport": {"width": 360, "height": 740}}
    phone = await opens(talk.ben, f"/cases/{talk.case}", **small)
    head = phone.locator(".case-head")
    await expect(phone.locator("[data-connection]")).to_be_attached()
    before = await head.bounding_box()

    await opens(talk.ada, f"/cases/{talk.case}")

    company = phone.locator("[data-connection]")
    await expect(company).to_have_text("Also here: Dr. Ada Lindqvist")
    assert await head.bounding_box() == before
    assert await company.evaluate("(line) => line.scrollWidth <= line.clientWidth")
    assert await phone.evaluate("document.documentElement.scrollWidth") == 360
    await phone.reload()
    await expect(company).to_have_text("Also here: Dr. Ada Lindqvist")
