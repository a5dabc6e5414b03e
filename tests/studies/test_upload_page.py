"""J6 in a real browser: a patient brings a CD, sees what is on it, keeps it, and loses nothing."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from pydicom.dataset import Dataset

from portal import studies
from portal.storing.models import Usage
from tests.browser import poll
from tests.people import Person, World
from tests.studies.reading import originals_in
from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    disc,
    erika,
    is_named,
    upload,
    upload_page,
    write,
)
from tests.viewer.dicom.making import parsed, written
from tests.viewer.pdf.making import encapsulated, pdf

__all__ = ["browser", "complaints", "disc", "erika", "upload_page"]


@pytest.mark.every_engine
async def test_a_whole_cd_is_looked_at_and_kept(
    upload_page: Page, disc: Path, erika: Person, world: World, server: str
) -> None:
    page = upload_page
    await choose(page, disc)

    title = page.locator("[data-found-title]")
    await expect(title).to_have_text("2 examinations found, 1 document found")
    skull = page.locator("[data-examination]", has_text="CT · Schädel nativ · 12 March 2026")
    await expect(skull).to_contain_text("5 images")
    await expect(page.get_by_text("matches your profile")).to_be_visible()
    refused = page.locator("[data-refused]")
    await expect(refused).to_contain_text("2 files not understood")
    await is_named(refused, "not an image in the format of hospitals", "CD/DICOM/NOTES")
    await is_named(refused, "its name says PDF, but it is none", "CD/DICOM/letter.pdf")
    await expect(refused).to_contain_text("Skipped, not needed: 4 files")
    await expect(page.locator("[data-quota]")).to_contain_text("free")

    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("8 files stored")
    not_taken = page.locator("[data-done-refused]")
    await expect(not_taken).to_contain_text("Not taken: 2 files")
    await is_named(not_taken, "its name says PDF, but it is none", "CD/DICOM/letter.pdf")
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
        originals = await originals_in(study)
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
    await choose(page, disc)
    await expect(page.get_by_text("already there")).to_have_count(0)
    await upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("8 files stored")
    await page.get_by_role("button", name="Upload more").click()

    await choose(page, disc)

    found = page.locator("[data-examination], [data-paper]")
    await expect(found).to_have_count(3)
    await expect(found.get_by_text("already there", exact=True)).to_have_count(3)
    await expect(page.locator("[data-all-there]")).to_be_visible()
    await expect(page.locator("[data-quota]")).to_contain_text("0\u00a0MB to send")
    await expect(page.get_by_role("button", name="Upload", exact=True)).to_be_disabled()
    await page.get_by_role("checkbox", name="CT · Schädel nativ").check()
    await expect(page.locator("[data-quota]")).to_contain_text("0\u00a0MB to send")
    await upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("5 files already there")


async def test_other_content_under_a_known_number_is_no_copy(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """The number alone does not tell: it stays ticked, and the page says which one is kept."""
    page, files = upload_page, slices(2)
    write(tmp_path / "first" / "IM0", files[0])
    write(tmp_path / "first" / "IM1", files[1])
    await choose(page, tmp_path / "first")
    await upload(page)
    await page.get_by_role("button", name="Upload more").click()
    changed = parsed(files[0])
    changed.PixelData = bytes(value ^ 1 for value in changed.PixelData)
    write(tmp_path / "second" / "IM0", written(changed))
    write(tmp_path / "second" / "IM1", files[1])
    assert len(written(changed)) == len(files[0])

    await choose(page, tmp_path / "second")

    line, box = page.locator("[data-examination]"), page.get_by_role("checkbox")
    await expect(line).to_contain_text("1 of 2 already there")
    await expect(page.locator("[data-all-there]")).to_be_hidden()
    await expect(box).to_be_checked()
    await expect(box).to_have_accessible_description(
        "1 image with the same number but other content is stored already; that one will be kept"
    )
    await upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("1 file already there")
    told = page.locator("[data-done-refused]")
    await is_named(told, "same number but other content", "second/IM0")


async def test_frames_are_images_and_what_has_no_picture_is_none(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """A report of a scanner with a long private element before the rows, which it has not."""
    page = upload_page
    first, second = slices(2, size=16)
    many = parsed(first)
    frame, many.NumberOfFrames = many.PixelData, 10
    many.PixelData = frame * 10
    write(tmp_path / "CD" / "many", _private(many))
    report = parsed(second)
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    report.file_meta.MediaStorageSOPClassUID = report.SOPClassUID
    report.Modality = "SR"
    for name in [each.keyword for each in report if each.tag.group in (0x0028, 0x7FE0)]:
        del report[name]
    write(tmp_path / "CD" / "report", _private(report))

    await choose(page, tmp_path / "CD")
    line = page.locator("[data-examination]")
    await expect(line).to_contain_text("10 images, 1 document")
    await upload(page)

    await expect(page.locator("[data-kept]")).to_contain_text("10 images, 1 document stored")
    await page.get_by_role("link", name="Show my documents").click()
    study = page.locator("[data-study]")
    await expect(study).to_contain_text("10 images")
    await expect(study).to_contain_text("1 document")
    await study.get_by_role("link").first.click()
    facts = page.locator(".hv-series-facts")
    await expect(facts).to_have_text(["Series 2 · CT · 10 images · 1 document"])


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
    await choose(page, disc)
    await upload(page)
    await page.get_by_role("button", name="Upload more").click()
    write(disc / "DICOM" / "ST9" / "IM9", new[5])
    finding.write_bytes(later)

    await choose(page, disc)

    lines = page.locator("[data-examination], [data-paper]")
    await expect(lines.filter(has_text="already there")).to_have_count(2)
    await expect(page.get_by_label("Befund Schädel.pdf")).to_be_checked()
    await upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("2 files stored")
    await page.get_by_role("link", name="Show my documents").click()
    lines = page.locator("[data-study], [data-document]")
    await expect(lines.filter(has_text="Befund Schädel")).to_have_class("item item-beside")


async def test_a_finding_inside_the_images_is_a_document_and_opens_in_the_viewer(
    upload_page: Page, tmp_path: Path
) -> None:
    about = {"PatientName": "Beispiel^Erika", "PatientBirthDate": "19560401", "PatientSex": "F"}
    write(tmp_path / "report.dcm", encapsulated(pdf(["Kein Nachweis einer Blutung"]), **about))
    page = upload_page
    await choose(page, tmp_path / "report.dcm")
    line = page.locator("[data-examination]")
    await expect(line).to_contain_text("Document")
    await expect(line).to_contain_text("1 document")
    await expect(line).not_to_contain_text("image")
    await upload(page)
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
    write(image, slices(1)[0])
    await Usage.create(account=erika.actor.id, used=0, allowed=1022 * 2**20 + 2**19)
    for language, free in (("English", "1,023\u00a0MB"), ("Deutsch", "1.023\u00a0MB")):
        await page.get_by_label("My account").or_(page.get_by_label("Mein Konto")).click()
        await page.get_by_role("button", name=language).click()
        await expect(page.locator("[data-step=choose]")).to_contain_text(free)
        await choose(page, image)
        await expect(page.locator("[data-quota]")).to_contain_text(free)


async def test_a_folder_that_is_dropped_is_looked_at_with_everything_in_it(
    upload_page: Page, disc: Path
) -> None:
    """As a hand does it: the browser itself brings the folder, and the page walks through it."""
    page = upload_page
    zone = await page.locator("[data-drop]").bounding_box()
    assert zone is not None
    hand = await page.context.new_cdp_session(page)
    held = {"items": [], "files": [str(disc)], "dragOperationsMask": 1}
    place = {"x": zone["x"] + zone["width"] / 2, "y": zone["y"] + zone["height"] / 2}
    for kind in ("dragEnter", "dragOver"):
        await hand.send("Input.dispatchDragEvent", {"type": kind, "data": held, **place})
    await expect(page.locator("[data-drop][data-over]")).to_be_visible()
    await hand.send("Input.dispatchDragEvent", {"type": "drop", "data": held, **place})

    title = page.locator("[data-found-title]")
    await expect(title).to_have_text("2 examinations found, 1 document found")
    refused = page.locator("[data-refused]")
    await is_named(refused, "its name says PDF, but it is none", "CD/DICOM/letter.pdf")
    await upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("8 files stored")
