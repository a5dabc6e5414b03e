"""T34: what was uploaded comes back bit for bit, or the original is kept."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tests.viewer.dicom.conftest import Reader
from tests.viewer.dicom.making import image, sample
from viewer.dicom import Canonical
from viewer.dicom.rebuilding import NotRebuilt, rebuild

PLAIN = ("CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "SC_rgb_small_odd.dcm")


def frames(found: Canonical) -> list[bytes]:
    return [frame.data for frame in found.frames]


@pytest.mark.parametrize("name", [*PLAIN, "examples_ybr_color.dcm", "examples_rgb_color.dcm"])
def test_a_file_is_rebuilt_from_its_frames(reader: Reader, name: str) -> None:
    whole = sample(name)

    found = reader.picture(whole)

    assert found.sha256 == hashlib.sha256(whole).hexdigest()
    assert found.skeleton is not None
    assert len(found.skeleton) < len(whole)
    assert rebuild(found.skeleton, frames(found)) == whole
    assert reader.run(reader.pool.rebuild(found.skeleton, frames(found))) == whole


def test_what_cannot_be_proven_has_no_skeleton(reader: Reader) -> None:
    for name in ("MR_small_RLE.dcm", "JPEG2000.dcm", "image_dfl.dcm", "rtdose.dcm"):
        assert reader.picture(sample(name)).skeleton is None


def test_frames_of_another_file_do_not_pass_for_the_original(reader: Reader) -> None:
    found = reader.picture(image(np.zeros((8, 8), np.uint16)))
    other = reader.picture(image(np.ones((8, 8), np.uint16)))
    assert found.skeleton is not None

    for skeleton, parts in (
        (found.skeleton, frames(other)),
        (found.skeleton, []),
        (found.skeleton[:-4], frames(found)),
        (b"HDS2" + found.skeleton[4:], frames(found)),
    ):
        with pytest.raises(NotRebuilt):
            rebuild(skeleton, parts)
        assert reader.run(reader.pool.rebuild(skeleton, parts)) is None


def test_every_file_of_the_collection_that_has_a_skeleton_is_rebuilt(
    reader: Reader, data: Path
) -> None:
    folders = ("ct", "mr", "us", "xray", "multiframe", "charsets", "compressed")
    files = [path for folder in folders for path in (data / folder).rglob("*") if path.is_file()]
    chosen = [path for path in files if "philips" not in str(path) or path.name.endswith("0")]
    rebuilt = 0
    for path in chosen:
        whole = path.read_bytes()
        found = reader.canonical(whole)
        if isinstance(found, Canonical) and found.skeleton is not None:
            assert rebuild(found.skeleton, frames(found)) == whole, path
            rebuilt += 1
    assert rebuilt > 40
