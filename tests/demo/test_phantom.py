"""The demo's images must pass for images, and for nobody's."""

from datetime import date
from io import BytesIO

import numpy as np
import pydicom
import pytest

from portal.demo import phantom

ERIKA = phantom.Person(
    name="Beispiel^Erika", birth_date=date(1956, 4, 1), sex="F", local_id="P-10442"
)


@pytest.fixture(scope="module")
def head() -> list[pydicom.Dataset]:
    files = phantom.head_ct(ERIKA, slices=16, side=96)
    return [pydicom.dcmread(BytesIO(file)) for file in files]


def test_the_head_has_a_brain_series_and_a_bone_series(head: list[pydicom.Dataset]) -> None:
    assert [each.SeriesNumber for each in head] == [2] * 16 + [3] * 8
    assert len({each.SOPInstanceUID for each in head}) == 24
    assert {each.StudyInstanceUID for each in head} == {head[0].StudyInstanceUID}
    assert str(head[0].PatientName) == "Beispiel^Erika"


def test_the_bleeding_is_on_the_left_and_denser_than_its_mirror_image(
    head: list[pydicom.Dataset],
) -> None:
    hounsfield = head[8].pixel_array.astype(int) + int(head[8].RescaleIntercept)
    y, x = round(96 * 0.485), round(96 * 0.645)

    assert np.mean(hounsfield[y - 1 : y + 2, x - 1 : x + 2]) > 55
    assert np.mean(hounsfield[y - 1 : y + 2, 95 - x - 1 : 95 - x + 2]) < 48


def test_the_same_images_come_out_every_time() -> None:
    again = [list(phantom.knee_mr(ERIKA, slices=4, side=64)) for _ in range(2)]

    assert again[0] == again[1]
