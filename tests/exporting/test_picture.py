"""One image as a picture: as bright as on the screen, with every pixel, and only of one's own."""

import io
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import Browser, expect
from quart import Response

from portal import studies
from tests.browser import DESKTOP, PHONE, Complaints, browsing, poll
from tests.documents.test_documents import Erika
from tests.exporting.test_in_browser import sits
from tests.people import World
from viewer.dicom.windowing import voi8

Slices = Callable[..., list[bytes]]
RESCALE = (("RescaleSlope", 1), ("RescaleIntercept", 0))
FULL = "document.querySelector('.hv-mark')?.dataset.quality === 'full'"


async def kept(erika: Erika, files: list[bytes]) -> tuple[UUID, UUID]:
    """The study and its first image, once its frames are made."""
    sent = await erika.sends([*files])
    study = await studies.open_own(erika.shelf, erika.actor, UUID(sent["studies"][0]))
    assert await studies.prepared(erika.shelf, study, 60.0)
    (series,) = (await study.manifest())["series"]
    return study.id, UUID(series["instances"][0]["id"])


def windowed(file: bytes, *, center: float, width: float) -> NDArray[np.uint8]:
    """What a reader sees of it in that window (PS3.3 C.11.2)."""
    found = pydicom.dcmread(io.BytesIO(file))
    slope, intercept = (float(found.get(each, else_)) for each, else_ in RESCALE)
    return voi8(found.pixel_array, slope=slope, intercept=intercept, center=center, width=width)


async def drawn(answer: Response) -> Image.Image:
    assert answer.status_code == 200
    return Image.open(io.BytesIO(await answer.get_data(as_text=False)))


async def test_a_png_holds_every_pixel_in_the_window_that_was_asked_for(
    erika: Erika, slices: Slices
) -> None:
    (file,) = slices(1)
    study, image = await kept(erika, [file])
    path = f"/download/picture/{study}/{image}/0"
    shown = windowed(file, center=700, width=900)

    answer = await erika.person.browser.get(f"{path}?as=png&center=700&width=900")
    png = await drawn(answer)
    assert np.array_equal(np.asarray(png), shown)
    assert png.info == {}, "beside the pixels it says nothing"
    assert answer.headers["Content-Disposition"].startswith(
        'attachment; filename="HealthDataSpace-'
    )

    swapped = await erika.person.browser.get(f"{path}?center=700&width=900&invert=1")
    assert np.array_equal(np.asarray(await drawn(swapped)), 255 - shown)

    jpeg = await drawn(await erika.person.browser.get(f"{path}?as=jpeg&center=700&width=900"))
    assert (jpeg.format, jpeg.size) == ("JPEG", png.size)
    assert np.abs(np.asarray(jpeg, int) - shown).mean() < 12, "the same picture, a little coarser"
    assert not jpeg.getexif()


async def test_a_picture_has_the_proportions_of_the_body(erika: Erika, slices: Slices) -> None:
    """Pixels twice as high as wide become two each: nothing is left out."""
    study, image = await kept(erika, slices(1, PixelSpacing=[1.0, 0.5]))
    answer = await erika.person.browser.get(f"/download/picture/{study}/{image}/0")
    assert (await drawn(answer)).size == (32, 64)


@pytest.mark.parametrize(
    "look", ["as=svg", "center=40", "center=nan&width=1", "center=4&width=0", "center=x&width=4"]
)
async def test_what_is_no_look_is_refused(erika: Erika, slices: Slices, look: str) -> None:
    study, image = await kept(erika, slices(1))
    answer = await erika.person.browser.get(f"/download/picture/{study}/{image}/0?{look}")
    assert answer.status_code == 422


@pytest.mark.one_engine
async def test_whoever_sees_it_in_a_case_is_neither_offered_it_nor_given_it(
    world: World, slices: Slices
) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    shelf = world.app.extensions["hds"]["shelf"]
    study, image = await kept(Erika(ada, shelf, world.settings.object_folder), slices(1))
    await ada.opens("Is this a fracture?", in_=board, about=[study])
    seen = await (await ada.browser.get(f"/v/{study}")).get_data(as_text=True)
    shared = await (await ben.browser.get(f"/v/{study}")).get_data(as_text=True)

    assert 'data-downloads="/download"' in seen
    assert "data-base" in shared
    assert "data-downloads" not in shared
    path = f"/download/picture/{study}/{image}/0"
    assert (await ada.browser.get(path)).status_code == 200
    assert (await ben.browser.get(path)).status_code == 404


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_viewer_offers_the_image_as_it_stands_on_the_screen(
    world: World, server: str, browser: Browser, erika: Erika, slices: Slices, screen: object
) -> None:
    """By key on a desk, by finger on a phone."""
    (file,) = slices(1)
    study, image = await kept(erika, [file])
    complaints = Complaints()
    page = await sits(browser, world, erika, complaints, screen)
    await page.goto(f"{server}/v/{study}")
    await poll(page, FULL)
    view = await page.evaluate("viewer.currentView()")
    await page.evaluate(
        "(view) => viewer.show(view)", {**view, "window": {"center": 700, "width": 900}}
    )
    await poll(page, "viewer.currentView().window.width === 900")

    if screen is DESKTOP:
        await page.keyboard.press("d")
    else:
        await page.get_by_role("button", name="Download").click()
    dialog = page.get_by_role("dialog", name="Download")
    series = dialog.get_by_role("link", name="This series …")
    await expect(series).to_have_attribute("href", f"/download/size?e={study.hex}&s={image.hex}")
    whole = dialog.get_by_role("link", name="This examination …")
    await expect(whole).to_have_attribute("href", f"/download/size?e={study.hex}")
    dicom = dialog.get_by_role("link", name="This image as DICOM file")
    await expect(dicom).to_have_attribute("href", f"/v/{study}/i/{image}/original")
    async with page.expect_download() as started:
        await dialog.get_by_role("link", name="This image as PNG").click()
    download = await started.value
    with Image.open(await download.path()) as made:
        assert np.array_equal(np.asarray(made), windowed(file, center=700, width=900))
    assert download.suggested_filename.endswith(".png")
    await expect(dialog).to_be_hidden()
    assert complaints.heard == []
