"""A photo from the folder to its page, in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.documents.test_photos import HEIC, SVG
from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    erika,
    upload,
    upload_page,
    write,
)
from tests.viewer.photos.making import photo, telling

__all__ = ["browser", "complaints", "erika", "upload_page"]

pytestmark = pytest.mark.one_engine


async def test_a_photo_is_uploaded_looked_at_and_cleaned_in_a_browser(
    upload_page: Page, tmp_path: Path
) -> None:
    write(tmp_path / "Knie.jpg", telling())
    write(tmp_path / "Knie.heic", HEIC)
    write(tmp_path / "Knie.svg.jpg", SVG)
    page = upload_page
    await choose(page, tmp_path)
    refused = page.locator("[data-refused]")
    await expect(refused).to_contain_text("HEIC")
    await expect(refused).to_contain_text("its name says picture, but it is none")
    await upload(page)
    await page.get_by_role("link", name="Knie.jpg").click()
    picture = page.get_by_role("img", name="Knie")
    await expect(picture).to_be_visible()

    await page.get_by_role("button", name="Remove these data").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove these data").click()

    await expect(page.get_by_text("this photo tells nothing")).to_be_visible()
    await page.get_by_role("link", name="200 %").click()
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 60


async def test_pictures_of_a_viewer_program_are_not_kept_beside_images(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """Its buttons are pictures, too; by itself such a picture is taken."""
    write(tmp_path / "CD" / "IM0", slices(1, size=64)[0])
    write(tmp_path / "CD" / "VIEWER" / "button.png", photo("PNG"))
    page = upload_page
    await choose(page, tmp_path / "CD")
    await expect(page.locator("[data-refused]")).to_contain_text("among the files of a viewer")
    await upload(page)
    await expect(page.locator("[data-done-words]")).to_have_text("1 file stored")


async def test_the_pictures_of_a_cd_without_images_are_kept_as_documents(
    upload_page: Page, tmp_path: Path
) -> None:
    """J6 U1: the page says what is missing, and what photos tell is removed before it is stored."""
    for number in range(3):
        write(tmp_path / "CD" / "BILDER" / f"Bild {number}.jpg", telling(orientation=number + 1))
    write(tmp_path / "CD" / "VIEWER" / "viewer.exe", b"MZ" + bytes(500))
    page = upload_page
    await choose(page, tmp_path / "CD")
    await expect(page.get_by_text("There are only ordinary pictures here.")).to_be_visible()
    for number in range(3):
        await expect(page.get_by_role("checkbox", name=f"Bild {number}.jpg")).to_be_checked()
    await page.get_by_label("Remove place, camera and time from photos").check()
    await page.get_by_role("checkbox", name="Bild 2.jpg").uncheck()

    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("2 files stored")
    await page.goto(page.url.replace("/upload", "/documents"))
    await page.get_by_role("link", name="Bild 1", exact=True).click()
    await expect(page.get_by_text("this photo tells nothing")).to_be_visible()
