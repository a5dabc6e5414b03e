"""Words that cannot be posted, or not be put away, are never lost and replace no others."""

from playwright.async_api import expect

from cases import casework
from tests.browser import poll
from tests.cases.browsing import texts, write
from tests.cases.conftest import Opens, Round
from tests.cases.test_in_browser import DRAFT_SIZES, TAG

NO_ROOM = """() => {
  window.roomy = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = () => { throw new DOMException("", "QuotaExceededError") };
}"""


async def test_a_browser_without_room_keeps_the_words_in_the_box(opens: Opens, talk: Round) -> None:
    page = await opens(talk.ada, f"/cases/{talk.case}")
    text = page.locator("[data-composer] textarea").first
    await page.evaluate(NO_ROOM)

    await write(page, "Kept in the box")

    await expect(page.locator("[data-composer] [data-problem]").first).to_contain_text("no room")
    await expect(text).to_have_value("Kept in the box")
    await page.evaluate("() => { IDBObjectStore.prototype.add = window.roomy }")
    await page.get_by_role("button", name="Post", exact=True).first.click()
    await expect(page.locator(".post[data-post] .post-text")).to_have_text(["Kept in the box"])
    assert await texts(talk.ben, talk.case) == ["Kept in the box"]


async def test_a_post_refused_on_another_page_goes_before_what_was_begun_after_it(
    opens: Opens, talk: Round, server: str
) -> None:
    other = await talk.ada.opens("Another", in_=talk.board)
    page = await opens(talk.ada, f"/cases/{talk.case}")
    await page.route("**/threads/*/posts", lambda route: route.abort())
    await write(page, "First words")
    await expect(page.locator(".post-waiting")).to_have_count(1)
    await page.locator("[data-composer] textarea").first.fill("Begun after it")
    whole = len('"Begun after it"') + TAG
    await poll(page, f"({DRAFT_SIZES})().then((all) => all.includes({whole}))")
    await page.goto(f"{server}/cases/{other}")
    await casework.close(talk.ada.actor, talk.case)
    await page.unroute("**/threads/*/posts")

    await page.evaluate("dispatchEvent(new Event('online'))")

    await expect(page.locator("#toasts > .toast").first).to_be_visible()
    await casework.reopen(talk.ada.actor, talk.case)
    await page.goto(f"{server}/cases/{talk.case}")
    await expect(page.locator("[data-composer] textarea").first).to_have_value(
        "First words\n\nBegun after it"
    )
