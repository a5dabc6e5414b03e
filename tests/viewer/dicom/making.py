"""Small DICOM files made on the spot, and the ways to spoil them."""

import io
import struct
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from viewer.dicom import Canonical
from viewer.dicom.codecs import decode_own

ROOT: Final = Path(__file__).resolve().parents[3]
DATA: Final = ROOT.parent / "shared" / "data"
SECONDARY_CAPTURE: Final = UID("1.2.840.10008.5.1.4.1.1.7")


def sample(name: str) -> bytes:
    """One of the small files that come with pydicom."""
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return Path(path).read_bytes()


def dataset(pixels: NDArray[Any] | None = None, **changes: Any) -> Dataset:
    """A sound secondary capture; `changes` are keywords, None removes one."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = SECONDARY_CAPTURE
    ds.file_meta.MediaStorageSOPInstanceUID = UID("2.25.3")
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SECONDARY_CAPTURE, "2.25.3"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.1", "2.25.2"
    ds.PatientName, ds.PatientID, ds.Modality = "Ada^Test", "4711", "CT"
    if pixels is not None:
        _add_pixels(ds, pixels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong here is wrong on purpose
        for keyword, value in changes.items():
            if value is None:
                delattr(ds, keyword)
            else:
                setattr(ds, keyword, value)
    return ds


def _add_pixels(ds: Dataset, pixels: NDArray[Any]) -> None:
    colour = pixels.shape[-1] == 3 and pixels.ndim > 2
    shape = pixels.shape[:-1] if colour else pixels.shape
    bits = pixels.dtype.itemsize * 8
    ds.Rows, ds.Columns = shape[-2:]
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    if len(shape) == 3:
        ds.NumberOfFrames = shape[0]
    raw = pixels.tobytes()
    ds.add_new(0x7FE00010, "OB" if bits == 8 else "OW", raw + bytes(len(raw) % 2))


def written(ds: Dataset) -> bytes:
    """The data set as a file."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def image(pixels: NDArray[Any] | None = None, **changes: Any) -> bytes:
    """A file; 16 by 16 grey values if no pixels are given."""
    if pixels is None:
        pixels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    return written(dataset(pixels, **changes))


def parsed(data: bytes) -> Dataset:
    """What pydicom, the second reader, sees."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(io.BytesIO(data), force=True)


def nested(depth: int, *, undefined: bool = True) -> bytes:
    """A file whose sequences lie in each other `depth` times (explicit little endian)."""
    inner = b""
    for _ in range(depth):
        size = 0xFFFFFFFF if undefined else len(inner) + 8
        item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF if undefined else len(inner)) + inner
        end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" if undefined else b""
        inner = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, size) + item + end
    whole = image()
    at = whole.index(b"\x10\x00\x10\x00PN")
    return whole[:at] + inner + whole[at:]


def pixels(found: Canonical) -> NDArray[Any]:
    """All frames, decoded."""
    return np.stack([decode_own(frame.data) for frame in found.frames])


def preview(data: bytes) -> NDArray[np.uint8]:
    """A JPEG, decoded."""
    return np.asarray(Image.open(io.BytesIO(data)))
