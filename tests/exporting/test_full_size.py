"""Pictures and PDFs only: every image with every pixel, drawn when it is downloaded."""

import io
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
import pydicom
import pytest
from PIL import Image

from portal import studies
from portal.exporting import drawing
from portal.exporting.archive import Known
from portal.exporting.choosing import Choice, chosen
from portal.exporting.planning import planned
from tests.documents.test_documents import Erika
from tests.exporting.test_downloading import archive, opened
from tests.viewer.dicom.making import image
from viewer.dicom import Pool
from viewer.dicom.windowing import voi8

Slices = Callable[..., list[bytes]]
WITHOUT = "/download/archive?all=1"
PIXELS = np.arange(4 * 16 * 16, dtype=np.uint8).reshape(4, 16, 16)
pytestmark = pytest.mark.one_engine


async def keeps(erika: Erika, files: list[bytes]) -> studies.OpenStudy:
    """One examination, once its frames are made."""
    sent = await erika.sends([*files])
    study = await studies.open_own(erika.shelf, erika.actor, UUID(sent["studies"][0]))
    assert await studies.prepared(erika.shelf, study, 60.0)
    return await studies.open_own(erika.shelf, erika.actor, study.id)


async def pictures(erika: Erika) -> dict[str, bytes]:
    """By the ends of their names."""
    files = await opened(await archive(erika, WITHOUT))
    return {name[-18:]: each for name, each in files.items() if name.endswith(".jpg")} | {
        "README": files["README.txt"]
    }


def grey(data: bytes) -> Any:
    with Image.open(io.BytesIO(data)) as made:
        assert made.format == "JPEG"
        assert not made.getexif()
        return np.asarray(made, int)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What children were asked to draw."""
    asked, render = list[str](), Pool.render

    async def counted(pool: Pool, how: dict[str, Any], frame: bytes) -> bytes | None:
        asked.append(how["format"])
        return await render(pool, how, frame)

    monkeypatch.setattr(Pool, "render", counted)
    return asked


async def test_a_picture_has_every_pixel_in_the_window_of_its_file(
    erika: Erika, slices: Slices
) -> None:
    (file,) = slices(1, size=600, WindowCenter=700, WindowWidth=900)
    await keeps(erika, [file])
    found = pydicom.dcmread(io.BytesIO(file))

    files = await opened(await archive(erika, WITHOUT))

    (data,) = [each for name, each in files.items() if name.endswith("/001-00001.jpg")]
    slope, intercept = float(found.RescaleSlope), float(found.RescaleIntercept)
    shown = voi8(found.pixel_array, slope=slope, intercept=intercept, center=700, width=900)
    assert grey(data).shape == (600, 600)
    assert np.abs(grey(data) - shown).mean() < 12, "the same picture, a little coarser"
    assert "1 picture has every pixel" in files["README.txt"].decode()


async def test_colours_out_of_a_palette_are_the_colours(erika: Erika) -> None:
    half = np.zeros((16, 16), np.uint8)
    half[:, 8:] = 1
    told: dict[str, Any] = {}
    for name, last in (("Red", b"\xff\xff"), ("Green", b"\0\0"), ("Blue", b"\0\0")):
        told[f"{name}PaletteColorLookupTableDescriptor"] = [2, 0, 16]
        told[f"{name}PaletteColorLookupTableData"] = b"\0\0" + last
    await keeps(erika, [image(half, PhotometricInterpretation="PALETTE COLOR", **told)])

    (data,) = [each for name, each in (await pictures(erika)).items() if name != "README"]

    assert np.abs(grey(data)[8, 1] - [0, 0, 0]).max() < 16
    assert np.abs(grey(data)[8, 14] - [255, 0, 0]).max() < 16


async def test_it_is_drawn_for_the_download_and_goes_on_at_any_byte(
    erika: Erika, slices: Slices, drawn: list[str]
) -> None:
    """Also in a process that remembers nothing of the one before."""
    study = await keeps(erika, slices(3))
    drawn.clear()
    page = await erika.sees(f"/download/size?e={study.id.hex}")
    assert "about" in page
    assert drawn == []

    answer = await archive(erika, WITHOUT)
    whole, tag = await answer.get_data(as_text=False), answer.headers["ETag"]
    assert len(whole) == int(answer.headers["Content-Length"])
    assert drawn == ["jpeg"] * 3, "each once"
    for cut in (1, len(whole) // 2, len(whole) - 1):
        rest = await archive(erika, WITHOUT, Range=f"bytes={cut}-", **{"If-Range": tag})
        assert rest.status_code == 206
        assert await rest.get_data(as_text=False) == whole[cut:]

    everything = Choice(frozenset(), frozenset(), everything=True)
    entries = await chosen(erika.shelf, erika.actor, everything)
    plan = await planned(erika.shelf, erika.actor, Known(), entries, dicom=False)
    fresh = (await plan.sized()).archive
    again = b"".join([each async for each in fresh.stretches(0, fresh.size)])
    with zipfile.ZipFile(io.BytesIO(whole)) as one, zipfile.ZipFile(io.BytesIO(again)) as other:
        shown = [name for name in other.namelist() if name.endswith(".jpg")]
        assert len(shown) == 3
        assert [one.getinfo(each).CRC for each in one.namelist() if each.endswith(".jpg")] == [
            other.getinfo(each).CRC for each in shown
        ]


async def test_frames_are_numbered_and_long_ones_are_spread(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keeps(erika, [image(PIXELS)])
    assert [each[-8:] for each in await pictures(erika)] == [
        "0001.jpg", "0002.jpg", "0003.jpg", "0004.jpg", "README",
    ]  # fmt: skip

    monkeypatch.setattr(drawing, "MOST_FRAMES", 2)
    found = await pictures(erika)

    assert [each[-8:] for each in found] == ["0001.jpg", "0003.jpg", "README"]
    assert "evenly spread" in found["README"].decode()


async def test_what_is_too_much_for_one_archive_comes_small_and_says_so(
    erika: Erika, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keeps(erika, slices(2, size=600))
    with monkeypatch.context() as fewer:
        fewer.setattr(drawing, "MOST_DRAWN", 1)
        found = await pictures(erika)
    sides = sorted(grey(each).shape[0] for name, each in found.items() if name != "README")
    assert sides[0] < 600 == sides[1]
    assert "1 picture is the small one" in found["README"].decode()


async def test_what_cannot_be_drawn_comes_small_and_keeps_nobody_from_the_others(
    erika: Erika, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keeps(erika, slices(2, size=600))
    render = Pool.render
    refused = list[bytes]()

    async def not_that(pool: Pool, how: dict[str, Any], frame: bytes) -> bytes | None:
        refused.extend([] if refused else [frame])
        return None if frame in refused else await render(pool, how, frame)

    monkeypatch.setattr(Pool, "render", not_that)
    found = await pictures(erika)

    sides = sorted(grey(each).shape[0] for name, each in found.items() if name != "README")
    assert sides[0] < 600 == sides[1]
    assert "1 picture is the small one" in found["README"].decode()


async def test_of_what_was_thinned_there_is_what_was_kept(erika: Erika, drawn: list[str]) -> None:
    study = await keeps(erika, [image(PIXELS)])
    await studies.thin(erika.shelf, erika.actor, study.id)
    small = await studies.open_own(erika.shelf, erika.actor, study.id)
    ((one,),) = [each["instances"] for each in (await small.manifest())["series"]]
    kept = [await small.frame(UUID(one["id"]), number) for number in range(4)]
    drawn.clear()

    found = await pictures(erika)

    assert [each for name, each in found.items() if name != "README"] == kept
    assert drawn == []
