"""Every grey level on the screen against what DICOM PS3.3 says it should be."""

import io
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from tests.browser import poll
from tests.viewer.pages import Reader
from tests.viewer.volumes import FakeStudy, Pixels, grey_meta, head, htj2k, window
from viewer.study import ViewedStudy

Studies = dict[UUID, ViewedStudy]


async def test_the_picture_equals_the_file_pixel_by_pixel(reader: Reader, studies: Studies) -> None:
    volume = head(5)
    study = FakeStudy()
    study.add_volume("Axial", volume)
    studies[study.id] = study

    await reader.opens(study)

    shown = await reader.one_to_one(256, 256)
    expected = window(volume[2], 40, 400, intercept=-1024)
    assert (shown == expected[..., None]).all()
    neighbour = window(volume[3], 40, 400, intercept=-1024)
    assert (shown != neighbour[..., None]).mean() > 0.2


@pytest.mark.parametrize(("center", "width"), [(40, 80), (-600, 1500), (480, 2500)])
async def test_windows_are_exact(
    reader: Reader, studies: Studies, center: float, width: float
) -> None:
    volume = head(3)
    study = FakeStudy()
    study.add_volume("Axial", volume)
    studies[study.id] = study
    await reader.opens(study)

    await reader.shows(window={"center": center, "width": width})

    shown = await reader.one_to_one(256, 256)
    assert (shown == window(volume[1], center, width, intercept=-1024)[..., None]).all()


async def test_inverting_turns_every_grey_level_around(reader: Reader, studies: Studies) -> None:
    volume = head(3)
    study = FakeStudy()
    study.add_volume("Axial", volume)
    studies[study.id] = study
    await reader.opens(study)

    await reader.presses("i")

    shown = await reader.one_to_one(256, 256)
    assert (shown == 255 - window(volume[1], 40, 400, intercept=-1024)[..., None]).all()


async def test_every_slice_is_the_slice_it_says(reader: Reader, studies: Studies) -> None:
    volume = head(6)
    study = FakeStudy()
    study.add_volume("Axial", volume)
    studies[study.id] = study
    await reader.opens(study)

    await reader.presses("Home")
    for k in range(6):
        shown = await reader.one_to_one(256, 256)
        expected = window(volume[k], 40, 400, intercept=-1024)
        assert (shown == expected[..., None]).all(), k
        assert (await reader.view())["index"] == k
        await reader.presses("ArrowDown")


@pytest.mark.parametrize(
    ("kind", "meta"),
    [
        ("i2", {"rescale": {"slope": 1, "intercept": 0}}),
        ("u2", {"photometric": "MONOCHROME1"}),
        ("u2", {"rescale": None}),
        ("u1", {"bitsAllocated": 8, "bitsStored": 8, "rescale": None}),
        ("u2", {"rescale": {"slope": 2.0, "intercept": -1000.0}}),
    ],
    ids=["signed", "monochrome1", "no rescale", "eight bits", "slope"],
)
async def test_kinds_of_grey_pictures(
    reader: Reader, studies: Studies, kind: str, meta: dict[str, Any]
) -> None:
    pixels = _pixels(kind)
    level = {"center": 60, "width": 160} if kind == "u1" else {"center": 100, "width": 900}
    study = FakeStudy()
    series = study.add_series("Grey")
    described = grey_meta(pixels, windows=[{**level, "explanation": ""}], **meta)
    study.add(series, [htj2k(pixels)], described, pixels.shape)
    studies[study.id] = study

    await reader.opens(study)

    rescale = described["rescale"] or {"slope": 1, "intercept": 0}
    expected = window(pixels, level["center"], level["width"], **rescale_of(rescale))
    if described["photometric"] == "MONOCHROME1":
        expected = 255 - expected
    shown = await reader.one_to_one(*pixels.shape)
    assert (shown == expected[..., None]).all()


def rescale_of(rescale: dict[str, Any]) -> dict[str, float]:
    return {"slope": rescale["slope"], "intercept": rescale["intercept"]}


def _pixels(kind: str) -> Pixels:
    """The same head, moved to where values of that kind live."""
    volume = head(1)[0].astype("i4")
    moved = {"i2": volume - 1024, "u1": volume // 16, "u2": volume}
    pixels: Pixels = moved[kind].astype(kind)
    return pixels


COLOUR: dict[str, Any] = {
    "samples": 3,
    "bitsAllocated": 8,
    "bitsStored": 8,
    "signed": False,
    "photometric": "RGB",
    "rescale": None,
    "windows": [],
}


def _colourful() -> Pixels:
    y, x = np.mgrid[0:200, 0:240]
    return np.stack([x % 256, y % 256, (x + y) // 2 % 256], axis=-1).astype("u1")


async def test_colour_pictures_keep_their_colours(reader: Reader, studies: Studies) -> None:
    pixels = _colourful()
    study = FakeStudy()
    series = study.add_series("Colour", "US")
    study.add(series, [htj2k(pixels)], grey_meta(pixels, **COLOUR), (200, 240))
    studies[study.id] = study

    await reader.opens(study)

    shown = await reader.one_to_one(200, 240)
    assert (shown == pixels).all()


async def test_a_passed_through_jpeg_loop_shows_each_frame(
    reader: Reader, studies: Studies
) -> None:
    frames = [np.roll(_colourful(), 20 * k, axis=1) for k in range(4)]
    study = FakeStudy()
    series = study.add_series("Loop", "US")
    encoded = [_jpeg(frame) for frame in frames]
    study.add(series, encoded, grey_meta(frames[0], **COLOUR), (200, 240), codec="jpeg")
    studies[study.id] = study

    await reader.opens(study)
    await reader.presses("Home")

    for k in range(4):
        shown = (await reader.one_to_one(200, 240)).astype("i2")
        expected = np.asarray(Image.open(io.BytesIO(encoded[k]))).astype("i2")
        assert (abs(shown - expected) > 4).mean() < 0.01, k
        assert (await reader.view())["frame"] == k + 1
        await reader.presses("ArrowDown")


def _jpeg(pixels: Pixels) -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=90, subsampling=0)
    return held.getvalue()


async def test_an_instance_without_picture_says_so_in_words(
    reader: Reader, studies: Studies
) -> None:
    study = FakeStudy()
    series = study.add_volume("Axial", head(2))
    study.add_without_picture(series, "unsupported")
    studies[study.id] = study
    await reader.opens(study)

    await reader.page.locator(".hv").focus()
    await reader.page.keyboard.press("End")

    await poll(reader.page, "!document.querySelector('.hv-message').hidden")
    said = await reader.page.locator(".hv-message").inner_text()
    assert "cannot be shown" in said
    await reader.presses("ArrowUp")
    assert await reader.page.locator(".hv-message").is_hidden()


async def test_the_graphics_card_draws_the_same_picture(reader: Reader, studies: Studies) -> None:
    volume = head(3)
    study = FakeStudy()
    study.add_volume("Axial", volume)
    studies[study.id] = study
    await reader.page.add_init_script(
        """new MutationObserver(() => {
             const place = document.querySelector("[data-study]");
             if (place) place.dataset.renderer = "gpu";
           }).observe(document, { childList: true, subtree: true });"""
    )

    await reader.opens(study)

    assert await reader.page.get_attribute(".hv", "data-renderer") == "gpu"
    shown = (await reader.one_to_one(256, 256)).astype("i2")
    expected = window(volume[1], 40, 400, intercept=-1024).astype("i2")
    assert (abs(shown - expected[..., None]) > 1).mean() < 0.001
