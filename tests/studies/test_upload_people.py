"""Whose images these are: asked when they name somebody else, and nothing is sent unasked."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    disc,
    erika,
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
