"""T33: every compressed sample is decoded by two decoders that share no code with each other."""

import io
import warnings
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
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

SECOND: Final = {
    **dict.fromkeys(codecs.JPEG, "gdcm"),
    **dict.fromkeys(codecs.JPEG_LS, "pyjpegls"),
    **dict.fromkeys(codecs.J2K | codecs.HTJ2K, "pylibjpeg"),
    codecs.RLE: "pydicom",
}
"""Ours: libjpeg-turbo, CharLS, OpenJPEG and OpenJPH of imagecodecs."""


def ours(opened: Opened, index: int) -> NDArray[Any]:
    source = Source(opened, shape_of(opened))
    if source.shape.photometric.startswith("PALETTE"):
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
    folders = ("compressed", "us", "xray", "multiframe", "documents/ophthalmic", "mg")
    return [path for folder in folders for path in (data / folder).rglob("*") if path.is_file()]


def test_two_decoders_agree_on_every_compressed_sample(data: Path) -> None:
    agreed: dict[str, int] = {}
    for path in compressed(data):
        whole = path.read_bytes()
        try:
            opened = open_file(whole)
            shape = shape_of(opened)
        except Unreadable:
            continue
        plugin = SECOND.get(opened.transfer_syntax)
        if plugin is None or 0x00283000 in opened.dataset:
            continue
        try:
            second = theirs(whole, plugin)
        except (RuntimeError, NotImplementedError, ValueError, AttributeError):
            continue
        first = ours(opened, 0)
        if first.ndim == 3:
            second = second >> (shape.stored - 8)
        difference = np.abs(first.astype(int) - second.astype(int))
        lossy = opened.transfer_syntax in codecs.LOSSY
        if lossy:
            assert 10 * np.log10(2.0 ** (2 * shape.stored) / max(1e-9, (difference**2).mean())) > 40
        else:
            assert difference.max() == 0, path
        agreed[plugin] = agreed.get(plugin, 0) + 1

    assert agreed["gdcm"] >= 10
    assert agreed["pyjpegls"] >= 8
    assert agreed["pylibjpeg"] >= 8
    assert agreed["pydicom"] >= 4


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
