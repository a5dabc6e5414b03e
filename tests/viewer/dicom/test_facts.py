"""The facts beside the pixels: places, lengths, windows, times, and the previews made with them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit

from tests.viewer.dicom.conftest import Reader
from tests.viewer.dicom.making import dataset, image, pixels, preview, written
from viewer.dicom import Reason, Undecodable
from viewer.dicom.windowing import voi8

RANDOM = np.random.default_rng(7)


def test_a_modality_table_is_applied_and_a_voi_table_becomes_a_window(reader: Reader) -> None:
    lut = Dataset()
    lut.LUTDescriptor, lut.ModalityLUTType = [16, 0, 16], "OD"
    lut.LUTData = (np.arange(16, dtype=np.uint16) * 100).tobytes()
    voi = Dataset()
    voi.LUTDescriptor, voi.LUTExplanation = [1000, 200, 8], "BONE"
    ramp = np.clip((np.arange(1000) - 300) / 400 * 255, 0, 255).astype(np.uint16)
    voi.LUTData = ramp.tobytes()
    values = np.arange(16, dtype=np.uint16).reshape(4, 4)
    for table in (lut, voi):
        table["LUTData"].VR = "OW"
    lut["LUTDescriptor"].VR = voi["LUTDescriptor"].VR = "US"

    found = reader.picture(
        image(values, ModalityLUTSequence=Sequence([lut]), VOILUTSequence=Sequence([voi]))
    )

    assert np.array_equal(pixels(found)[0], values * 100)
    assert found.meta["rescale"] == {"slope": 1.0, "intercept": 0.0, "type": "OD"}
    assert found.meta["modalityLut"]
    assert found.meta["voiLut"]
    (window,) = found.meta["windows"]
    assert window["explanation"] == "BONE"
    assert abs(window["center"] - 700) < 5
    assert abs(window["width"] - 400) < 15


def test_a_modality_table_also_counts_in_a_sequence_of_unknown_length(reader: Reader) -> None:
    lut = Dataset()
    lut.LUTDescriptor, lut.ModalityLUTType = [256, 0, 16], "US"
    lut.LUTData = (np.arange(256, dtype=np.uint16)[::-1] * 100).tobytes()
    lut["LUTData"].VR, lut["LUTDescriptor"].VR = "OW", "US"
    out = io.BytesIO()
    Image.fromarray(np.full((16, 16), 100, np.uint8)).save(out, "JPEG")
    ds = dataset(np.zeros((16, 16), np.uint8), ModalityLUTSequence=Sequence([lut]))
    ds["ModalityLUTSequence"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = encapsulate([out.getvalue()])
    ds["PixelData"].is_undefined_length = True

    found = reader.picture(written(ds))

    assert found.meta["codec"] == "htj2k"
    assert (pixels(found) == 15500).all()


def test_enhanced_frames_keep_their_own_place_window_and_rescale(reader: Reader) -> None:
    frames = Sequence()
    for n in range(3):
        item, place, window, values = Dataset(), Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, 2.5 * n]
        window.WindowCenter, window.WindowWidth = 40 + n, 400
        values.RescaleSlope, values.RescaleIntercept = 1 + n, -1024
        values.RescaleType = "HU"
        item.PlanePositionSequence = Sequence([place])
        item.FrameVOILUTSequence = Sequence([window])
        item.PixelValueTransformationSequence = Sequence([values])
        frames.append(item)
    shared, measures, plane = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.75], 2.5
    plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([plane])

    meta = reader.picture(
        image(
            np.zeros((3, 8, 8), np.uint16),
            SharedFunctionalGroupsSequence=Sequence([shared]),
            PerFrameFunctionalGroupsSequence=frames,
        )
    ).meta

    assert (meta["spacing"], meta["thickness"]) == ([0.5, 0.75], 2.5)
    assert meta["orientation"] == [1, 0, 0, 0, 1, 0]
    assert meta["rescale"] == {"slope": 1.0, "intercept": -1024.0, "type": "HU"}
    assert meta["perFrame"][0] == {}
    assert [frame.get("position") for frame in meta["perFrame"]] == [
        None,
        [0.0, 0.0, 2.5],
        [0.0, 0.0, 5.0],
    ]
    assert meta["perFrame"][2]["rescale"]["slope"] == 3
    assert meta["perFrame"][2]["windows"][0]["center"] == 42


@pytest.mark.parametrize(
    ("changes", "spacing", "kind"),
    [
        ({"PixelSpacing": [0.5, 0.6]}, [0.5, 0.6], "patient"),
        ({"ImagerPixelSpacing": [0.1, 0.1]}, [0.1, 0.1], "detector"),
        ({"ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.1, 0.1]}, [0.1, 0.1], "detector"),
        ({"ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.08, 0.08]}, [0.08, 0.08], "patient"),
        (
            {"ImagerPixelSpacing": [0.1, 0.1], "EstimatedRadiographicMagnificationFactor": "1.25"},
            [0.08, 0.08],
            "corrected",
        ),
        ({"NominalScannedPixelSpacing": [0.2, 0.2]}, [0.2, 0.2], "scanned"),
        ({}, None, "none"),
    ],
)
def test_lengths_refer_to_the_body_the_detector_or_nothing(
    reader: Reader, changes: dict[str, Any], spacing: list[float] | None, kind: str
) -> None:
    meta = reader.picture(image(**changes)).meta

    assert meta["spacingKind"] == kind
    assert meta["spacing"] == (pytest.approx(spacing) if spacing else None)


def test_frame_times_come_from_wherever_they_are_named(reader: Reader) -> None:
    def time(**changes: Any) -> Any:
        return reader.picture(image(np.zeros((3, 4, 4), np.uint8), **changes)).meta["frameTimeMs"]

    assert time(FrameTime="33.3") == 33.3
    assert time(FrameTimeVector=[0, 20, 40]) == 30
    assert time(CineRate="25") == 40
    assert time() is None


def test_the_preview_is_the_window_of_the_standard_in_the_proportions_of_the_body(
    reader: Reader,
) -> None:
    values = RANDOM.integers(0, 4096, (100, 60)).astype(np.int16)
    changes = {"WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": 1, "RescaleIntercept": -1024}

    plain = reader.picture(image(values, **changes))
    inverted = reader.picture(image(values, PhotometricInterpretation="MONOCHROME1", **changes))
    tall = reader.picture(image(values, PixelSpacing=[2, 1], **changes))

    expected = voi8(values, intercept=-1024, center=40, width=400)
    assert np.abs(preview(plain.preview_512).astype(int) - expected).mean() < 8
    assert np.abs(preview(inverted.preview_512).astype(int) - (255 - expected)).mean() < 8
    assert preview(tall.preview_512).shape == (200, 60)
    assert preview(tall.preview_128).shape == (128, 38)


def test_a_picture_without_window_gets_one_that_shows_it(reader: Reader) -> None:
    values = np.full((64, 64), -2000, np.int16)
    values[20:40, 20:40] = RANDOM.integers(100, 300, (20, 20))

    found = reader.picture(image(values, PixelPaddingValue=-2000))

    (window,) = found.meta["windows"]
    assert window["computed"]
    assert 100 < window["center"] < 300
    assert 150 < window["width"] < 210


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("multiframe/video-constructed/mpeg4-avc-h264.dcm", Reason.VIDEO),
        ("documents/encapsulated-pdf/pdf.dcm", Reason.NOT_IMAGE),
        ("documents/sr/test-SR.dcm", Reason.NOT_IMAGE),
        ("documents/ecg/waveform_ecg.dcm", Reason.NOT_IMAGE),
        ("documents/ko/kos_key_object_selection.dcm", Reason.NOT_IMAGE),
        ("documents/pr/prLUTs.dcm", Reason.NOT_IMAGE),
        ("documents/rt/rtplan.dcm", Reason.NOT_IMAGE),
    ],
)
def test_what_has_no_frames_says_so(reader: Reader, data: Path, path: str, reason: Reason) -> None:
    found = reader.canonical((data / path).read_bytes())

    assert isinstance(found, Undecodable)
    assert found.reason == reason
    assert found.meta["sop"]
