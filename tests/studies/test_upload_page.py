"""J6 in a real browser: a patient brings a CD, sees what is on it, keeps it, and loses nothing."""

import asyncio
import io
import stat
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from portal import keys, studies
from portal.core.settings import Settings
from portal.core.web import cookie_name
from tests.browser import DESKTOP, Complaints, browsing, poll
from tests.people import Person, World

Slices = Callable[..., list[bytes]]
pytestmark = pytest.mark.one_engine


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel", birth_date=date(1956, 4, 1), sex="F")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest.fixture
async def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
async def upload_page(
    erika: Person, browser: Browser, server: str, settings: Settings, complaints: Complaints
) -> AsyncIterator[Page]:
    """Erika's upload page; whatever the browser complains about fails the test."""
    context = await browser.new_context(**DESKTOP)
    await _signed_in(context, erika, settings, server)
    page = await context.new_page()
    await complaints.watch(page)
    await page.goto(f"{server}/upload")
    yield page
    await context.close()
    assert complaints.heard == []


async def _signed_in(
    context: BrowserContext, person: Person, settings: Settings, server: str
) -> None:
    name = cookie_name(settings)
    value = person.browser.cookie(name)
    assert value is not None
    await context.add_cookies([{"name": name, "value": value, "url": server}])


@pytest.fixture
def disc(tmp_path: Path, slices: Slices) -> Path:
    """A CD: images in folders, a directory file, a viewer program, something unreadable."""
    folder = tmp_path / "CD"
    for number, data in enumerate(slices(5, size=64)):
        _write(folder / "DICOM" / "ST0" / f"IM{number}", data)
    thorax = {"Modality": "CR", "StudyDescription": "Thorax", "StudyDate": "20260313"}
    for number, data in enumerate(slices(2, size=64, seed=2, **thorax)):
        _write(folder / "DICOM" / "ST1" / f"IM{number}", data)
    _write(folder / "DICOMDIR", b"\0" * 128 + b"DICM")
    _write(folder / "autorun.inf", b"[autorun]")
    _write(folder / "VIEWER" / "viewer.exe", b"MZ" + bytes(500))
    _write(folder / "VIEWER" / "help.html", b"<html>")
    _write(folder / "DICOM" / "NOTES", b"written by hand")
    return folder


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


async def _choose(page: Page, *paths: Path) -> None:
    folder = len(paths) == 1 and paths[0].is_dir()
    field = page.locator("#f-folder" if folder else "#f-files")
    await field.set_input_files(paths[0] if folder else list(paths))


async def _upload(page: Page) -> None:
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)


async def test_a_whole_cd_is_looked_at_and_kept(
    upload_page: Page, disc: Path, erika: Person, world: World, server: str
) -> None:
    page = upload_page
    await _choose(page, disc)

    title = page.locator("[data-found-title]")
    await expect(title).to_contain_text("2 examinations found")
    await expect(title).to_contain_text("CT · Schädel nativ · 12 March 2026 (5 images")
    await expect(page.get_by_text("matches your profile")).to_be_visible()
    refused = page.locator("[data-refused]")
    await expect(refused).to_contain_text("1 file not understood")
    await expect(refused).to_contain_text("not an image in the format of hospitals")
    await expect(refused).to_contain_text("Skipped, not needed: 4 files")
    await expect(page.locator("[data-quota]")).to_contain_text("free")

    await _upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("7 files stored")
    await expect(page.get_by_text("It is safe to close this page")).to_be_visible()
    await page.get_by_role("link", name="Show my documents").click()
    await expect(page.locator("[data-study]")).to_have_count(2)
    await expect(page.locator("[data-study]").nth(1)).to_contain_text("5 images")
    await page.locator("[data-study]", has_text="Schädel nativ").get_by_role("link").first.click()
    await expect(page.locator(".hv-top-right")).to_contain_text("of 5", timeout=30_000)
    await poll(page, "document.querySelector('.hv-mark')?.dataset.quality === 'full'")
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    for found in await studies.my_studies(shelf, erika.actor):
        study = await studies.open_own(shelf, erika.actor, found.id)
        view = await study.manifest()
        instances = [each for series in view["series"] for each in series["instances"]]
        originals = {await study.original(UUID(each["id"])) for each in instances}
        on_disc = {path.read_bytes() for path in (disc / "DICOM").glob("ST*/*")}
        assert originals <= on_disc
        assert len(originals) == len(instances)


async def test_the_same_cd_again_is_already_there(upload_page: Page, disc: Path) -> None:
    page = upload_page
    for words in ("7 files stored", "7 files already there"):
        await _choose(page, disc)
        await _upload(page)
        await expect(page.locator("[data-done-words]")).to_have_text(words)
        await page.get_by_role("button", name="Upload more").click()


async def test_an_examination_may_be_left_out(upload_page: Page, disc: Path) -> None:
    page = upload_page
    await _choose(page, disc)
    await page.get_by_label("CR · Thorax").uncheck()

    await _upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("5 files stored")


async def test_another_name_asks_whose_images_these_are(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    (image,) = slices(1, PatientName="Muster^Erika")
    _write(tmp_path / "married.dcm", image)
    page = upload_page
    await _choose(page, tmp_path / "married.dcm")

    await expect(page.get_by_text("other details than your profile")).to_be_visible()
    start = page.get_by_role("button", name="Upload", exact=True)
    await expect(start).to_be_disabled()
    await page.get_by_label("They are not mine").check()
    await expect(start).to_be_disabled()
    await page.get_by_label("They are mine").check()
    await _upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("1 file stored")


async def test_of_two_people_on_a_cd_only_ones_own_is_proposed(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """U5."""
    folder = tmp_path / "CD"
    _write(folder / "hers", slices(1)[0])
    _write(folder / "his", slices(1, seed=2, PatientName="Beispiel^Otto", PatientSex="M",
                                  StudyDescription="Knie")[0])  # fmt: skip
    page = upload_page
    await _choose(page, folder)

    await expect(page.get_by_text("images of several people")).to_be_visible()
    await expect(page.locator("[data-patient]")).to_have_count(2)
    await expect(page.get_by_label("Schädel nativ")).to_be_checked()
    await expect(page.get_by_label("Knie")).not_to_be_checked()
    await _upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("1 file stored")


async def test_damaged_files_and_disguised_programs_are_named_and_the_rest_is_kept(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """U3 and U4."""
    folder, files = tmp_path / "CD", slices(3, size=64)
    _write(folder / "good.dcm", files[0])
    _write(folder / "cut.dcm", files[1][: len(files[1]) - 3000])
    _write(folder / "program.dcm", b"MZ" + bytes(5000))
    _write(folder / "polyglot.dcm", b"MZ" + files[2][2:])
    page = upload_page
    await _choose(page, folder)
    await expect(page.locator("[data-refused]")).to_contain_text("CD/program.dcm – a program")

    await _upload(page)

    told = page.locator("[data-done-refused]")
    await expect(told).to_contain_text("CD/cut.dcm – it ends early")
    await expect(told).to_contain_text("CD/program.dcm – a program")
    await expect(page.locator("[data-done-words]")).to_contain_text("1 file stored")


def _zip(path: Path, entries: dict[str, bytes], link: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries.items():
            packed.writestr(name, data)
        if link:
            info = zipfile.ZipInfo(link)
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(info, "/etc/passwd")
    return path


async def test_a_zip_with_tricks_gives_its_images_and_nothing_else(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """U9: ways out of the folder, links, ZIPs in ZIPs."""
    files, inner = slices(2, size=64), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as nested:
        nested.writestr("more.dcm", files[1])
    packed = _zip(
        tmp_path / "study.zip",
        {"../../etc/cron.d/evil.dcm": files[0], "inner.zip": inner.getvalue()},
        link="innocent.dcm",
    )
    page = upload_page
    await _choose(page, packed)

    refused = page.locator("[data-refused]")
    await expect(refused).to_contain_text("study.zip › innocent.dcm – a link to another place")
    await expect(refused).to_contain_text("study.zip › inner.zip – a packed file inside")
    await expect(page.locator("[data-found-title]")).to_contain_text("1 examination found")
    await _upload(page)
    await expect(page.locator("[data-done-words]")).to_contain_text("1 file stored")
    await expect(page.locator("body")).not_to_contain_text("../")


async def test_bombs_and_crowds_in_a_zip_are_refused(upload_page: Page, tmp_path: Path) -> None:
    """U9."""
    bomb = _zip(tmp_path / "bomb.zip", {"a.dcm": bytes(80 * 2**20)})
    crowd = tmp_path / "crowd.zip"
    with zipfile.ZipFile(crowd, "w") as packed:
        for number in range(20_001):
            packed.writestr(str(number), b"")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(bomb.read_bytes()[:5000])
    page = upload_page
    await _choose(page, bomb, crowd, broken)

    refused = page.locator("[data-refused]")
    await expect(refused).to_contain_text("bomb.zip – this ZIP unpacks to far more", timeout=30_000)
    await expect(refused).to_contain_text("crowd.zip – this ZIP holds more than 20,000 files")
    await expect(refused).to_contain_text("broken.zip – this ZIP is damaged")
    await expect(page.locator("[data-found-title]")).to_contain_text("No examinations found")


@pytest.fixture
def busy_server(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A server that answers the first two parts and the others only when the event is set."""
    free, asked = asyncio.Event(), 0

    async def slowly(*given: Any) -> studies.PartReceipt:
        nonlocal asked
        asked += 1
        if asked > 2:
            await free.wait()
        return await studies.receive_part(*given)

    monkeypatch.setattr("portal.studies.routes.receive_part", slowly)
    return free


async def test_pause_goes_on_and_a_lost_sign_in_is_asked_for(  # noqa: PLR0917
    upload_page: Page, erika: Person, world: World, server: str, settings: Settings,
    tmp_path: Path, slices: Slices, complaints: Complaints, busy_server: asyncio.Event,
) -> None:  # fmt: skip
    """J6 step 5 and U8."""
    page, folder = upload_page, tmp_path / "CD"
    for number, data in enumerate(slices(24, size=1000)):
        _write(folder / f"IM{number}", data)
    await _choose(page, folder)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.locator("[data-overall] [data-progress-share]")).not_to_have_text("0 %")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("button", name="Go on")).to_be_visible()
    await keys.end_sessions(erika.actor.id)
    busy_server.set()
    await page.get_by_role("button", name="Go on").click()

    await expect(page.get_by_text("You were signed out meanwhile")).to_be_visible()
    erika.actor, erika.browser = await world.signs_in(erika.mail)
    await _signed_in(page.context, erika, settings, server)
    await page.get_by_role("button", name="Go on").click()

    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    await expect(page.locator("[data-done-words]")).to_have_text("24 files stored")
    complaints.heard = [each for each in complaints.heard if "401" not in each]


async def test_a_reloaded_page_goes_on_where_it_was(
    upload_page: Page, tmp_path: Path, slices: Slices, busy_server: asyncio.Event
) -> None:
    page, folder = upload_page, tmp_path / "CD"
    for number, data in enumerate(slices(24, size=1000)):
        _write(folder / f"IM{number}", data)
    await _choose(page, folder)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.locator("[data-overall] [data-progress-share]")).not_to_have_text("0 %")
    busy_server.set()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.reload()
    await _choose(page, folder)
    await _upload(page)

    told = await page.locator("[data-done-words]").inner_text()
    stored, there = (int(part.split()[0]) for part in told.split(", "))
    assert stored + there == 24
    assert there > 0


async def test_names_with_markup_stay_words(
    upload_page: Page, tmp_path: Path, slices: Slices, server: str
) -> None:
    markup = "<img src=x onerror=alert(1)>"
    (image,) = slices(1, PatientName=f"{markup}^Erika", StudyDescription=markup)
    _write(tmp_path / "<b>bold<b>.dcm", image)
    page = upload_page
    await _choose(page, tmp_path / "<b>bold<b>.dcm")
    await expect(page.locator("[data-found-title]")).to_contain_text(markup)
    await page.get_by_label("They are mine").check()
    await _upload(page)

    await page.goto(f"{server}/documents")
    await expect(page.locator("[data-study]")).to_contain_text(markup)
    assert await page.locator("img[src='x']").count() == 0
