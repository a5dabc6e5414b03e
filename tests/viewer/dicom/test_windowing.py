"""The formula of the standard, against values worked out by hand."""

import numpy as np
import pytest

from viewer.dicom.windowing import computed_window, voi8

VALUES = np.array([[-200, -160, 40, 239, 240, 1000]], np.int16)


def test_linear_is_the_pseudocode_of_the_standard() -> None:
    shown = voi8(VALUES, center=40, width=400)

    for value, grey in zip(VALUES[0], shown[0], strict=True):
        if value <= 40 - 0.5 - 399 / 2:
            expected = 0.0
        elif value > 40 - 0.5 + 399 / 2:
            expected = 255.0
        else:
            expected = ((float(value) - 39.5) / 399 + 0.5) * 255
        assert grey == round(expected)


def test_rescale_comes_first_and_inversion_last() -> None:
    stored = (VALUES + 1024).astype(np.int16)

    plain = voi8(VALUES, center=40, width=400)

    assert np.array_equal(voi8(stored, intercept=-1024, center=40, width=400), plain)
    inverted = voi8(VALUES, center=40, width=400, invert=True)
    assert np.abs(inverted.astype(int) + plain - 255).max() <= 1


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [("LINEAR_EXACT", 40, 128), ("LINEAR_EXACT", 240, 255), ("SIGMOID", 40, 128)],
)
def test_the_other_functions(function: str, value: int, expected: int) -> None:
    pixels = np.array([[value]], np.int16)

    assert voi8(pixels, center=40, width=400, function=function)[0, 0] == expected  # type: ignore[arg-type]


def test_a_width_of_one_is_a_threshold() -> None:
    pixels = np.array([[9, 10, 11]], np.int16)

    assert voi8(pixels, center=10.5, width=1).tolist() == [[0, 0, 255]]


def test_a_large_picture_is_shown_like_a_small_one() -> None:
    large = np.tile(np.arange(2048, dtype=np.uint16), (1024, 1))

    assert np.array_equal(
        voi8(large, center=1000, width=500)[-1], voi8(large[:1], center=1000, width=500)[0]
    )


def test_one_single_value_still_has_a_window() -> None:
    window = computed_window(np.full((4, 4), 7, np.uint16), 1.0, 0.0, None)

    assert window["width"] >= 1
