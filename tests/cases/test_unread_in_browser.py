"""From wherever somebody is in a case, one step leads to the first post they have not read."""

import pytest
from playwright.async_api import Locator, Page, expect

from cases import threads
from cases.ids import ThreadId
from cases.threads import Posted
from tests.cases.conftest import Opens, Round

pytestmark = pytest.mark.one_engine
A_SCREENFUL = 25
MORE_THAN_A_PAGE = 104
LONGER_THAN_A_LOOK = 1500
"""Milliseconds after which what is in sight counts as read."""


async def ada_writes(talk: Round, words: str, count: int, on: ThreadId) -> list[Posted]:
    return [await talk.ada.posts(f"{words} {each}", thread=on) for each in range(count)]


async def ben_has_read(talk: Round, posts: list[Posted]) -> None:
    await threads.mark_read(talk.ben.actor, posts[-1].thread, posts[-1].seq)


def post(page: Page, posted: Posted) -> Locator:
    return page.locator(f"#post-{posted.id}")


def jump_of(page: Page, thread: ThreadId) -> Locator:
    return page.locator(f"#thread-{thread}").locator("[data-unread-jump]")


async def test_key_and_number_lead_to_the_first_unread_post_below_the_fold(
    opens: Opens, talk: Round
) -> None:
    first = await talk.ada.first_thread(talk.case)
    second = await talk.ada.starts("Second reading", in_=talk.case)
    news = []
    for thread in (first, second):
        await ben_has_read(talk, await ada_writes(talk, "Read", A_SCREENFUL, thread))
        news.append((await ada_writes(talk, "New", A_SCREENFUL, thread))[0])

    page = await opens(talk.ben, f"/cases/{talk.case}")
    await expect(jump_of(page, first)).to_be_in_viewport()
    await expect(jump_of(page, first)).to_contain_text(str(A_SCREENFUL))
    await expect(post(page, news[0])).not_to_be_in_viewport()

    await page.keyboard.press("n")
    await expect(post(page, news[0])).to_be_focused()
    await expect(post(page, news[0])).to_be_in_viewport(ratio=1)

    await jump_of(page, second).scroll_into_view_if_needed()
    await expect(post(page, news[1])).not_to_be_in_viewport()
    await jump_of(page, second).click()
    await expect(post(page, news[1])).to_be_focused()
    await expect(post(page, news[1])).to_be_in_viewport(ratio=1)


async def test_the_first_unread_post_is_reached_where_its_part_is_not_loaded(
    opens: Opens, talk: Round
) -> None:
    first = await talk.ada.first_thread(talk.case)
    old = await ada_writes(talk, "Read", MORE_THAN_A_PAGE, first)
    await ben_has_read(talk, old)
    (new,) = await ada_writes(talk, "New", 1, first)
    await ada_writes(talk, "Also new", 1, await talk.ada.starts("Second", in_=talk.case))

    page = await opens(talk.ben, f"/cases/{talk.case}#post-{old[0].id}")
    await expect(post(page, old[0])).to_be_focused()
    await expect(post(page, new)).to_have_count(0)

    await page.keyboard.press("n")
    await expect(post(page, new)).to_be_focused()
    await expect(post(page, new)).to_be_in_viewport(ratio=1)


async def test_behind_the_last_loaded_post_the_jump_goes_on_and_not_back(
    opens: Opens, talk: Round
) -> None:
    first = await talk.ada.first_thread(talk.case)
    new = await ada_writes(talk, "New", MORE_THAN_A_PAGE, first)

    page = await opens(talk.ben, f"/cases/{talk.case}")
    last = page.locator(".post").last
    await last.scroll_into_view_if_needed()
    left = len(new) - await page.locator(".post").count()
    assert left > 0
    await expect(jump_of(page, first).locator("[data-unread-count]")).to_have_text(str(left))

    await jump_of(page, first).click()
    await expect(post(page, new[-left])).to_be_focused()
    await expect(post(page, new[-left])).to_be_in_viewport(ratio=1)


async def test_whoever_is_led_to_a_late_post_has_not_read_those_before_it(
    opens: Opens, talk: Round
) -> None:
    first = await talk.ada.first_thread(talk.case)
    new = await ada_writes(talk, "New", MORE_THAN_A_PAGE, first)

    page = await opens(talk.ben, f"/cases/{talk.case}#post-{new[-1].id}")
    await expect(post(page, new[-1])).to_be_focused()
    assert await page.locator(".post").count() < len(new)
    await page.wait_for_timeout(LONGER_THAN_A_LOOK)
    count = jump_of(page, first).locator("[data-unread-count]")
    await expect(count).to_have_text(str(len(new)))
    await expect(post(page, new[-1]).locator("[data-new]")).to_be_visible()

    # From the first one on everything is read as it is passed, up to the end.
    await page.keyboard.press("n")
    await expect(post(page, new[0])).to_be_focused()
    await expect(count).not_to_have_text(str(len(new)))
    assert int(await count.inner_text()) > MORE_THAN_A_PAGE // 2
    await page.get_by_role("button", name="Later posts").click()
    await post(page, new[-1]).scroll_into_view_if_needed()
    await expect(jump_of(page, first)).to_be_hidden()


async def test_a_post_led_to_counts_once_those_before_it_were_in_sight(
    opens: Opens, talk: Round
) -> None:
    first = await talk.ada.first_thread(talk.case)
    new = await ada_writes(talk, "New", A_SCREENFUL, first)

    page = await opens(talk.ben, f"/cases/{talk.case}#post-{new[-1].id}")
    await expect(post(page, new[-1])).to_be_focused()
    await page.wait_for_timeout(LONGER_THAN_A_LOOK)
    count = jump_of(page, first).locator("[data-unread-count]")
    await expect(count).to_have_text(str(A_SCREENFUL))

    for each in reversed(new):
        await post(page, each).scroll_into_view_if_needed()
        await expect(post(page, each)).to_be_in_viewport()
    await expect(jump_of(page, first)).to_be_hidden()
