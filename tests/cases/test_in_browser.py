"""The discussion as two people live it in two browsers."""

import asyncio
import re

from playwright.async_api import WebSocketRoute, expect

from cases import communities
from cases.models import Post
from tests.browser import poll
from tests.cases.browsing import PICTURE_MS, live, texts, write
from tests.cases.conftest import Opens, Round


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
    await expect(arrived).to_be_visible()
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
    await expect(answer).to_be_visible()
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

    await expect(post).to_be_visible()


async def test_a_double_click_posts_once(opens: Opens, talk: Round) -> None:
    page = await opens(talk.ada, f"/cases/{talk.case}")
    await page.locator("[data-composer] textarea").first.fill("Only once")

    await page.get_by_role("button", name="Post", exact=True).first.dblclick()

    shown = page.locator(".post .post-text")
    await expect(page.locator(".post[data-post]", has_text="Only once")).to_be_visible()
    await expect(page.locator(".post-waiting")).to_have_count(0)
    # Nothing can come after it any more that was sent before Ben wrote.
    await talk.ben.posts("And after it", on=talk.case)
    await expect(shown.last).to_have_text("And after it")
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
    await expect(page.locator(".post-waiting")).to_have_count(0)
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
    await expect(seen.locator(".post-text")).to_have_text("Clot")
    await expect(seen.get_by_text("edited")).to_be_visible()

    await seen.hover()
    await seen.get_by_role("button", name="Agree").click()
    await expect(mine.get_by_role("button", name="Agree: 1")).to_be_visible()

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
    await expect(seen).to_contain_text("Dr. Ada Lindqvist deleted this post")
    await expect(seen).not_to_contain_text("Clot")


async def test_whoever_is_removed_while_reading_is_told_and_shown_nothing_more(
    opens: Opens, talk: Round
) -> None:
    his = await opens(talk.ben, f"/cases/{talk.case}")
    await live(his)

    await communities.remove(talk.ada.actor, talk.board, talk.ben.actor.id)
    await talk.ada.posts("Not for Ben", on=talk.case)

    await expect(his.get_by_role("alert")).to_contain_text("You no longer belong")
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
        await expect(page.get_by_text("by Dr. Ada Lindqvist.")).to_be_visible()
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


async def test_a_post_far_back_opens_by_its_address(opens: Opens, talk: Round) -> None:
    old = await talk.ada.posts("Long ago", on=talk.case)
    for number in range(110):
        await talk.ada.posts(f"Post {number}", on=talk.case)

    page = await opens(talk.ben, f"/cases/{talk.case}#post-{old.id}")

    await expect(page.locator(f"#post-{old.id}")).to_be_focused()
    await page.get_by_role("button", name="Later posts").click()
    await expect(page.locator(".post", has_text="Post 109")).to_be_visible(timeout=PICTURE_MS)
