"""Lists and forms beside the discussion, as somebody sees them in a browser."""

from playwright.async_api import expect

from cases import communities
from tests.cases.conftest import Opens, Round
from tests.people import World


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
    await expect(hers.locator("[data-pending]")).to_contain_text("Cleo")
    menu = hers.locator("[data-member]", has_text="Okafor").locator("details.menu")
    await menu.locator("summary").click()
    await communities.accept(cleo.actor, asked)

    # A menu that is open is not taken away; what changed is shown as soon as it is closed.
    await expect(menu.get_by_role("button", name="Remove")).to_be_visible()
    await hers.keyboard.press("Escape")
    await expect(hers.locator("[data-member]", has_text="Cleo")).to_be_visible()
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
