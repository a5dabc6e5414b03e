"""J1: a community discusses a case over real images, two on the desktop and one on a phone."""

import gzip
import re
from datetime import date, timedelta
from io import BytesIO
from uuid import UUID, uuid4

import numpy as np
import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect
from quart import Quart

from cases import communities
from cases.ids import CommunityId
from portal import studies
from portal.core.db import now
from portal.core.language import show_date
from portal.demo import phantom
from tests.browser import PHONE, poll
from tests.journeys.conftest import Sits
from tests.people import Person, World

FULL = "document.querySelector('.hv-mark')?.dataset.quality === 'full'"
IN_A_MONTH = now().date() + timedelta(days=30)
SLICES, SIDE = 12, 96
PATIENT = phantom.Person(
    name="Muster^Max", birth_date=date(1958, 9, 17), sex="M", local_id="D-2001"
)


class Board:
    """Neuro Board North: Ada owns it, Rossi and Okafor are members, Novak is not."""

    def __init__(self, ada: Person, rossi: Person, okafor: Person, novak: Person) -> None:
        self.ada, self.rossi, self.okafor, self.novak = ada, rossi, okafor, novak
        self.community: CommunityId
        self.study: UUID


@pytest.fixture
async def board(world: World, app: Quart) -> Board:
    names = ("Ada Lindqvist", "Chiara Rossi", "Ben Okafor", "Dana Novak")
    board = Board(*[await world.physician(f"Dr. {name}") for name in names])
    board.community = await board.ada.founds("Neuro Board North")
    for colleague in (board.rossi, board.okafor):
        await board.ada.invites(colleague, board.community)
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    files = list(phantom.head_ct(PATIENT, slices=SLICES, side=SIDE))
    kept = await studies.keep_files(shelf, board.ada.actor, files)
    (board.study,) = kept.studies
    opened = await studies.open_own(shelf, board.ada.actor, board.study)
    assert await studies.prepared(shelf, opened, 60)
    return board


async def _opens_a_case(page: Page, board: Board) -> str:
    """Ada fills in the form; the path of the case."""
    await page.goto(f"/communities/{board.community}")
    await page.get_by_role("link", name="New case").first.click()
    await page.get_by_label("Title").fill("Weak right arm <img src=x onerror=alert(1)>")
    await page.get_by_label("Modality").select_option("CT")
    await page.get_by_label("Region").select_option("head")
    await page.get_by_label("Age of the patient").select_option("65–69")
    await page.get_by_label("How soon").select_option("today")
    await page.get_by_label("Answer by").fill("2020-01-01T16:00")
    await page.get_by_role("checkbox").first.check()
    await page.get_by_role("button", name="Open the case").click()
    await expect(page.locator("#f-question-error")).to_contain_text("What do you want to ask")
    await expect(page.get_by_label("Question")).to_be_focused()
    await page.get_by_label("Question").fill("Bleeding or tumour?")
    await page.get_by_role("button", name="Open the case").click()
    await expect(page.locator("#f-answer_by-error")).to_contain_text("in the future")
    await page.get_by_label("Answer by").fill(f"{IN_A_MONTH}T16:00")
    await page.get_by_role("button", name="Open the case").click()
    await page.wait_for_url("**/cases/*")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    await expect(page.locator(".case-head, main").first).to_contain_text("Today")
    await expect(page.get_by_text("Answer by")).to_contain_text("16:00")
    return page.url


def _first_case(page: Page) -> Locator:
    return page.locator("[data-case]").first


async def _new(person: Person) -> list[str]:
    """The numbers of what is new in each community of their list."""
    html = await (await person.browser.get("/communities")).get_data(as_text=True)
    return re.findall(r'class="badge badge-count">(\d+)<', html)


async def _shows_image(page: Page, number: int) -> None:
    await expect(page.locator(".hv-top-right")).to_have_text(f"Image {number} of {SLICES}")
    await poll(page, FULL)


async def _pinned_post(page: Page, words: str) -> None:
    composer = page.locator("[data-composer]").first
    await composer.locator("textarea").fill(words)
    await composer.get_by_role("button", name="Post with this view").click()
    await expect(page.locator(".post", has_text=words)).to_have_count(1)


async def _draws_an_arrow(page: Page) -> None:
    await page.get_by_role("button", name="Arrow").click()
    box = await page.locator(".hv-port").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x + 60, y - 50)
    await page.mouse.down()
    await page.mouse.move(x + 20, y - 10, steps=5)
    await page.mouse.up()
    entry = page.get_by_role("textbox", name="Text at the arrow")
    await entry.fill("Dense?")
    await entry.press("Enter")


@pytest.mark.every_engine
async def test_a_question_is_pinned_to_an_image_and_answered_live(
    board: Board, sits: Sits, server: str
) -> None:
    ada, rossi = await sits(board.ada), await sits(board.rossi)
    await rossi.goto(f"/communities/{board.community}")
    await expect(rossi.get_by_text("No cases yet")).to_be_visible()
    case = await _opens_a_case(ada, board)

    # J1.3: within two seconds it is the first on Rossi's page, without her doing anything.
    await expect(_first_case(rossi)).to_contain_text("Weak right arm")

    # J1.4: Rossi sees question and images side by side, and at once how good the images are.
    row = rossi.locator("[data-case]", has_text="Weak right arm")
    await expect(row).to_contain_text("New")
    assert await _new(board.rossi) == ["1"]
    async with rossi.expect_response("**/threads/*/read"):  # told that she looked at it
        await rossi.goto(case)
    await expect(rossi.get_by_text("Bleeding or tumour?")).to_be_visible()
    await expect(rossi.locator("[data-connection]")).to_be_attached()
    assert await _new(board.rossi) == []
    await poll(rossi, FULL)
    assert "Muster" not in await rossi.content()

    # J1.5: she goes to another image, another window, draws, and posts with this view.
    await rossi.locator(".hv").focus()
    await rossi.keyboard.press("End")
    await _shows_image(rossi, SLICES)
    await rossi.keyboard.press("Home")
    for _ in range(3):
        await rossi.keyboard.press("ArrowDown")
    await _shows_image(rossi, 4)
    await rossi.get_by_role("combobox", name="Window preset").select_option(index=4)
    await _draws_an_arrow(rossi)
    window = await rossi.locator(".hv-bottom-left").inner_text()
    await _pinned_post(rossi, "Dense vessel?")

    # The colleague in the other browser sees it arrive, and the click leads exactly there.
    arrived = ada.locator(".post", has_text="Dense vessel?")
    await expect(arrived).to_have_count(1)
    await expect(arrived).to_contain_text(f"series 2, image 4 of {SLICES}")
    await arrived.locator("[data-view]").click()
    await _shows_image(ada, 4)
    shown = await ada.locator(".hv-bottom-left").inner_text()
    assert shown.split("·")[0] == window.split("·")[0]
    await expect(ada.locator(".hv-port svg")).to_contain_text("Dense?")

    # J1.6: the same on a phone, where "back" returns to the post.
    okafor = await sits(board.okafor, PHONE)
    await okafor.goto(case)
    post = okafor.locator(".post", has_text="Dense vessel?")
    await post.locator("[data-view]").tap()
    await _shows_image(okafor, 4)
    await expect(okafor.locator("#pane-images")).to_be_visible()
    await okafor.go_back()
    await expect(post).to_be_visible()

    # He answers, and both others have it without doing anything.
    await okafor.locator("[data-composer] textarea").first.fill("He stopped his tablets.")
    await okafor.get_by_role("button", name="Post", exact=True).first.tap()
    for page in (ada, rossi):
        await expect(page.locator(".post", has_text="stopped his tablets")).to_have_count(1)


async def test_a_hit_opens_the_post_and_its_image(board: Board, sits: Sits) -> None:
    case = await board.ada.opens("Weak arm", in_=board.community, about=[board.study])
    rossi, okafor = await sits(board.rossi), await sits(board.okafor)
    await rossi.goto(f"/cases/{case}")
    await poll(rossi, FULL)
    await rossi.locator(".hv").focus()
    await rossi.keyboard.press("Home")
    await rossi.keyboard.press("ArrowDown")
    await _shows_image(rossi, 2)
    await okafor.goto("/search")
    await okafor.get_by_role("searchbox").fill("from:Rossi modality:CT vessel")

    async with rossi.expect_response("**/threads/*/posts") as answer:
        await _pinned_post(rossi, "Dense vessel?")
    assert (await answer.value).status == 201
    await okafor.keyboard.press("Enter")
    hit = okafor.locator("[data-hit]").get_by_role("link")
    await expect(hit).to_have_count(1)
    await hit.click()

    await okafor.wait_for_url("**/cases/*#post-*")
    await _shows_image(okafor, 2)


async def test_threads_stay_apart_and_a_closed_case_is_found_by_members_only(
    board: Board, sits: Sits, server: str
) -> None:
    path = f"/cases/{await board.ada.opens('Weak arm', in_=board.community, about=[board.study])}"
    ada, rossi = await sits(board.ada), await sits(board.rossi)
    await ada.goto(path)

    # J1.7: a thread of its own; its replies do not touch the others' counters.
    await ada.get_by_text("New thread").click()
    await ada.get_by_label("Title of the thread").fill("Clot or calcification?")
    await ada.get_by_role("button", name="Start thread").click()
    section = ada.locator("[data-thread-section]", has_text="Clot or calcification?")
    for words in ("Clot, I think", "No lime in the bone window", "Agreed then"):
        await section.locator("textarea").fill(words)
        await section.get_by_role("button", name="Post", exact=True).click()
        await expect(section.locator("[data-post]", has_text=words)).to_have_count(1)
    html = await (await board.rossi.browser.get(path)).get_data(as_text=True)
    assert re.findall(r"data-unread-count>(\d+)<", html) == ["0", "3"]
    await rossi.goto(path)
    await rossi.locator(".post", has_text="Agreed then").scroll_into_view_if_needed()
    await expect(rossi.locator("[data-thread-link]", has_text="Clot")).not_to_contain_text("3")

    # J1.12: closing replaces the composers by words and schedules the question for the outcome.
    await ada.get_by_label("More about this case").click()
    await ada.get_by_role("link", name="Close case").click()
    await ada.get_by_label("Ask for the outcome on").fill(IN_A_MONTH.isoformat())
    await ada.get_by_role("button", name="Close case").click()
    await expect(ada.get_by_text("Closed on")).to_be_visible()
    await expect(ada.locator("[data-composer]")).to_have_count(0)
    await expect(ada.locator(".outcome")).to_contain_text(show_date(IN_A_MONTH))

    # J1.13: the search finds it, and the hit opens the very post.
    await rossi.goto("/search")
    await rossi.get_by_role("searchbox").fill("from:Lindqvist modality:CT clot")
    await rossi.keyboard.press("Enter")
    hit = rossi.locator("[data-hit]", has_text="Clot, I think")
    await expect(hit).to_have_count(1)
    assert "clot" not in rossi.url.split("#")[0]
    await hit.get_by_role("link").click()
    await rossi.wait_for_url("**/cases/*#post-*")
    await expect(rossi.locator(".post:target")).to_contain_text("Clot, I think")

    # J1.14: who does not belong finds nothing, and the link says what every wrong link says.
    novak = await sits(board.novak)
    await novak.goto("/search")
    await novak.get_by_role("searchbox").fill("clot")
    await novak.keyboard.press("Enter")
    await expect(novak.get_by_role("heading", name="Nothing found")).to_be_visible()
    wrong_path = f"/cases/{uuid4()}"
    real = await board.novak.browser.get(path)
    wrong = await board.novak.browser.get(wrong_path)
    assert real.status_code == wrong.status_code == 404
    told = await real.get_data(as_text=True)
    # Only the address itself, which the page offers again in the other language, differs.
    assert told.replace(path, wrong_path) == await wrong.get_data(as_text=True)


@pytest.mark.every_engine
async def test_what_is_written_without_a_network_arrives_once_and_in_order(
    board: Board, sits: Sits
) -> None:
    case = await board.ada.opens("Weak arm", in_=board.community, about=[board.study])
    path = f"/cases/{case}"
    ada, rossi = await sits(board.ada), await sits(board.rossi)
    await ada.goto(path)
    await rossi.goto(path)
    await poll(rossi, FULL)

    # U1: the network goes; what is sent waits, survives a reload, and arrives exactly once.
    await rossi.context.route("**/threads/*/posts", lambda route: route.abort())
    composer = rossi.locator("[data-composer]").first
    for words in ("First without network", "Second without network"):
        await composer.locator("textarea").fill(words)
        await composer.get_by_role("button", name="Post", exact=True).click()
        await expect(rossi.locator(".post", has_text=words)).to_be_visible()
    assert await ada.locator(".post").count() == 0
    await rossi.reload()
    await expect(rossi.locator(".post", has_text="Second without network")).to_be_visible()
    await rossi.context.unroute("**/threads/*/posts")
    await rossi.reload()

    posts = ada.locator(".post .post-text")
    await expect(posts).to_have_text(
        ["First without network", "Second without network"], timeout=15_000
    )

    # U2: a double click posts once.
    await composer.locator("textarea").fill("Only once")
    await composer.get_by_role("button", name="Post", exact=True).dblclick()
    await expect(rossi.locator(".post[data-post]", has_text="Only once")).to_be_visible()
    await expect(rossi.locator(".post-waiting")).to_have_count(0)
    # Nothing can come after it any more that was sent before Okafor wrote.
    await board.okafor.posts("And after it", on=case)
    await expect(posts.last).to_have_text("And after it")
    assert await posts.all_inner_texts() == [
        "First without network",
        "Second without network",
        "Only once",
        "And after it",
    ]


async def test_a_look_that_fails_is_soon_made_again_though_the_line_stands(
    board: Board, sits: Sits
) -> None:
    case = await board.ada.opens("Weak arm", in_=board.community, about=[board.study])
    ada = await sits(board.ada)
    async with ada.expect_response("**/changes?*"):  # the line stands
        await ada.goto(f"/cases/{case}")
    await ada.route("**/changes?*", lambda route: route.abort(), times=1)

    async with ada.expect_event("requestfailed"):
        await board.rossi.posts("The first look at this fails", on=case)

    await expect(ada.locator(".post")).to_have_count(1)  # without it: in 30 s


@pytest.mark.every_engine
async def test_who_is_removed_while_reading_is_told_and_sees_no_more(
    board: Board, sits: Sits
) -> None:
    case = await board.ada.opens("Weak arm", in_=board.community, about=[board.study])
    rossi = await sits(board.rossi)
    await rossi.goto(f"/cases/{case}")
    await poll(rossi, FULL)

    await communities.remove(board.ada.actor, board.community, board.rossi.actor.id)

    # U5
    await expect(rossi.get_by_role("alert")).to_contain_text("no longer")
    await board.ada.posts("Rossi must not see this", on=case)
    await expect(rossi.locator(".post")).to_have_count(0)
    await expect(rossi.locator(".hv-port canvas")).to_have_count(0)


async def test_a_reader_of_a_case_is_not_told_whose_images_these_are(board: Board) -> None:
    await board.ada.opens("Weak arm", in_=board.community, about=[board.study])

    answer = await board.rossi.browser.get(f"/v/{board.study}/open")
    records = await answer.get_data(as_text=False)
    length = int.from_bytes(records[12:16], "little")
    manifest = gzip.decompress(records[16 : 16 + length])

    assert b"Head 2.0 brain" in manifest
    for word in (b"Muster", b"19580917", b"D-2001"):
        assert word not in manifest


async def test_the_picture_of_a_pin_shows_the_image(board: Board, sits: Sits) -> None:
    case = await board.ada.opens("Weak arm", in_=board.community, about=[board.study])
    rossi = await sits(board.rossi)
    await rossi.goto(f"/cases/{case}")
    await poll(rossi, FULL)
    await _pinned_post(rossi, "Look here")

    address = await rossi.locator(".post-pin-image").get_attribute("src")
    assert address is not None
    answer = await board.ada.browser.get(address)
    stranger = await board.novak.browser.get(address)
    jpeg = await answer.get_data(as_text=False)
    picture = np.asarray(Image.open(BytesIO(jpeg)).convert("L"))

    assert answer.mimetype == "image/jpeg"
    assert picture.shape[1] <= 320
    assert picture.max() > 200
    assert picture.min() < 20
    assert stranger.status_code == 404
