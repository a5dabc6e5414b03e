"""The discussion as two people live it in two browsers."""

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from cases import communities, reading
from cases.ids import CaseId
from cases.models import Post
from tests.browser import PHONE, poll
from tests.cases.conftest import Opens, Round
from tests.people import Person, World

PICTURE_MS = 20_000
"""Without a graphics card a busy machine draws slowly."""


async def texts(reader: Person, case: CaseId) -> list[str]:
    page = await reading.case_page(reader.actor, case)
    return [post.text for thread in page.threads for post in thread.posts]


async def write(page: Page, words: str) -> None:
    await page.locator("[data-composer] textarea").first.fill(words)
    await page.get_by_role("button", name="Post", exact=True).first.click()


async def live(page: Page) -> None:
    """Wait until the page can post with a view, so everything is loaded."""
    await expect(page.get_by_role("button", name="Post with this view")).to_be_visible(
        timeout=30_000
    )


async def pins_the_view(page: Page, words: str, *, on_a_phone: bool = False) -> dict[str, Any]:
    """Post with what is on the screen; what the pin keeps of it.  A phone shows it first."""
    await page.locator("[data-composer] textarea").first.fill(words)
    await page.get_by_role("button", name="Post with this view").click()
    if on_a_phone:
        await page.locator("#pane-images").get_by_role("button", name="Post").tap()
    pin = page.locator(".post[data-post]", has_text=words).locator(".post-pin")
    await expect(pin).to_be_visible(timeout=PICTURE_MS)
    view: dict[str, Any] = json.loads(await pin.get_attribute("data-view") or "null")
    return view


async def test_a_pinned_question_arrives_live_and_leads_to_the_same_image(
    opens: Opens, talk: Round
) -> None:
    hers = await opens(talk.ada, f"/cases/{talk.case}")
    his = await opens(talk.ben, f"/cases/{talk.case}")
    await live(hers)
    await live(his)
    await hers.locator("[data-stage]").hover()
    for _ in range(3):
        await hers.mouse.wheel(0, 120)

    await hers.locator("[data-composer] textarea").first.fill("Dense vessel?")
    await hers.get_by_role("button", name="Post with this view").click()
    await expect(hers.locator(".post[data-post]", has_text="Dense vessel?")).to_be_visible(
        timeout=PICTURE_MS
    )

    arrived = his.locator(".post", has_text="Dense vessel?")
    await expect(arrived).to_be_visible(timeout=5_000)
    label = await arrived.locator(".post-pin").inner_text()
    found = re.search(r"image (\d+) of 12", label)
    assert found, label
    await expect(his.locator("[data-unread-count]").first).to_have_text("1")

    await arrived.locator(".post-pin").click()
    pinned = await arrived.locator(".post-pin").get_attribute("data-view")
    assert pinned
    await poll(his, f"document.querySelector('[data-stage]').textContent.includes({found[1]!r})")
    await arrived.get_by_role("button", name="Reply").click()
    await expect(his.get_by_role("button", name="Post with this view")).to_be_in_viewport(ratio=1)
    await write(his, "Calcification, I think.")
    answer = hers.locator(".post", has_text="Calcification, I think.")
    await expect(answer).to_be_visible(timeout=5_000)
    await expect(answer.locator(".post-reply")).to_contain_text("Dense vessel?")


async def test_a_post_whose_hint_got_lost_shows_within_a_minute(opens: Opens, talk: Round) -> None:
    page = await opens(talk.ben, "/communities")

    lost: list[str] = []

    def without_hints(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def hear(said: str | bytes) -> None:
            if '"change"' in str(said):
                lost.append(str(said))
            else:
                socket.send(said)

        server.on_message(hear)

    await page.route_web_socket(re.compile("/socket.io/"), without_hints)
    await page.clock.install()
    await page.goto(page.url.replace("/communities", f"/cases/{talk.case}"))
    await live(page)
    await talk.ada.posts("Nobody was told", on=talk.case)
    post = page.locator(".post[data-post]", has_text="Nobody was told")
    async with asyncio.timeout(5):
        while not lost:
            await asyncio.sleep(0.05)
    await expect(post).to_have_count(0)

    await page.clock.fast_forward(31_000)

    await expect(post).to_be_visible(timeout=5_000)


async def test_a_double_click_posts_once(opens: Opens, talk: Round) -> None:
    page = await opens(talk.ada, f"/cases/{talk.case}")
    await page.locator("[data-composer] textarea").first.fill("Only once")

    await page.get_by_role("button", name="Post", exact=True).first.dblclick()

    shown = page.locator(".post .post-text")
    await expect(page.locator(".post[data-post]", has_text="Only once")).to_be_visible()
    await expect(page.locator(".post-waiting")).to_have_count(0)
    # Nothing can come after it any more that was sent before Ben wrote.
    await talk.ben.posts("And after it", on=talk.case)
    await expect(shown.last).to_have_text("And after it", timeout=5_000)
    assert await shown.all_inner_texts() == ["Only once", "And after it"]
    assert await texts(talk.ben, talk.case) == ["Only once", "And after it"]


async def test_what_is_written_offline_waits_survives_a_reload_and_arrives_once_in_order(
    opens: Opens, talk: Round
) -> None:
    page = await opens(talk.ada, f"/cases/{talk.case}")
    await page.route("**/threads/*/posts", lambda route: route.abort())
    for words in ("First", "Second", "Third"):
        await write(page, words)
    await expect(page.locator(".post-waiting")).to_have_count(3)

    await page.reload()
    await expect(page.locator(".post-waiting .post-text")).to_have_text(
        ["First", "Second", "Third"]
    )
    assert await Post.all().count() == 0
    stored = await page.evaluate(EVERYTHING_STORED)
    assert "Second" not in stored

    await page.unroute("**/threads/*/posts")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".post-waiting")).to_have_count(0, timeout=15_000)
    await expect(page.locator(".post[data-post] .post-text")).to_have_text(
        ["First", "Second", "Third"]
    )
    assert await texts(talk.ben, talk.case) == ["First", "Second", "Third"]


TAG = 16
"""Bytes that AES-GCM adds."""
DRAFT_SIZES = """
async () => {
  const open = indexedDB.open("hds-discussion");
  const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const all = database.transaction("drafts").objectStore("drafts").getAll();
  const boxes = await new Promise((done) => { all.onsuccess = () => done(all.result); });
  return boxes.map((box) => box.data.byteLength);
}
"""
EVERYTHING_STORED = """
async () => {
  const open = indexedDB.open("hds-discussion");
  const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  let found = JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage});
  for (const name of ["drafts", "queue"]) {
    const all = database.transaction(name).objectStore(name).getAll();
    const boxes = await new Promise((done) => { all.onsuccess = () => done(all.result); });
    for (const box of boxes) found += new TextDecoder("latin1").decode(box.data);
  }
  return found;
}
"""


async def test_a_draft_survives_a_reload(opens: Opens, talk: Round) -> None:
    page = await opens(talk.ada, f"/cases/{talk.case}")
    text = page.locator("[data-composer] textarea").first
    await text.press_sequentially("Half a thought")
    whole = len('"Half a thought"') + TAG
    await poll(page, f"({DRAFT_SIZES})().then((all) => all.includes({whole}))")

    await page.reload()

    await expect(text).to_have_value("Half a thought")
    assert "Half a thought" not in await page.evaluate(EVERYTHING_STORED)


async def test_edits_reactions_and_deletions_arrive_without_a_reload(
    opens: Opens, talk: Round
) -> None:
    posted = await talk.ada.posts("Calcification", on=talk.case)
    hers = await opens(talk.ada, f"/cases/{talk.case}")
    his = await opens(talk.ben, f"/cases/{talk.case}")
    seen = his.locator(f"#post-{posted.id}")

    mine = hers.locator(f"#post-{posted.id}")
    await mine.get_by_label("More").click()
    await mine.get_by_role("button", name="Edit").click()
    await mine.locator("textarea").fill("Clot")
    await mine.get_by_role("button", name="Save").click()
    await expect(seen.locator(".post-text")).to_have_text("Clot", timeout=5_000)
    await expect(seen.get_by_text("edited")).to_be_visible()

    await seen.hover()
    await seen.get_by_role("button", name="Agree").click()
    await expect(mine.get_by_role("button", name="Agree: 1")).to_be_visible(timeout=5_000)

    # All reactions are one stop of the Tab key; what was pressed keeps the focus.
    row = seen.get_by_role("toolbar", name="Reactions").locator(".reaction")
    await expect(seen.get_by_role("button", name="Agree: 1")).to_be_focused()
    await his.keyboard.press("End")
    await expect(row.last).to_be_focused()
    await his.keyboard.press("Tab")
    await expect(seen.get_by_role("button", name="Reply")).to_be_focused()
    await his.keyboard.press("Shift+Tab")
    await expect(row.last).to_be_focused()

    await mine.get_by_label("More").click()
    await mine.get_by_role("button", name="Delete").click()
    await hers.get_by_role("button", name="Delete post").click()
    await expect(seen).to_contain_text("Dr. Ada Lindqvist deleted this post", timeout=5_000)
    await expect(seen).not_to_contain_text("Clot")


async def test_whoever_is_removed_while_reading_is_told_and_shown_nothing_more(
    opens: Opens, talk: Round
) -> None:
    his = await opens(talk.ben, f"/cases/{talk.case}")
    await live(his)

    await communities.remove(talk.ada.actor, talk.board, talk.ben.actor.id)
    await talk.ada.posts("Not for Ben", on=talk.case)

    await expect(his.get_by_role("alert")).to_contain_text("You no longer belong", timeout=5_000)
    await expect(his.locator(".post")).to_have_count(0)
    await his.reload()
    await expect(his.get_by_text("does not exist, or you have no access")).to_be_visible()


async def test_closing_replaces_the_composer_everywhere(opens: Opens, talk: Round) -> None:
    hers = await opens(talk.ada, f"/cases/{talk.case}")
    his = await opens(talk.ben, f"/cases/{talk.case}")

    await hers.get_by_label("More about this case").click()
    await hers.get_by_role("link", name="Close case").click()
    await hers.get_by_role("button", name="Close case").click()

    for page in (hers, his):
        await expect(page.get_by_text("by Dr. Ada Lindqvist.")).to_be_visible(timeout=8_000)
        await expect(page.locator("[data-composer]")).to_have_count(0)


async def test_names_are_offered_after_an_at_sign(opens: Opens, talk: Round) -> None:
    page = await opens(talk.ada, f"/cases/{talk.case}")
    text = page.locator("[data-composer] textarea").first

    await text.press_sequentially("@")
    await expect(page.locator("[data-names]:visible [role=option]")).to_have_text(
        ["Dr. Ben Okafor"]
    )
    await text.press_sequentially("oka")
    await expect(page.get_by_role("option", name="Dr. Ben Okafor")).to_be_visible()
    await text.press("Enter")
    await text.press_sequentially("please look")
    await text.press("Control+Enter")

    await expect(page.locator(".mention")).to_have_text("@Dr. Ben Okafor")


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


async def test_a_post_far_back_opens_by_its_address(opens: Opens, talk: Round) -> None:
    old = await talk.ada.posts("Long ago", on=talk.case)
    for number in range(110):
        await talk.ada.posts(f"Post {number}", on=talk.case)

    page = await opens(talk.ben, f"/cases/{talk.case}#post-{old.id}")

    await expect(page.locator(f"#post-{old.id}")).to_be_focused()
    await page.get_by_role("button", name="Later posts").click()
    await expect(page.locator(".post", has_text="Post 109")).to_be_visible(timeout=PICTURE_MS)


async def test_a_new_case_appears_on_top_without_a_reload(opens: Opens, talk: Round) -> None:
    his = await opens(talk.ben, f"/communities/{talk.board}")
    mine = await opens(talk.ben, "/communities")
    await expect(his.locator("[data-case]")).to_have_count(1)

    case = await talk.ada.opens("Clot or calcification", in_=talk.board)
    await talk.ada.posts("Please look", on=case)

    await expect(his.locator("[data-case]").first).to_contain_text(
        "Clot or calcification", timeout=10_000
    )
    first = his.locator("[data-case]").first
    await expect(first.locator(".badge-count")).to_have_text("1 unread post")
    await expect(first).to_contain_text("New")
    # Two cases that he has not looked at yet, and the post in one of them: live as after a reload.
    badge = mine.locator("[data-communities] .badge-count")
    await expect(badge).to_have_text("3 new posts and cases")
    await mine.reload()
    await expect(badge).to_have_text("3 new posts and cases")


async def test_an_owner_sees_who_accepts_without_a_reload(
    opens: Opens, talk: Round, world: World
) -> None:
    hers = await opens(talk.ada, f"/communities/{talk.board}/members")
    await expect(hers.locator("[data-member]")).to_have_count(2)
    cleo = await world.physician("Dr. Cleo Brandt")

    asked = await communities.invite(talk.ada.actor, talk.board, cleo.actor.id)
    await expect(hers.locator("[data-pending]")).to_contain_text("Cleo", timeout=10_000)
    menu = hers.locator("[data-member]", has_text="Okafor").locator("details.menu")
    await menu.locator("summary").click()
    await communities.accept(cleo.actor, asked)

    # A menu that is open is not taken away; what changed is shown as soon as it is closed.
    await expect(menu.get_by_role("button", name="Remove")).to_be_visible()
    await hers.keyboard.press("Escape")
    await expect(hers.locator("[data-member]", has_text="Cleo")).to_be_visible(timeout=10_000)
    await expect(hers.locator("[data-pending]")).to_have_count(0)
    await expect(menu.locator("summary")).to_be_focused()


async def test_a_form_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(
    opens: Opens, talk: Round
) -> None:
    page = await opens(talk.ada, f"/communities/{talk.board}/cases/new")
    tops = await page.locator("#f-urgency, #f-answer_by").evaluate_all(
        "(fields) => fields.map((each) => Math.round(each.getBoundingClientRect().top))"
    )
    assert tops[0] == tops[1], "side by side and not level"
    await page.get_by_label("Title").fill("Clot or calcification")
    send = page.get_by_role("button", name="Open the case")

    # Half a day is nothing that could be sent: the browser would drop it without a word.
    await page.get_by_label("Answer by").press_sequentially("11")
    await send.click()
    await expect(page.locator("#f-answer_by-error")).to_contain_text("Give day and time")
    await expect(page.get_by_label("Answer by")).to_be_focused()

    await page.get_by_label("Answer by").fill("")
    await send.click()
    await expect(page.locator("#f-question-error")).to_contain_text("What do you want to ask")
    await expect(page.get_by_label("Question")).to_be_focused()
    await expect(page.get_by_label("Title")).to_have_value("Clot or calcification")
    await expect(page.locator("#f-studies-error")).to_be_visible()
    await expect(page.locator("#f-answer_by-error")).to_have_count(0)


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
    await expect(company).to_have_text("Also here: Dr. Ada Lindqvist", timeout=10_000)
    assert await head.bounding_box() == before
    assert await company.evaluate("(line) => line.scrollWidth <= line.clientWidth")
    assert await phone.evaluate("document.documentElement.scrollWidth") == 360
    await phone.reload()
    await expect(company).to_have_text("Also here: Dr. Ada Lindqvist", timeout=10_000)
