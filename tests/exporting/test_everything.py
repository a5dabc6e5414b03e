"""Everything of an account: its files, its words and who can see them, readable without us."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from quart import Quart, Response

from cases import membership, threads
from portal import documents, studies
from portal.accounts.factors import stepping_up
from portal.core.db import now
from tests.documents.test_documents import Erika
from tests.exporting.test_downloading import opened
from tests.people import PASSWORD, World
from tests.records.writing import writes_a_plan, writes_an_entry
from tests.viewer.pdf.making import pdf

Slices = Callable[..., list[bytes]]
PAGE = "/profile/export"
ARCHIVE = "/profile/export/archive"
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


class Read(HTMLParser):
    """What a page would load or run, where its links lead, and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data

    @classmethod
    def page(cls, data: bytes) -> "Read":
        read = cls()
        read.feed(data.decode())
        return read


async def proves(erika: Erika) -> None:
    """Shows again that it is them, and is led back by the act itself."""
    answer = await erika.person.browser.post(
        "/confirm", form={"proof_password": PASSWORD, "to": PAGE}
    )
    assert (answer.status_code, answer.headers["Location"]) == (307, PAGE)
    again = await erika.person.browser.post(PAGE)
    assert (again.status_code, again.headers["Location"]) == (303, PAGE)


async def keeps(erika: Erika, images: list[bytes]) -> UUID:
    """One examination, with its pictures made."""
    (study,) = (await erika.sends(images))["studies"]
    found = await studies.open_own(erika.shelf, erika.actor, UUID(study))
    assert await studies.prepared(erika.shelf, found, 60.0)
    return UUID(study)


async def exported(erika: Erika, **headers: str) -> Response:
    return await erika.person.browser.get(ARCHIVE, headers=headers)


@pytest.fixture
async def ada(world: World, app: Quart) -> Erika:
    """A physician with her browser."""
    shelf = app.extensions["hds"]["shelf"]
    return Erika(await world.physician("Ada Lindqvist"), shelf, world.settings.object_folder)


async def test_everything_of_an_account_is_in_one_archive(erika: Erika, slices: Slices) -> None:
    """Files bit for bit, a plan as PDF and data, the profile; each named for programs."""
    images, finding = slices(2), pdf(["Befund"])
    await keeps(erika, images)
    await erika.finding(finding, "Befund Müller.pdf")
    plan = await writes_a_plan(erika.person.browser)
    await proves(erika)

    page = await erika.sees(PAGE)
    answer = await exported(erika)
    files = await opened(answer)

    assert f'href="{ARCHIVE}?log=' in page
    assert "Erika" not in answer.headers["Content-Disposition"]
    told = json.loads(files["HealthDataSpace.json"])
    assert (told["format"], told["version"]) == ("healthdataspace-export", 1)
    (examination,), (paper,), (record,) = (
        told["examinations"], told["documents"], told["records"],
    )  # fmt: skip
    assert sorted(files[each] for each in examination["files"]) == sorted(images)
    assert len(examination["pictures"]) == 2
    assert files[paper["file"]] == finding
    assert paper["label"] == "Befund Müller"
    assert files[record["pdf"]].startswith(b"%PDF-")
    assert json.loads(files[record["data"]])["id"] == plan
    assert json.loads(files[told["profile"]])["profile"]["name"] == "Erika Beispiel"
    assert json.loads(files[told["cases"]]) == {"cases": []}


async def test_its_page_runs_nothing_loads_nothing_and_every_link_leads_to_a_file(
    erika: Erika, slices: Slices
) -> None:
    await keeps(erika, slices(1, StudyDescription=HOSTILE[:60]))
    await erika.finding(pdf(["Befund"]), f"{HOSTILE} 50%?#.pdf")
    await proves(erika)

    files = await opened(await exported(erika))
    read = Read.page(files["index.html"])

    assert not read.tags & {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
    assert not {name for name in read.attributes if name.startswith("on")} | (
        read.attributes & {"src", "style", "srcset"}
    )
    assert HOSTILE[:60] in read.words
    policy = re.findall(rb'Content-Security-Policy" content="([^"]*)"', files["index.html"])[0]
    assert policy.startswith(b"default-src &#39;none&#39;; base-uri &#39;none&#39;")
    anchors = set(re.findall(r'<section id="([a-z]+)"', files["index.html"].decode()))
    for link in read.links:
        assert unquote(link) in files or link.removeprefix("#") in anchors, link
    named = {unquote(link) for link in read.links}
    assert {name for name in files if name.startswith(("Pictures/", "Documents/"))} <= named


async def test_images_in_a_community_that_was_left_are_told_of(
    world: World, ada: Erika, slices: Slices
) -> None:
    """Its members still open them, so nobody is told that nobody can."""
    otto = await world.physician("Otto Brandt")
    board = await otto.founds("Tumour board")
    await otto.invites(ada.person, board)
    study = await keeps(ada, slices(1))
    await ada.person.opens("Knee", in_=board, about=[study], question="Torn?")
    await membership.leave(ada.actor, board)
    await proves(ada)

    files = await opened(await exported(ada))

    access = json.loads(files["Data/access.json"])
    assert (access["shown"], access["elsewhere"]) == ([], 1)
    words = Read.page(files["index.html"]).words
    assert "community that you cannot enter now" in words
    assert "Nobody but you can open" not in words


async def test_own_words_in_cases_come_along_and_nobody_elses(
    world: World, ada: Erika, slices: Slices
) -> None:
    otto = await world.physician("Otto Brandt")
    board = await ada.person.founds("Tumour board")
    await ada.person.invites(otto, board)
    study = await keeps(ada, slices(1, StudyDescription="Knee of Mx Beispiel"))
    case = await ada.person.opens("Knee", in_=board, about=[study], question="Torn?")
    theirs = await otto.opens("Hand", in_=board, question="Broken?")
    first = await ada.person.posts("I see a tear.\nMedial.", on=case)
    await otto.replies("Otto disagrees", to=first)
    thread = await ada.person.starts("Next steps", in_=theirs)
    await ada.person.posts("Splint it", thread=thread)
    gone = await ada.person.posts("Said too much", on=case)
    await threads.delete(ada.actor, gone.id)
    await proves(ada)

    files = await opened(await exported(ada))

    said = json.loads(files["Data/cases.json"])["cases"]
    assert [(each["title"], each["community"]) for each in said] == [
        ("Hand", "Tumour board"), ("Knee", "Tumour board"),
    ]  # fmt: skip
    hand, knee = said
    assert [(each["kind"], each["thread"], each["text"]) for each in hand["words"]] == [
        ("post", "Next steps", "Splint it")
    ]
    assert [(each["kind"], each["text"]) for each in knee["words"]] == [
        ("question", "Torn?"), ("post", "I see a tear.\nMedial."),
    ]  # fmt: skip
    shown = json.loads(files["Data/access.json"])["shown"]
    assert [(each["study"], each["case"], each["readers"]) for each in shown] == [
        ("Knee of Mx Beispiel", "Knee", ["Otto Brandt"])
    ]
    everything = b"".join(files.values()).decode(errors="ignore")
    words = Read.page(files["index.html"]).words
    for each in ("Torn?", "I see a tear.\nMedial.", "Splint it", "Otto Brandt"):
        assert each in words
    for each in ("Otto disagrees", "Broken?", "Said too much"):
        assert each not in everything


async def test_it_asks_who_is_there_and_an_interrupted_one_goes_on_later(
    erika: Erika, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proof lasts for minutes, the download for hours: its tag is known to who began it."""
    await keeps(erika, slices(1))
    await writes_a_plan(erika.person.browser)
    browser = erika.person.browser
    later = now() + 2 * stepping_up.LASTS
    await proves(erika)
    answer = await exported(erika)
    whole, tag = await answer.get_data(as_text=False), answer.headers["ETag"]
    monkeypatch.setattr(stepping_up, "now", lambda: later)

    assert ARCHIVE not in await erika.sees(PAGE)
    assert (await browser.post(PAGE)).status_code == 403
    asked = await browser.get(ARCHIVE)
    assert (asked.status_code, asked.headers["Location"]) == (303, PAGE)
    script = {"Accept": "application/json"}
    for nothing in (
        {},
        {"Range": "bytes=1-"},
        {"Range": "bytes=1-", "If-Match": "*"},
        {"Range": "bytes=1-", "If-Range": '"0123456789abcdef0123456789abcdef"'},
        {"If-Range": tag},
    ):
        assert (await browser.get(ARCHIVE, headers=script | nothing)).status_code == 403
    for cut in (1, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        for how in ("If-Range", "If-Match"):
            rest = await exported(erika, Range=f"bytes={cut}-", **{how: tag})
            assert rest.status_code == 206
            assert await rest.get_data(as_text=False) == whole[cut:]


async def test_what_is_in_the_bin_or_somebody_elses_is_not_in_it(
    world: World, erika: Erika
) -> None:
    other = Erika(await world.patient("Otto Muster"), erika.shelf, erika.folder)
    await other.finding(pdf(["Otto's"]), "Ottos Befund.pdf")
    await writes_a_plan(other.person.browser, substance_0="Candesartan")
    binned = await erika.finding(pdf(["Binned"]), "Weg.pdf")
    await documents.throw(erika.actor, UUID(binned))
    await proves(erika)

    told: dict[str, Any] = json.loads((await opened(await exported(erika)))["HealthDataSpace.json"])

    assert (told["examinations"], told["documents"], told["records"]) == ([], [], [])


async def test_the_diary_comes_along_and_is_the_same_each_time(erika: Erika) -> None:
    """A month of it as PDF and as data; what was cut off goes on."""
    await writes_an_entry(erika.person.browser, text="Slept badly")
    await proves(erika)
    whole = await exported(erika)
    tag = whole.headers["ETag"]

    files = await opened(whole)
    (record,) = json.loads(files["HealthDataSpace.json"])["records"]

    assert record["kind"] == "diary"
    assert files[record["pdf"]].startswith(b"%PDF-")
    assert "Slept badly" in files[record["data"]].decode()
    assert record["title"] in Read.page(files["index.html"]).words
    assert (await exported(erika)).headers["ETag"] == tag


async def test_who_saw_what_comes_along_and_what_is_opened_meanwhile_makes_no_other_archive(
    world: World, ada: Erika, slices: Slices
) -> None:
    otto = await world.physician("Otto Brandt")
    board = await ada.person.founds("Tumour board")
    await ada.person.invites(otto, board)
    study = await keeps(ada, slices(1, StudyDescription="Knee"))
    await ada.person.opens("Torn?", in_=board, about=[study])
    assert (await otto.browser.get(f"/v/{study}/open")).status_code == 200
    await proves(ada)
    page = await ada.sees(PAGE)
    (address,) = re.findall(rf'href="({ARCHIVE}\?log=\d+)"', page)

    answer = await ada.person.browser.get(address)
    files, tag = await opened(answer), answer.headers["ETag"]
    assert (await otto.browser.get(f"/v/{study}/i/{study}/original")).status_code == 404
    again = await ada.person.browser.get(address, headers={"Range": "bytes=9-", "If-Range": tag})
    newer = await ada.person.browser.get(ARCHIVE)

    access = json.loads(files["Data/access.json"])
    assert [(each["name"], each["act"], each["through"]) for each in access["opened"]] == [
        ("Otto Brandt", "viewed", "Tumour board"),
        ("Ada Lindqvist", "shared", "Tumour board"),
    ]
    assert access["log_changed_from_line"] == 0
    words = Read.page(files["index.html"]).words
    assert "Otto Brandt · Looked at · Community: Tumour board" in words
    assert (again.status_code, again.headers["ETag"]) == (206, tag)
    assert newer.headers["ETag"] != tag, "there is more in it now"
