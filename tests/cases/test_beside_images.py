"""The images beside the discussion: what is posted was seen, and no reading loses the view."""

import json
from typing import Any

from playwright.async_api import Page, expect

from cases import communities, threads
from cases.forms import PostEdit
from tests.browser import PHONE, poll
from tests.cases.conftest import Opens, Round

FULL = "document.querySelector('.hv-mark')?.dataset.quality === 'full'"
PICTURE_MS = 20_000
SHOWN = """[...document.querySelectorAll(".hv-corner")].map((each) => each.textContent).join()"""


async def _loaded(page: Page) -> None:
    await expect(page.get_by_role("button", name="Post with this view")).to_be_visible(
        timeout=30_000
    )


async def _pin(page: Page, words: str) -> dict[str, Any]:
    pin = page.locator(".post[data-post]", has_text=words).locator(".post-pin")
    await expect(pin).to_be_visible(timeout=PICTURE_MS)
    view: dict[str, Any] = json.loads(await pin.get_attribute("data-view") or "null")
    return view


async def test_on_a_phone_the_view_is_seen_before_it_is_posted(opens: Opens, talk: Round) -> None:
    phone = await opens(talk.ben, f"/cases/{talk.case}", **PHONE)
    await _loaded(phone)
    case = phone.locator(".case")
    await phone.locator("[data-composer] textarea").first.fill("Here it is")

    await phone.get_by_role("button", name="Post with this view").tap()

    await expect(case).to_have_attribute("data-pane", "images")
    await expect(phone.locator(".hv-top-right")).to_be_in_viewport()
    await expect(phone.locator(".post[data-post]")).to_have_count(0)
    await poll(phone, FULL)

    # He looks for the right image where he is asked, and posts that one.
    await phone.get_by_role("slider", name="Image").fill("2")
    await expect(phone.locator(".hv-top-right")).to_have_text("Image 2 of 12")
    await phone.locator("#pane-images").get_by_role("button", name="Post").tap()

    await expect(case).to_have_attribute("data-pane", "talk")
    assert (await _pin(phone, "Here it is"))["index"] == 1
    await expect(phone.locator(".case-choosing")).to_have_count(0)


async def test_whoever_is_removed_while_looking_at_images_on_a_phone_reads_why_they_went(
    opens: Opens, talk: Round
) -> None:
    phone = await opens(talk.ben, f"/cases/{talk.case}", **PHONE)
    await _loaded(phone)
    await phone.get_by_role("tab", name="Images").tap()
    await expect(phone.locator(".case")).to_have_attribute("data-pane", "images")

    await communities.remove(talk.ada.actor, talk.board, talk.ben.actor.id)

    alert = phone.get_by_role("alert").filter(has_text="You no longer belong")
    await expect(alert).to_be_visible()


async def test_on_a_phone_one_can_turn_back_without_posting(opens: Opens, talk: Round) -> None:
    phone = await opens(talk.ben, f"/cases/{talk.case}", **PHONE)
    await _loaded(phone)
    text = phone.locator("[data-composer] textarea").first
    await text.fill("Not yet")
    case = phone.locator(".case")

    for turn in ("its own button", "the phone's", "the tab", "the tab by its keys"):
        await phone.get_by_role("button", name="Post with this view").tap()
        await expect(case).to_have_attribute("data-pane", "images")
        if turn == "its own button":
            await phone.get_by_role("button", name="Back", exact=True).tap()
        elif turn == "the phone's":
            await phone.go_back()
        elif turn == "the tab":
            await phone.get_by_role("tab", name="Discussion").tap()
        else:
            await phone.get_by_role("tab", name="Images").focus()
            await phone.keyboard.press("ArrowLeft")
        await expect(case).to_have_attribute("data-pane", "talk")
        await expect(phone.locator(".case-choosing")).to_have_count(0)
        await expect(text).to_have_value("Not yet")

    await expect(phone.locator(".post")).to_have_count(0)
    assert phone.url.endswith(f"/cases/{talk.case}")


async def test_reading_the_history_of_a_post_leaves_the_images_as_they_are(
    opens: Opens, talk: Round
) -> None:
    posted = await talk.ada.posts("Calcification", on=talk.case)
    await threads.edit(talk.ada.actor, PostEdit(posted.id, "Clot", 1))
    page = await opens(talk.ben, f"/cases/{talk.case}")
    await _loaded(page)
    await page.locator(".hv").focus()
    for key in ("Home", "ArrowDown", "3", "+"):
        await page.keyboard.press(key)
    await expect(page.locator(".hv-top-right")).to_have_text("Image 2 of 12")
    await poll(page, FULL)
    before = await page.evaluate(SHOWN)
    post = page.locator(f"#post-{posted.id}")

    await post.get_by_role("link", name="edited").click()
    dialog = page.get_by_role("dialog", name="History of a post")
    await expect(dialog.locator(".post-text")).to_have_text(["Clot", "Calcification"])
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)

    await post.get_by_label("More").click()
    await post.get_by_role("link", name="History").click()
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_have_count(0)

    assert "W 2500 L 480" in before
    assert await page.evaluate(SHOWN) == before
    assert page.url.endswith(f"/cases/{talk.case}")


async def test_the_list_of_keys_names_those_of_the_discussion_and_of_the_image(
    opens: Opens, talk: Round
) -> None:
    page = await opens(talk.ben, f"/cases/{talk.case}")
    await _loaded(page)
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")

    for opened in ("by the page", "by the image"):
        if opened == "by the image":
            await page.locator(".hv").focus()
        await page.keyboard.press("?")
        await expect(dialog).to_be_visible()
        for words in ("Next post", "Brightness and contrast", "Windows of a CT"):
            await expect(dialog).to_contain_text(words)
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()

    await page.get_by_role("button", name="Keyboard shortcuts").click()
    await expect(dialog).to_be_visible()


async def test_the_keyboard_need_not_walk_through_the_images(opens: Opens, talk: Round) -> None:
    page = await opens(talk.ben, f"/cases/{talk.case}")
    await _loaded(page)
    skip = page.get_by_role("link", name="Skip to the discussion")

    await skip.focus()
    await page.keyboard.press("Enter")

    await expect(page.locator("#pane-talk")).to_be_focused()
    assert page.url.endswith(f"/cases/{talk.case}")
    stops = await page.evaluate(
        """[...document.querySelectorAll(".case-images :is(a, button, input, select, [tabindex])")]
             .filter((each) => each.tabIndex >= 0 && each.checkVisibility()).length"""
    )
    assert stops <= 4, "the image, its tools, its series, its slider"
