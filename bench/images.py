"""A CT series that costs little to make and compresses like a real one."""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

FULL = 512
"""Pixels on a side of what scanners make."""


def ct(slices: int, side: int) -> list[bytes]:
    """DICOM files (PS3.10) of *slices* axial images of an oval head, with a scanner's noise."""
    study, series = generate_uid(), generate_uid()
    return [
        _file(str(study), str(series), number, pixels)
        for number, pixels in enumerate(_pixels(slices, side), start=1)
    ]


def _pixels(slices: int, side: int) -> Iterator[bytes]:
    random = np.random.default_rng(5)
    noise = random.normal(0, 9, (2 * side, 2 * side)).astype(np.float32)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    for number in range(slices):
        size = 0.55 + 0.35 * np.sin(np.pi * (number + 1) / (slices + 1))
        outer = np.sqrt((x / (0.75 * size)) ** 2 + (y / size) ** 2)
        image = np.select([outer < 0.86, outer < 0.95, outer < 1], [1060, 2200, 980], 24)
        image = image + 25 * np.sin(9 * x + number / 7) * np.cos(7 * y) * (outer < 0.86)
        left, top = random.integers(0, side, 2)
        image = image + noise[top : top + side, left : left + side] * (outer < 1)
        yield np.clip(image, 0, 4095).astype("<u2").tobytes()


def _file(study: str, series: str, number: int, pixels: bytes) -> bytes:
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID = study, series
    image.PatientName, image.PatientID = "Muster^Max", "B-1"
    image.PatientBirthDate, image.PatientSex = "19580917", "M"
    image.StudyDate, image.StudyTime, image.Modality = "20260312", "101500", "CT"
    image.StudyDescription, image.SeriesDescription = "CT head", "axial 1.0"
    image.AccessionNumber, image.BodyPartExamined = "B1", "HEAD"
    image.SeriesNumber, image.InstanceNumber = 2, number
    image.ImagePositionPatient = [-115, -115, number]
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.PixelSpacing, image.SliceThickness = [0.45, 0.45], 1
    image.RescaleSlope, image.RescaleIntercept = 1, -1024
    image.WindowCenter, image.WindowWidth = 40, 80
    side = int((len(pixels) // 2) ** 0.5)
    image.Rows = image.Columns = side
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation, image.PixelData = 0, pixels
    image.file_meta = FileMetaDataset()
    image.file_meta.MediaStorageSOPClassUID = CTImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = BytesIO()
    image.save_as(out, enforce_file_format=True)
    return out.getvalue()
