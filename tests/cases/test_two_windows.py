"""One person, two windows: what is read in one is read in the other, and no words get lost."""

import asyncio
import re
from uuid import uuid4

from playwright.async_api import Route, expect
from quart import Response

from cases import threads
from cases.forms import NewThread, PostEdit
from tests.cases.conftest import Opens, Round
from tests.people import Person, World

WORDS = {"modality": "CT", "region": "head", "age_band": "65–69"}


async def changes(person: Person, case: object, **form: str) -> tuple[int, str]:
    answer: Response = await person.browser.post(f"/cases/{case}/edit", form=WORDS | form)
    return answer.status_code, str(await answer.get_data(as_text=True))


async def test_the_second_window_shows_both_versions_and_saves_what_its_reader_decides(
    world: World,
) -> None:
    ada = await world.physician("Ada")
    case = await ada.opens("Nodule", in_=await ada.founds("Board"))
    first = {"title": "Nodule, left", "question": "Benign?", "rev": "1"}
    second = {"title": "Nodule <left>", "question": "What is it?", "region": "chest", "rev": "1"}

    assert (await changes(ada, case, **first))[0] == 303
    status, page = await changes(ada, case, **second)

    assert status == 409
    assert "changed in another window" in page
    assert 'value="Nodule &lt;left&gt;"' in page
    assert "What is it?</textarea>" in page
    assert "Nodule, left" in page
    assert "Benign?" in page
    assert '<option value="chest" selected>' in page
    assert 'name="rev" value="2"' in page
    assert 'value="Nodule, left"' not in page, "the own words are in the form, the other's beside"

    assert (await changes(ada, case, **(second | {"rev": "2"})))[0] == 303
    assert "Nodule &lt;left&gt;" in await ada.reads(case)


async def test_a_form_for_a_case_that_was_closed_meanwhile_keeps_its_words(world: World) -> None:
    ada = await world.physician("Ada")
    case = await ada.opens("Nodule", in_=await ada.founds("Board"))
    await ada.browser.post(f"/cases/{case}/closure", form={})

    status, page = await changes(ada, case, title="Nodule, left", question="Benign?", rev="1")

    assert status == 409
    assert "closed" in page
    assert 'value="Nodule, left"' in page


async def test_what_is_read_in_one_window_is_new_in_none(opens: Opens, talk: Round) -> None:
    await talk.ada.posts("Please look", on=talk.case)
    cases = await opens(talk.ben, f"/communities/{talk.board}")
    await expect(cases.locator("[data-case] .badge-count")).to_contain_text("1")

    page = await cases.context.new_page()
    await page.goto(cases.url.split("/communities")[0] + f"/cases/{talk.case}")

    post = page.locator(".post[data-post]")
    await expect(post.get_by_text("New", exact=True)).to_have_count(0)
    await expect(page.locator("[data-unread-jump]")).to_be_hidden()
    await expect(cases.locator("[data-case] .badge-count")).to_have_count(0)


async def test_a_line_that_is_up_before_the_discussion_stops_nothing(
    opens: Opens, talk: Round
) -> None:
    """The bell has the socket first when the discussion's script arrives late."""
    await talk.ada.posts("Please look", on=talk.case)
    page = await opens(talk.ben, "/help")
    connected = asyncio.Event()

    def heard(frame: str | bytes) -> None:
        if str(frame).startswith("40{"):  # Socket.IO says that the namespace is joined
            connected.set()

    async def late(route: Route) -> None:
        await connected.wait()
        await asyncio.sleep(0.2)  # until the page has heard it, too
        await route.continue_()

    page.on("websocket", lambda socket: socket.on("framereceived", heard))
    await page.route(re.compile(r"/discussion[^/]*\.js"), late)
    await page.goto(page.url.removesuffix("/help") + f"/cases/{talk.case}")

    new = page.locator(".post[data-post]").get_by_text("New", exact=True)
    await expect(new).to_have_count(0)


async def test_a_second_thread_that_arrives_live_is_listed_at_once(
    opens: Opens, talk: Round
) -> None:
    page = await opens(talk.ben, f"/cases/{talk.case}")
    await expect(page.locator("[data-composer]")).to_have_count(1)
    await expect(page.locator("[data-thread-list]")).to_be_hidden()

    thread = await threads.start_thread(talk.ada.actor, NewThread(talk.case, uuid4(), "Therapy"))

    link = page.locator(f'[data-thread-link="{thread}"]')
    await expect(link).to_be_visible()
    await expect(link).to_contain_text("Therapy")
    await talk.ada.posts("Lysis?", thread=thread)
    await expect(page.locator(f"#thread-{thread} .post")).to_contain_text("Lysis?")


async def test_editing_in_two_windows_shows_the_other_version_and_loses_nothing(
    opens: Opens, talk: Round
) -> None:
    posted = await talk.ada.posts("Calcification", on=talk.case)
    page = await opens(talk.ada, f"/cases/{talk.case}")
    mine = page.locator(f"#post-{posted.id}")
    await mine.get_by_label("More").click()
    await mine.get_by_role("button", name="Edit").click()
    await mine.locator("textarea").fill("Clot, I am sure")
    await threads.edit(talk.ada.actor, PostEdit(posted.id, "Clot?", 1))
    other = await threads.start_thread(talk.ada.actor, NewThread(talk.case, uuid4(), "Therapy"))
    await expect(page.locator(f"#thread-{other}")).to_be_attached()

    await mine.get_by_role("button", name="Save").click()

    await expect(mine.locator(".other-version")).to_contain_text("Clot?")
    await expect(mine.locator("textarea")).to_have_value("Clot, I am sure")
    await mine.get_by_role("button", name="Save mine").click()
    await expect(mine.locator("> .post-text")).to_have_text("Clot, I am sure")

    await mine.get_by_label("More").click()
    await mine.get_by_role("button", name="Edit").click()
    await mine.locator("textarea").fill("Something else")
    await threads.edit(talk.ada.actor, PostEdit(posted.id, "Third window", 3))
    await mine.get_by_role("button", name="Save").click()
    await mine.get_by_role("button", name="Keep the other version").click()
    await expect(mine.locator("> .post-text")).to_have_text("Third window")
