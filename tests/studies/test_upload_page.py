"""J6 in a real browser: a patient brings a CD, sees what is on it, keeps it, and loses nothing."""

import asyncio
import io
import re
import stat
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from portal import keys, studies
from portal.core.actor import AccountId
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.storing.models import Usage
from portal.studies.errors import TooManyParts
from portal.studies.requests import PartTurnstile
from tests.browser import DESKTOP, Complaints, browsing, poll
from tests.people import Person, World
from tests.viewer.dicom.making import parsed, written
from tests.viewer.pdf.making import encapsulated, pdf
from viewer.dicom import Header, Pool

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
    _write(folder / "DICOM" / "ST0" / "Befund Schädel.pdf", pdf(["Kein Nachweis einer Blutung"]))
    _write(folder / "DICOM" / "letter.pdf", b"written with a text editor")
    return folder


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


async def _choose(page: Page, *paths: Path) -> None:
    folder = len(paths) == 1 and paths[0].is_dir()
    field = page.locator("#f-folder" if folder else "#f-files")
    await field.set_input_files(paths[0] if folder else list(paths))


async def _is_named(refused: Locator, reason: str, name: str) -> None:
    """A file stands under its reason."""
    await expect(refused.locator("[data-reason]", has_text=reason)).to_contain_text(name)


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
    await expect(title).to_contain_text("1 document found")
    await expect(page.get_by_text("matches your profile")).to_be_visible()
    refused = page.locator("[data-refused]")
    await expect(refused).to_contain_text("2 files not understood")
    await _is_named(refused, "not an image in the format of hospitals", "CD/DICOM/NOTES")
    await _is_named(refused, "its name says PDF, but it is none", "CD/DICOM/letter.pdf")
    await expect(refused).to_contain_text("Skipped, not needed: 4 files")
    await expect(page.locator("[data-quota]")).to_contain_text("free")

    await _upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("8 files stored")
    not_taken = page.locator("[data-done-refused]")
    await expect(not_taken).to_contain_text("Not taken: 2 files")
    await _is_named(not_taken, "its name says PDF, but it is none", "CD/DICOM/letter.pdf")
    await expect(page.get_by_text("It is safe to close this page")).to_be_visible()
    await _opens_from_the_list(page)
    await page.get_by_role("link", name="Show my documents").click()
    await expect(page.locator("[data-study]")).to_have_count(2)
    await expect(page.locator("[data-study]").nth(1)).to_contain_text("5 images")
    lines = page.locator("[data-study], [data-document]")
    await expect(lines.nth(1)).to_contain_text("Schädel nativ")
    await expect(lines.nth(2)).to_contain_text("Befund Schädel")
    await expect(lines.nth(2)).to_contain_text("1 page")
    await page.get_by_role("link", name="Befund Schädel", exact=True).click()
    await expect(page.get_by_role("heading", name="Befund Schädel")).to_be_visible()
    await expect(page.get_by_alt_text("Page 1 of 1")).to_be_visible()
    await poll(page, "document.querySelector('.paper img').naturalWidth === 1200")
    await page.get_by_role("link", name="200 %").click()
    await poll(page, "document.querySelector('.paper img').naturalWidth === 2400")
    await page.get_by_text("Text of page 1").click()
    await expect(page.get_by_text("Kein Nachweis einer Blutung")).to_be_visible()
    await page.go_back()
    await page.go_back()
    await page.locator("[data-study]", has_text="Schädel nativ").get_by_role("link").first.click()
    await expect(page.locator(".hv-top-right")).to_contain_text("of 5", timeout=30_000)
    await poll(page, "document.querySelector('.hv-mark')?.dataset.quality === 'full'")
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    for found in await studies.my_studies(shelf, erika.actor):
        study = await studies.open_own(shelf, erika.actor, found.id)
        view = await study.manifest()
        instances = [each for series in view["series"] for each in series["instances"]]
        originals = {await study.original(UUID(each["id"])) for each in instances}
        on_disc = {path.read_bytes() for path in (disc / "DICOM").glob("ST*/IM*")}
        assert originals <= on_disc
        assert len(originals) == len(instances)


async def _opens_from_the_list(page: Page) -> None:
    """What was kept is named with the way to it."""
    kept = page.locator("[data-kept]")
    await expect(kept).to_have_count(3)
    await expect(kept.filter(has_text="Schädel nativ")).to_contain_text("5 images stored")
    await expect(kept.filter(has_text="Thorax")).to_contain_text("2 images stored")
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="Befund Schädel.pdf").click(modifiers=["ControlOrMeta"])
    document = await opened.value
    await expect(document.get_by_role("heading", name="Befund Schädel")).to_be_visible()
    await document.close()


async def test_the_same_cd_again_is_already_there(upload_page: Page, disc: Path) -> None:
    """Said before anything is sent, and counted nowhere; whoever sends it all the same may."""
    page = upload_page
    await _choose(page, disc)
    await expect(page.get_by_text("already there")).to_have_count(0)
    await _upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("8 files stored")
    await page.get_by_role("button", name="Upload more").click()

    await _choose(page, disc)

    found = page.locator("[data-examination], [data-paper]")
    await expect(found).to_have_count(3)
    await expect(found.get_by_text("already there", exact=True)).to_have_count(3)
    await expect(page.locator("[data-all-there]")).to_be_visible()
    await expect(page.locator("[data-quota]")).to_contain_text("0\u00a0MB to send")
    await expect(page.get_by_role("button", name="Upload", exact=True)).to_be_disabled()
    await page.get_by_role("checkbox", name="CT · Schädel nativ").check()
    await expect(page.locator("[data-quota]")).to_contain_text("0\u00a0MB to send")
    await _upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("5 files already there")


async def test_other_content_under_a_known_number_is_no_copy(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """The number alone does not tell: it stays ticked, and the page says which one is kept."""
    page, files = upload_page, slices(2)
    _write(tmp_path / "first" / "IM0", files[0])
    _write(tmp_path / "first" / "IM1", files[1])
    await _choose(page, tmp_path / "first")
    await _upload(page)
    await page.get_by_role("button", name="Upload more").click()
    changed = parsed(files[0])
    changed.PixelData = bytes(value ^ 1 for value in changed.PixelData)
    _write(tmp_path / "second" / "IM0", written(changed))
    _write(tmp_path / "second" / "IM1", files[1])
    assert len(written(changed)) == len(files[0])

    await _choose(page, tmp_path / "second")

    line, box = page.locator("[data-examination]"), page.get_by_role("checkbox")
    await expect(line).to_contain_text("1 of 2 already there")
    await expect(page.locator("[data-all-there]")).to_be_hidden()
    await expect(box).to_be_checked()
    await expect(box).to_have_accessible_description(
        "1 image with the same number but other content is stored already; that one will be kept"
    )
    await _upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("1 file already there")
    told = page.locator("[data-done-refused]")
    await _is_named(told, "same number but other content", "second/IM0")


async def test_frames_are_images_and_what_has_no_picture_is_none(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """A report of a scanner with a long private element before the rows, which it has not."""
    page = upload_page
    first, second = slices(2, size=16)
    many = parsed(first)
    frame, many.NumberOfFrames = many.PixelData, 10
    many.PixelData = frame * 10
    _write(tmp_path / "CD" / "many", _private(many))
    report = parsed(second)
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    report.file_meta.MediaStorageSOPClassUID = report.SOPClassUID
    report.Modality = "SR"
    for name in [each.keyword for each in report if each.tag.group in (0x0028, 0x7FE0)]:
        del report[name]
    _write(tmp_path / "CD" / "report", _private(report))

    await _choose(page, tmp_path / "CD")
    line = page.locator("[data-examination]")
    await expect(line).to_contain_text("10 images, 1 other object")
    await expect(page.locator("[data-found-title]")).to_contain_text("(10 images, 1 other object")
    await _upload(page)

    await expect(page.locator("[data-kept]")).to_contain_text("10 images, 1 other object stored")
    await page.get_by_role("link", name="Show my documents").click()
    study = page.locator("[data-study]")
    await expect(study).to_contain_text("10 images")
    await expect(study).to_contain_text(re.compile(r"1 other object \(\d+\u00a0kB\)"))
    await study.get_by_role("link").first.click()
    facts = page.locator(".hv-series-facts")
    await expect(facts).to_have_text(["Series 2 · CT · 10 images · 1 other object"])


def _private(ds: Dataset) -> bytes:
    """With as much of its maker's own before the rows as the first look at a file reads."""
    block = ds.private_block(0x0021, "MAKER", create=True)
    block.add_new(0x19, "OB", bytes(100_000))
    block.add_new(0x20, "OB", bytes(10))
    return written(ds)


async def test_what_came_since_is_all_that_a_cd_needs(
    upload_page: Page, disc: Path, slices: Slices
) -> None:
    page, new = upload_page, slices(6, size=64)
    (disc / "DICOM" / "ST0" / "IM0").unlink()
    finding = disc / "DICOM" / "ST0" / "Befund Schädel.pdf"
    later = finding.read_bytes()
    finding.unlink()
    await _choose(page, disc)
    await _upload(page)
    await page.get_by_role("button", name="Upload more").click()
    _write(disc / "DICOM" / "ST9" / "IM9", new[5])
    finding.write_bytes(later)

    await _choose(page, disc)

    lines = page.locator("[data-examination], [data-paper]")
    await expect(lines.filter(has_text="already there")).to_have_count(2)
    await expect(page.get_by_label("Befund Schädel.pdf")).to_be_checked()
    await _upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("2 files stored")
    await page.get_by_role("link", name="Show my documents").click()
    lines = page.locator("[data-study], [data-document]")
    await expect(lines.filter(has_text="Befund Schädel")).to_have_class("item item-beside")


async def test_an_examination_may_be_left_out(upload_page: Page, disc: Path) -> None:
    page = upload_page
    await _choose(page, disc)
    await page.get_by_label("CR · Thorax").uncheck()

    await _upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("6 files stored")


async def test_another_name_asks_whose_images_these_are(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    (image,) = slices(1, PatientName="Muster^Erika")
    _write(tmp_path / "married.dcm", image)
    page = upload_page
    await _choose(page, tmp_path / "married.dcm")

    await expect(page.get_by_text("other details than your profile")).to_be_visible()
    start = page.get_by_role("button", name="Upload", exact=True)
    examination = page.get_by_role("checkbox", name="CT · Schädel nativ")
    await expect(start).to_be_disabled()
    await page.get_by_label("They are not mine").check()
    await expect(examination).not_to_be_checked()
    await expect(start).to_be_disabled()
    await expect(page.locator("[data-quota-problem]")).to_have_text("Nothing is ticked.")
    await page.get_by_label("They are mine").check()
    await expect(examination).to_be_checked()
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
    _write(folder / "Befund.pdf", pdf(["Of whom?"]))
    page = upload_page
    await _choose(page, folder)

    await expect(page.get_by_text("images of several people")).to_be_visible()
    await expect(page.locator("[data-patient]")).to_have_count(2)
    await expect(page.get_by_label("Schädel nativ")).to_be_checked()
    await expect(page.get_by_label("Knie")).not_to_be_checked()
    finding = page.get_by_role("checkbox", name="Befund.pdf")
    await expect(finding).not_to_be_checked()
    await expect(finding).to_have_accessible_description(
        "Nothing says whose document this is, so it is left out. If it is yours, tick it."
    )
    await finding.check()
    await _upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("2 files stored")


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
    before = page.locator("[data-refused]")
    await expect(before).to_contain_text("3 files not understood")
    await _is_named(before, "it ends early", "CD/cut.dcm")
    await _is_named(before, "a program", "CD/program.dcm")
    await _is_named(before, "a program", "CD/polyglot.dcm")

    await _upload(page)

    told = page.locator("[data-done-refused]")
    await expect(told).to_contain_text("Not taken: 3 files")
    await _is_named(told, "it ends early", "CD/cut.dcm")
    await _is_named(told, "a program", "CD/program.dcm")
    await expect(page.locator("[data-done-words]")).to_contain_text("1 file stored")


async def test_old_and_deflated_files_are_looked_into_like_others(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """Without preamble, without file meta, deflated: the server takes them all."""
    folder, files = tmp_path / "CD", slices(4, size=64)
    packed = parsed(files[3])
    packed.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    meta = 132 + 12 + int.from_bytes(files[2][140:144], "little")
    for name, data in {"whole": files[0], "no_preamble": files[1][132:], "no_meta": files[2][meta:],
                       "deflated": written(packed)}.items():  # fmt: skip
        _write(folder / name, data)
    page = upload_page
    await _choose(page, folder)
    await expect(page.locator("[data-found-title]")).to_contain_text("(4 images")

    await _upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("4 files stored")


async def test_the_page_holds_nothing_back_that_the_server_would_take(
    upload_page: Page, shared: Path
) -> None:
    """The page only looks at the beginning of a file; of real and broken ones alike it is right."""
    page, named = upload_page, list[str]()
    for folder in ("broken", "compressed", "us"):
        await _choose(page, shared / folder)
        await expect(page.locator("[data-found-title]")).to_contain_text("examination")
        lines = page.locator("[data-reason] li")
        named += await lines.evaluate_all("lines => lines.map((line) => line.textContent)")
        await page.get_by_role("button", name="Choose something else").click()

    async with Pool(1) as pool:
        answers = await pool.inspect([(shared / name).read_bytes() for name in named])
    taken = [name for name, said in zip(named, answers, strict=True) if isinstance(said, Header)]
    assert taken == []
    assert len(named) > 50


async def test_a_finding_inside_the_images_is_a_document_and_opens_in_the_viewer(
    upload_page: Page, tmp_path: Path
) -> None:
    about = {"PatientName": "Beispiel^Erika", "PatientBirthDate": "19560401", "PatientSex": "F"}
    _write(tmp_path / "report.dcm", encapsulated(pdf(["Kein Nachweis einer Blutung"]), **about))
    page = upload_page
    await _choose(page, tmp_path / "report.dcm")
    line = page.locator("[data-examination]")
    await expect(line).to_contain_text("Document")
    await expect(line).to_contain_text("1 document")
    await expect(line).not_to_contain_text("image")
    await _upload(page)
    await page.get_by_role("link", name="Show my documents").click()
    entry = page.locator("[data-study]")
    await expect(entry).to_contain_text("1 document")
    await expect(entry).not_to_contain_text("image")

    await entry.get_by_role("link", name="Document").first.click()
    await page.get_by_role("link", name="Show the document").click()

    await expect(page.get_by_role("heading", name="Report of the scanner")).to_be_visible()
    await poll(page, "document.querySelector('.paper img').naturalWidth === 1200")
    await page.get_by_text("Text of page 1").click()
    await expect(page.get_by_text("Kein Nachweis einer Blutung")).to_be_visible()


async def test_the_page_writes_sizes_as_the_server_does(
    upload_page: Page, erika: Person, tmp_path: Path, slices: Slices
) -> None:
    page, image = upload_page, tmp_path / "image.dcm"
    _write(image, slices(1)[0])
    await Usage.create(account=erika.actor.id, used=0, allowed=1022 * 2**20 + 2**19)
    for language, free in (("English", "1,023\u00a0MB"), ("Deutsch", "1.023\u00a0MB")):
        await page.get_by_label("My account").or_(page.get_by_label("Mein Konto")).click()
        await page.get_by_role("button", name=language).click()
        await expect(page.locator("[data-step=choose]")).to_contain_text(free)
        await _choose(page, image)
        await expect(page.locator("[data-quota]")).to_contain_text(free)


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
        {
            "good.dcm": files[0],
            "../../etc/cron.d/evil.dcm": files[1],
            "../x": b"out",
            "C:\\\\run.exe": b"MZ",
            "inner.zip": inner.getvalue(),
        },
        link="innocent.dcm",
    )
    page = upload_page
    await _choose(page, packed)

    refused = page.locator("[data-refused]")
    await _is_named(refused, "a link to another place", "study.zip › innocent.dcm")
    await _is_named(refused, "a packed file inside", "study.zip › inner.zip")
    for name in ("etc/cron.d/evil.dcm", "x", "C:/run.exe"):
        await _is_named(refused, "unsafe path", f"study.zip › {name}")
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
    await expect(refused).to_contain_text("this ZIP unpacks to far more", timeout=30_000)
    await _is_named(refused, "this ZIP unpacks to far more", "bomb.zip")
    await _is_named(refused, "this ZIP holds more than 20,000 files", "crowd.zip")
    await _is_named(refused, "this ZIP is damaged", "broken.zip")
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
    await expect(page.get_by_role("button", name="Go on")).to_be_focused()
    await expect(page.locator("[data-overall]")).to_contain_text("Paused")
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


async def test_a_server_that_is_busy_is_waited_for(
    upload_page: Page, tmp_path: Path, slices: Slices, complaints: Complaints,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Refused before the part is read: the page waits as long as it was told and sends it again."""
    came, busy = list[float](), asyncio.Event()
    through = PartTurnstile.through
    busy.set()

    async def turned(self: PartTurnstile, account: AccountId) -> AbstractContextManager[None]:
        came.append(monotonic())
        if busy.is_set():
            raise TooManyParts(retry_after=3)
        return await through(self, account)

    monkeypatch.setattr(PartTurnstile, "through", turned)
    page = upload_page
    _write(tmp_path / "image.dcm", slices(1, size=1000)[0])
    await _choose(page, tmp_path / "image.dcm")
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_text("Many are sending at the moment")).to_be_visible()
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    busy.clear()

    await expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    await expect(page.locator("[data-done-words]")).to_have_text("1 file stored")
    assert len(came) == 2
    assert came[1] - came[0] >= 3
    complaints.heard = [each for each in complaints.heard if "429" not in each]


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
