"""Whose images these are: asked when they name somebody else, and nothing is sent unasked."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from portal.core.settings import Settings
from portal.studies.models import Upload
from tests.browser import PHONE
from tests.people import Person
from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    disc,
    erika,
    signed_in,
    upload,
    upload_page,
    write,
)
from tests.viewer.pdf.making import pdf

__all__ = ["browser", "complaints", "disc", "erika", "upload_page"]

pytestmark = pytest.mark.one_engine


async def test_an_examination_may_be_left_out(upload_page: Page, disc: Path) -> None:
    page = upload_page
    await choose(page, disc)
    await page.get_by_label("CR · Thorax").uncheck()

    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("6 files stored")


async def test_another_name_asks_whose_images_these_are(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    (image,) = slices(1, PatientName="Muster^Erika")
    write(tmp_path / "married.dcm", image)
    page = upload_page
    await choose(page, tmp_path / "married.dcm")

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
    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("1 file stored")


async def test_whoever_cancels_uploads_nothing(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """J6 step 3, the third answer."""
    write(tmp_path / "stranger.dcm", slices(1, PatientName="Fremd^Otto", PatientSex="M")[0])
    page = upload_page
    await choose(page, tmp_path / "stranger.dcm")

    await page.get_by_role("button", name="Cancel, upload nothing").click()

    await expect(page.locator('[data-step="choose"]')).to_be_visible()
    await expect(page.locator('[data-step="found"]')).to_be_hidden()
    await expect(page.locator("#f-files")).to_be_focused()
    assert await Upload.all().count() == 0


async def test_on_a_phone_the_bar_leaves_the_page_to_what_was_found(
    erika: Person, browser: Browser, server: str, settings: Settings, disc: Path
) -> None:
    """U7, too: a folder cannot be chosen there, and the page says what can be done."""
    context = await browser.new_context(**PHONE)
    await signed_in(context, erika, settings, server)
    page = await context.new_page()
    await page.goto(f"{server}/upload")
    await expect(
        page.get_by_text("On phones a whole folder or CD cannot be chosen.")
    ).to_be_visible()
    await expect(page.locator("[data-address]")).to_have_text(server.split("//")[1] + "/upload")
    await expect(page.get_by_text("Choose a folder or CD")).to_be_hidden()
    await choose(page, disc / "DICOM" / "ST0" / "IM0", disc / "DICOM" / "ST1" / "IM1")
    await expect(page.locator("[data-quota]")).to_contain_text("free")

    bar, viewport = await page.locator(".upload-bar:visible").bounding_box(), page.viewport_size

    assert bar is not None
    assert viewport is not None
    assert bar["height"] <= viewport["height"] / 6
    await context.close()


async def test_of_two_people_on_a_cd_only_ones_own_is_proposed(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """U5."""
    folder = tmp_path / "CD"
    write(folder / "hers", slices(1)[0])
    write(folder / "his", slices(1, seed=2, PatientName="Beispiel^Otto", PatientSex="M",
                                  StudyDescription="Knie")[0])  # fmt: skip
    write(folder / "Befund.pdf", pdf(["Of whom?"]))
    page = upload_page
    await choose(page, folder)

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
    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("2 files stored")


async def test_of_several_strangers_on_a_cd_nobody_is_proposed(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """One of them may be oneself under a former name: whoever is ticked is asked about."""
    folder = tmp_path / "CD"
    for number, name in enumerate(("Otto", "Anna")):
        his = {
            "PatientName": f"Fremd^{name}",
            "PatientSex": "M",
            "StudyDescription": f"Knie {name}",
        }
        write(folder / name, slices(1, seed=number, **his)[0])
    page = upload_page
    await choose(page, folder)

    await expect(page.locator("[data-patient]")).to_have_count(2)
    for name in ("Otto", "Anna"):
        await expect(page.get_by_label(f"Knie {name}")).not_to_be_checked()
    await expect(page.locator("[data-start]")).to_be_disabled()
