"""The data set of a file as DICOM JSON is what pydicom reads from the file."""

import io
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ImplicitVRLittleEndian
from pydicom.valuerep import DSfloat

from tests.viewer.dicom.conftest import Reader
from tests.viewer.dicom.making import dataset, sample, written
from viewer.dicom import Canonical, Refused

SAMPLES: Final = (
    "JPEG2000.dcm", "JPEG-lossy.dcm", "MR_small_RLE.dcm", "image_dfl.dcm", "SC_rgb_jpeg_gdcm.dcm",
    "rtplan.dcm", "examples_overlay.dcm", "MR_small_bigendian.dcm", "test-SR.dcm", "CT_small.dcm",
)  # fmt: skip


def described(reader: Reader, data: bytes) -> dict[str, Any]:
    found = reader.run(reader.pool.describe(data))
    assert not isinstance(found, Refused)
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_every_value_is_the_one_in_the_file(reader: Reader, name: str) -> None:
    data = sample(name)
    found, original = described(reader, data), dcmread(io.BytesIO(data))
    if found["packed"] is None:
        lying = {path: data[at : at + length] for path, (at, length) in found["bulk"].items()}
    else:
        lying = {}
    read = Dataset.from_json(found["dataset"], lambda _tag, _vr, path: lying.get(path))
    compare(read, original)


def compare(read: Dataset, original: Dataset) -> None:
    for element in original:
        if element.tag in {0x00080005, 0x7FE00010} or element.tag.element == 0:
            continue
        if element.VR in {"OW", "OB", "UN"} or element.tag.is_private:
            continue
        mine = read[element.tag]
        if element.VR == "SQ":
            for one, other in zip(mine.value, element.value, strict=True):
                compare(one, other)
            continue
        assert list(plain(mine.value)) == list(plain(element.value)), element.tag


def plain(value: Any) -> Iterator[Any]:
    listed = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    for each in listed:
        yield float(each) if isinstance(each, DSfloat | float) else str(each or "").strip()


def test_a_file_without_its_pixels_is_described_alike(reader: Reader) -> None:
    noise = np.random.default_rng(1).integers(0, 999, (4, 8, 8), dtype=np.uint16)
    jpeg = sample("SC_rgb_jpeg_gdcm.dcm")
    for data in (written(dataset(noise)), jpeg):
        made = reader.canonical(data)
        assert isinstance(made, Canonical)
        if made.skeleton is None:
            continue
        lengths = [len(each.data) for each in made.frames]
        assert reader.run(reader.pool.describe(made.skeleton, lengths)) == reader.run(
            reader.pool.describe(data)
        )
    assert isinstance(reader.run(reader.pool.describe(b"HDS1 nonsense", [])), Refused)


def test_implicit_values_have_the_kind_that_their_pixels_have(reader: Reader) -> None:
    image = dataset(np.zeros((2, 2), np.int16), PixelRepresentation=1, SmallestImagePixelValue=-3)
    image.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    found = described(reader, written(image))["dataset"]
    assert found["7FE00010"] == {"vr": "OW", "BulkDataURI": "7FE00010"}
    assert found["00280106"] == {"vr": "SS", "Value": [-3]}


def test_values_that_are_none_are_left_out_and_foreign_ones_are_bytes(reader: Reader) -> None:
    image = dataset(PatientWeight="70", OtherPatientIDs=["a", "b"], PatientComments="one\r\ntwo\\3")
    image.add_new(0x00111001, "UN", b"\1\2")
    data = written(image).replace(b"70", b"x0")
    found = described(reader, data)["dataset"]
    assert found["00101030"] == {"vr": "DS"}
    assert found["00111001"] == {"vr": "UN", "InlineBinary": "AQI="}
    assert found["00104000"] == {"vr": "LT", "Value": ["one\r\ntwo\\3"]}
    assert found["00101000"] == {"vr": "LO", "Value": ["a", "b"]}
    assert isinstance(reader.run(reader.pool.describe(b"no file of ours")), Refused)
