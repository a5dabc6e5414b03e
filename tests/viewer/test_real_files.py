"""Files from scanners, all the way: `viewer.dicom` prepares them, the browser shows them."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from tests.viewer.pages import Reader
from tests.viewer.volumes import FakeStudy, window
from viewer.dicom import Canonical, Pool
from viewer.study import ViewedStudy

DATA: Final = Path(__file__).parents[3] / "shared" / "data"

GREY: Final = ("ct/philips-head-phantom", "mr/ge-signa-16slice", "pet/qin-headneck-wb")
"""Small enough to lie on the screen pixel by pixel."""


async def _study_of(path: Path) -> tuple[FakeStudy, Canonical]:
    async with Pool(workers=1) as pool:
        made = await pool.canonical(path.read_bytes())
    assert isinstance(made, Canonical)
    study = FakeStudy()
    series = study.add_series("As scanned", made.meta["modality"])
    study.add(
        series,
        [bytes(frame.data) for frame in made.frames],
        made.meta,
        (made.meta["rows"], made.meta["columns"]),
        codec=made.meta["codec"],
    )
    return study, made


def _first_file(folder: str) -> Path:
    found = sorted(path for path in (DATA / folder).rglob("*") if path.suffix in {"", ".dcm"})
    files = [path for path in found if path.is_file()]
    if not files:
        pytest.skip("needs the test data in ../shared/data")
    return files[0]


def _expected(path: Path, meta: dict[str, Any]) -> NDArray[np.uint8]:
    """The file's own window over its own pixels, by pydicom and numpy alone."""
    dataset = pydicom.dcmread(path)
    level = meta["windows"][0]
    grey = window(
        dataset.pixel_array,
        level["center"],
        level["width"],
        slope=float(dataset.get("RescaleSlope", 1)),
        intercept=float(dataset.get("RescaleIntercept", 0)),
    )
    return 255 - grey if meta["photometric"] == "MONOCHROME1" else grey


@pytest.mark.parametrize("folder", GREY)
async def test_a_scanners_picture_is_shown_as_the_file_says(
    reader: Reader, studies: dict[UUID, ViewedStudy], folder: str
) -> None:
    path = _first_file(folder)
    study, made = await _study_of(path)
    studies[study.id] = study
    expected = _expected(path, made.meta)

    await reader.opens(study)

    shown = await reader.one_to_one(*expected.shape)
    difference = abs(shown.astype("i2") - expected[..., None].astype("i2"))
    assert (difference > 1).mean() < 0.001
