"""Mutants and lies: always an answer, never a lost child (security T31, T32)."""

import random
import struct
from pathlib import Path

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, RLELossless

from tests.viewer.dicom.conftest import Reader
from tests.viewer.dicom.making import dataset, image, sample, written
from viewer.dicom import Canonical, Header, Reason, Refused, Undecodable
from viewer.dicom.inspecting import inspect_file

SEEDS = ("CT_small.dcm", "MR_small_RLE.dcm", "rtdose.dcm", "JPEG2000.dcm", "SC_rgb_small_odd.dcm")
LOST = {Reason.CRASHED, Reason.TIMEOUT}


def mutants(count: int, seed: int) -> list[bytes]:
    """Sound files with bytes flipped, numbers blown up, pieces cut out or doubled."""
    chance = random.Random(seed)
    seeds = [sample(name) for name in SEEDS]
    made = []
    for _ in range(count):
        whole = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(128, min(len(whole), 6000))
            match chance.randrange(4):
                case 0:
                    whole[at] = chance.randrange(256)
                case 1:
                    whole[at : at + 4] = b"\xff\xff\xff\xff"
                case 2:
                    del whole[at : at + chance.randrange(1, 40)]
                case _:
                    whole[at:at] = whole[at : at + chance.randrange(1, 60)]
        made.append(bytes(whole))
    return made


def test_mutants_of_sound_files_always_get_an_answer() -> None:
    for mutant in mutants(1500, seed=1):
        assert isinstance(inspect_file(mutant), Header | Refused)


def test_pixels_of_mutants_never_take_the_child_down(reader: Reader) -> None:
    found = [reader.canonical(mutant) for mutant in mutants(150, seed=2)]

    assert sum(isinstance(one, Canonical) for one in found) > 5
    assert not [one for one in found if isinstance(one, Undecodable) and one.reason in LOST]


def test_every_broken_file_gets_pixels_or_a_reason(reader: Reader, data: Path) -> None:
    for path in sorted((data / "broken").rglob("*")):
        if path.is_file():
            found = reader.canonical(path.read_bytes())
            assert isinstance(found, Canonical) or found.reason not in LOST, path


def test_an_rle_frame_that_says_65535_squared_is_refused(reader: Reader) -> None:
    ds = dataset(np.zeros((16, 16), np.uint8), Rows=65535, Columns=65535)
    ds.file_meta.TransferSyntaxUID = RLELossless
    ds.PixelData = encapsulate([struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * 64])
    ds["PixelData"].is_undefined_length = True

    found = reader.canonical(written(ds))

    assert isinstance(found, Undecodable)
    assert found.reason == Reason.TOO_LARGE


def test_a_stream_that_claims_to_be_larger_than_the_header_gets_no_memory(reader: Reader) -> None:
    siz = struct.pack(">HH8IH3B", 41, 0, 60000, 60000, 0, 0, 60000, 60000, 0, 0, 1, 15, 1, 1)
    ds = dataset(np.zeros((16, 16), np.uint16))
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    ds.PixelData = encapsulate([b"\xff\x4f\xff\x51" + siz + b"\xff\xd9"])
    ds["PixelData"].is_undefined_length = True

    found = reader.canonical(written(ds))

    assert isinstance(found, Undecodable)
    assert (found.reason, found.detail) == (
        Reason.BAD_PIXELS,
        "stream and header differ in size",
    )


def test_a_table_shorter_than_it_says_is_refused(reader: Reader) -> None:
    short = image(
        np.zeros((4, 4), np.uint8),
        PhotometricInterpretation="PALETTE COLOR",
        RedPaletteColorLookupTableDescriptor=[0, 0, 16],
        GreenPaletteColorLookupTableDescriptor=[0, 0, 16],
        BluePaletteColorLookupTableDescriptor=[0, 0, 16],
        RedPaletteColorLookupTableData=b"\0\0",
        GreenPaletteColorLookupTableData=b"\0\0",
        BluePaletteColorLookupTableData=b"\0\0",
    )

    found = reader.canonical(short)

    assert isinstance(found, Undecodable)
    assert found.reason == Reason.BAD_PIXELS


def test_senseless_windows_and_rescales_do_not_stop_a_picture(reader: Reader) -> None:
    found = reader.picture(
        image(WindowCenter="1e300", WindowWidth="-5", RescaleSlope="0", PixelSpacing=[0, 1e30])
    )

    assert found.meta["spacing"] is None
    assert found.meta["rescale"]["slope"] == 1
    assert found.meta["windows"][0]["computed"]
    endless = reader.picture(image(RescaleSlope="1e300"))
    assert endless.meta["rescale"]["slope"] == 1
