"""T33: every compressed sample is decoded by two decoders that share no code with each other."""

import io
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import JPEGLosslessSV1

from tests.viewer.dicom.making import dataset, written
from viewer.dicom import codecs
from viewer.dicom.opening import Opened, open_file
from viewer.dicom.pictures import Pictures
from viewer.dicom.reasons import Unreadable
from viewer.dicom.sources import Source, shape_of

SAMPLES: Final = Path(pydicom.data.__file__).parent / "test_files"
SECOND: Final = {
    **dict.fromkeys(codecs.JPEG, "gdcm"),
    **dict.fromkeys(codecs.JPEG_LS, "pyjpegls"),
    **dict.fromkeys(codecs.J2K | codecs.HTJ2K, "pylibjpeg"),
    codecs.RLE: "pydicom",
}
"""Ours: libjpeg-turbo, CharLS, OpenJPEG and OpenJPH of imagecodecs."""
ALONE: Final = frozenset({
    # JPEG with 12 bits, which GDCM does not decode through pydicom.
    "CTImage_1.2.840.10008.1.2.4.51_JPEGProcess2_4.dcm", "JPEG-lossy.dcm", "JPGExtended.dcm",
    "CTImage_1.2.840.10008.1.2.4.53_JPEGProcess6_8.dcm", "RG2_JPLY_fixed.dcm",
    "CTImage_1.2.840.10008.1.2.4.55_JPEGProcess10_12.dcm",
    # A single bit for each point, which pydicom does not decode from RLE.
    "liver_rle.dcm",
    # Broken on purpose.
    "JPEG2000-embedded-sequence-delimiter.dcm", "TC0847_rle_seg_offset_oob.dcm",
    "TC0851_rle_seg_expand_bomb.dcm", "TC0855_rle_zero_segments.dcm",
    "TC0957_jpegls_huge_near.dcm", "TC0961_jpegls_truncated.dcm",
})  # fmt: skip
"""Samples with nobody to compare with."""


def ours(opened: Opened, index: int) -> NDArray[Any]:
    source = Source(opened, shape_of(opened))
    shape = source.shape
    deep = shape.stored > 16 and shape.photometric.startswith("MONOCHROME")
    if deep or shape.photometric.startswith("PALETTE"):  # these are drawn with other numbers
        return source.array(index)
    return Pictures(opened.dataset, source).picture(index)


def theirs(whole: bytes, plugin: str) -> NDArray[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = dcmread(io.BytesIO(whole), force=True)
        decoder = get_decoder(ds.file_meta.TransferSyntaxUID)
        array, _ = decoder.as_array(ds, index=0, decoding_plugin=plugin)
    return array


def compressed(data: Path) -> list[Path]:
    """Every sample of pydicom and every file beside the project."""
    return sorted(
        path for folder in (SAMPLES, data) for path in folder.rglob("*") if path.is_file()
    )


def opened_sample(whole: bytes) -> tuple[Opened, str] | None:
    """A file with compressed pictures, and who else decodes it."""
    try:
        opened = open_file(whole)
        shape_of(opened)
    except Unreadable:
        return None
    plugin = SECOND.get(opened.transfer_syntax)
    return None if plugin is None or 0x00283000 in opened.dataset else (opened, plugin)


def test_two_decoders_agree_on_every_compressed_sample(data: Path) -> None:
    """Where only one of them can read a file at all, it is a broken one or counted here."""
    agreed, alone = Counter[str](), set[str]()
    for path in compressed(data):
        whole = path.read_bytes()
        sample = opened_sample(whole)
        if sample is None:
            continue
        opened, plugin = sample
        shape = shape_of(opened)
        try:
            second, first = theirs(whole, plugin), ours(opened, 0)
        except (RuntimeError, NotImplementedError, ValueError, AttributeError, Unreadable):
            alone.add(path.name)
            continue
        if first.ndim == 3:
            second = second >> (shape.stored - 8)
        difference = np.abs(first.astype(int) - second.astype(int))
        lossy = opened.transfer_syntax in codecs.LOSSY
        if lossy:
            assert 10 * np.log10(2.0 ** (2 * shape.stored) / max(1e-9, (difference**2).mean())) > 40
        else:
            assert difference.max() == 0, path
        agreed[plugin] += 1
    assert alone <= ALONE, "a sample that only one decoder reads"
    assert agreed["gdcm"] >= 35
    assert agreed["pyjpegls"] >= 15
    assert agreed["pylibjpeg"] >= 15
    assert agreed["pydicom"] >= 12


def test_lossless_jpeg_wraps_around_at_16_bits() -> None:
    """T.81 H.1.2.1: differences are modulo 65536; pylibjpeg-libjpeg gets exactly this wrong."""
    row = [0, 32768, 0, 65535, 1, 32769, 32767, 65535, 32767, 0, 65534, 2, 32770, 1, 65535, 0]
    values = np.array([row, row[::-1]] * 8, np.uint16)
    stream = bytes(imagecodecs.ljpeg_encode(values, bitspersample=16))
    ds = dataset(values)
    ds.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    ds.PixelData = encapsulate([stream])
    ds["PixelData"].is_undefined_length = True

    decoded = codecs.decode(JPEGLosslessSV1, stream, (16, 16, 1), luma=False)

    assert np.array_equal(decoded, values)
    assert np.array_equal(theirs(written(ds), "gdcm"), values)
