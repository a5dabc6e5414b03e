"""
Synthetic studies that look like anatomy and belong to nobody: a head CT and a knee MR.

Built from smooth shapes and filtered noise with a fixed seed, so every demo shows the same images.
"""
# ruff: noqa: PLR2004 -- anatomy is made of plain numbers

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

Volume = NDArray[np.floating[Any]]

ROOT: Final = "2.25.3141592653589793238462643383279"
"""UUID-derived root (PS3.5 B.2) under which every identifier of the demo lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose name the images carry."""

    name: str
    """DICOM person name: Family^Given."""
    birth_date: date
    sex: str
    local_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What all slices of one series share.  Spacing in mm, thickness in mm."""

    number: int
    description: str
    modality: str
    body_part: str
    spacing: float
    thickness: float
    window: tuple[int, int]
    """Centre and width that suit the picture."""
    intercept: int = 0


def head_ct(person: Person, *, slices: int = 64, side: int = 512) -> Iterator[bytes]:
    """DICOM files of a head CT with a bleeding in the left basal ganglia: brain, then bone."""
    hounsfield = _head(slices, side)
    brain = Series(
        number=2,
        description="Head 2.0 brain",
        modality="CT",
        body_part="HEAD",
        spacing=230 / side,
        thickness=150 / slices,
        window=(40, 80),
        intercept=-1024,
    )
    study = ("1", date(2026, 3, 12), "CT head without contrast")
    yield from _files(person, study, brain, hounsfield + 1024)
    sharp = Series(
        number=3,
        description="Head 4.0 bone",
        modality="CT",
        body_part="HEAD",
        spacing=230 / side,
        thickness=300 / slices,
        window=(480, 2500),
        intercept=-1024,
    )
    yield from _files(person, study, sharp, hounsfield[::2] + 1024)


def knee_mr(person: Person, *, slices: int = 28, side: int = 320) -> Iterator[bytes]:
    """DICOM files of a sagittal knee MR, proton density weighted, with an effusion."""
    series = Series(
        number=1,
        description="PD TSE sagittal",
        modality="MR",
        body_part="KNEE",
        spacing=160 / side,
        thickness=3.0,
        window=(450, 900),
    )
    study = ("2", date(2026, 2, 3), "MR knee right")
    yield from _files(person, study, series, _knee(slices, side))


def _grid(slices: int, side: int) -> tuple[Volume, Volume, Volume]:
    """Coordinates from -1 to 1: z up, y to the back, x to the patient's left."""
    z, y, x = np.meshgrid(
        np.linspace(-1, 1, slices, dtype=np.float32),
        np.linspace(-1, 1, side, dtype=np.float32),
        np.linspace(-1, 1, side, dtype=np.float32),
        indexing="ij",
        sparse=True,
    )
    return z, y, x


def _noise(shape: tuple[int, ...], scale: float, seed: int) -> Volume:
    """Smooth noise between about -1 and 1; *scale* is the size of its grains in voxels."""
    coarse = max(1, int(scale // 3))  # wide grains are made small and stretched in their plane
    small = (shape[0], *(-(-side // coarse) + 1 for side in shape[1:]))
    white = np.random.default_rng(seed).standard_normal(small, dtype=np.float32)
    z, y = (np.fft.fftfreq(side).astype(np.float32) for side in small[:2])
    x = np.fft.rfftfreq(small[2]).astype(np.float32)
    squared = (coarse * z[:, None, None]) ** 2 + y[None, :, None] ** 2 + x[None, None] ** 2
    blurred = np.fft.rfftn(white) * np.exp(-2 * (np.pi * scale / coarse) ** 2 * squared)
    smooth: Volume = np.fft.irfftn(blurred, s=small, axes=(0, 1, 2))
    for axis in (1, 2):
        smooth = _stretched(smooth, axis, shape[axis], coarse)
    return np.asarray(smooth / (3 * smooth.std()), np.float32)


def _stretched(values: Volume, axis: int, side: int, factor: int) -> Volume:
    """*values* along *axis* at *side* places, *factor* times as close, by straight lines."""
    at = np.arange(side, dtype=np.float32) / factor
    left = at.astype(int)
    share = (at - left).reshape([-1 if each == axis else 1 for each in range(3)])
    right = np.minimum(left + 1, values.shape[axis] - 1)
    return np.asarray(
        np.take(values, left, axis) * (1 - share) + np.take(values, right, axis) * share, np.float32
    )


def _inside(distance: Volume, edge: float = 0.02) -> Volume:
    """1 inside a surface (distance < 1), 0 outside, soft over *edge* like a real scan."""
    return np.asarray(np.clip((1 - distance) / edge + 0.5, 0, 1), np.float32)


def _ball(
    z: Volume,
    y: Volume,
    x: Volume,
    at: tuple[float, float, float],
    size: tuple[float, float, float],
) -> Volume:
    squared = (
        ((z - at[0]) / size[0]) ** 2 + ((y - at[1]) / size[1]) ** 2 + ((x - at[2]) / size[2]) ** 2
    )
    return np.asarray(np.sqrt(squared))


def _blend(volume: Volume, mask: Volume, value: float | Volume) -> Volume:
    return volume * (1 - mask) + mask * value


def _head(slices: int, side: int) -> Volume:
    """Hounsfield units of a head from the skull base to the crown."""
    shape = _head_shape(slices, side // 2)  # a scanner's edges are no sharper than two pixels
    for axis in (1, 2):
        shape = _stretched(shape, axis, side, 2)
    return shape + 9 * _noise(shape.shape, 0.7, 9)


def _head_shape(slices: int, side: int) -> Volume:
    z, y, x = _grid(slices, side)
    shape = (slices, side, side)
    wobble = 0.012 * _noise(shape, side / 24, 1)
    outer = _ball(z, y, x, (-0.25, 0.0, 0.0), (1.22, 0.86, 0.68)) + wobble
    volume = np.full(shape, -1000, np.float32)
    grain = _noise(shape, 2, 2)
    volume = _blend(volume, _inside(outer), 45 + 25 * grain)
    volume = _blend(volume, _inside(outer * 1.035), -90)
    volume = _blend(volume, _inside(outer * 1.06), 1250 + 250 * grain)
    volume = _blend(volume, _inside(outer * 1.155), 8)
    volume = _blend(volume, _inside(outer * 1.175), _brain(z, y, x, shape, outer * 1.175))
    return _face(volume, z, y, x)


def _brain(z: Volume, y: Volume, x: Volume, shape: tuple[int, int, int], outer: Volume) -> Volume:
    side = shape[1]
    folds = _noise(shape, side / 60, 4)
    cortex = np.clip((outer - 0.80) / 0.12, 0, 1)
    tissue = 28 + 9 * np.clip(cortex + 0.55 * folds, 0, 1)
    sulci = np.clip((np.abs(folds) < 0.05) * (outer - 0.78) / 0.2, 0, 1)
    tissue = _blend(tissue, sulci.astype(np.float32), 10)
    falx = _inside(np.abs(x + 0.004 * folds) / 0.012) * (np.abs(y) > 0.22)
    tissue = _blend(tissue, falx.astype(np.float32), 48)
    for mirror in (-1, 1):
        front = _ball(z, y + 0.18, x - mirror * 0.09, (0.12, 0, 0), (0.20, 0.26, 0.055))
        back = _ball(z, y - 0.22, x - mirror * 0.15, (0.05, 0, 0), (0.18, 0.24, 0.065))
        nucleus = _ball(z, y + 0.06, x - mirror * 0.24, (0.0, 0, 0), (0.24, 0.17, 0.085))
        tissue = _blend(tissue, _inside(nucleus, 0.15), 38)
        tissue = _blend(tissue, _inside(np.minimum(front, back), 0.08), 7)
    third = _ball(z, y - 0.02, x, (-0.08, 0, 0), (0.16, 0.13, 0.02))
    tissue = _blend(tissue, _inside(third, 0.2), 8)
    edge = 0.10 * _noise(shape, side / 40, 5)
    bleeding = _ball(z, y + 0.03, x - 0.29, (0.02, 0, 0), (0.20, 0.15, 0.10)) + edge
    tissue = _blend(tissue, _inside(bleeding * 0.72, 0.10), 21)
    return _blend(tissue, _inside(bleeding, 0.08), 66)


def _face(volume: Volume, z: Volume, y: Volume, x: Volume) -> Volume:
    for mirror in (-1, 1):
        orbit = _ball(z, y + 0.66, x - mirror * 0.27, (-0.72, 0, 0), (0.20, 0.19, 0.17))
        volume = _blend(volume, _inside(orbit, 0.06), -80)
        globe = _ball(z, y + 0.71, x - mirror * 0.27, (-0.70, 0, 0), (0.13, 0.115, 0.115))
        volume = _blend(volume, _inside(globe, 0.05), 12)
        lens = _ball(z, y + 0.80, x - mirror * 0.27, (-0.70, 0, 0), (0.05, 0.022, 0.05))
        volume = _blend(volume, _inside(lens, 0.2), 90)
        petrous = _ball(
            z,
            y - 0.06 - 0.35 * (np.abs(x) - 0.33),
            x - mirror * 0.33,
            (-0.86, 0, 0),
            (0.12, 0.10, 0.24),
        )
        volume = _blend(volume, _inside(petrous, 0.1), 1500)
        mastoid = _ball(z, y - 0.16, x - mirror * 0.50, (-0.9, 0, 0), (0.14, 0.10, 0.07))
        volume = _blend(volume, _inside(mastoid, 0.2), -420)
    nose = _ball(z, y + 0.70, x, (-0.92, 0, 0), (0.26, 0.20, 0.11))
    volume = _blend(volume, _inside(nose, 0.05), -950)
    septum = (_inside(nose, 0.05) * (np.abs(x) < 0.012)).astype(np.float32)
    return _blend(volume, septum, 350)


def _knee(slices: int, side: int) -> Volume:
    """Signal of a knee, sagittal: z from lateral to medial, y down, x to the back."""
    z, y, x = _grid(slices, side)
    shape = (slices, side, side)
    wobble = 0.02 * _noise(shape, side / 20, 11)
    leg = np.sqrt(((x - 0.05 * np.sin(3 * y)) / 0.74) ** 2 + (z / 1.15) ** 2) + wobble + 0 * y
    volume = np.full(shape, 8, np.float32)
    volume = _blend(volume, _inside(leg, 0.02), 640 + 60 * _noise(shape, 4, 12))
    muscle = _ball(z, y, x - 0.42, (0, 0, 0), (1.0, 1.5, 0.27)) + wobble
    volume = _blend(volume, _inside(muscle, 0.05), 210 + 70 * _noise(shape, 3, 13))
    marrow = 520 + 60 * _noise(shape, 2.5, 14)
    shaft = np.maximum(np.sqrt(((x + 0.02) / 0.20) ** 2 + (z / 0.62) ** 2), (y + 0.15) / 0.10 + 1)
    condyle = _ball(z, y + 0.22, x - 0.03, (0, 0, 0), (0.92, 0.25, 0.36)) + wobble
    femur = np.minimum(shaft, condyle)
    plateau = np.maximum(
        np.sqrt(((x - 0.02) / (0.36 - 0.16 * np.clip(y - 0.1, 0, 0.7))) ** 2 + (z / 0.95) ** 2),
        1 + (0.10 - y) / 0.10,
    )
    cartilage = _ball(z, y + 0.22, x - 0.03, (0, 0, 0), (0.97, 0.29, 0.40)) + wobble
    volume = _blend(volume, _inside(cartilage, 0.04), 760)
    for bone in (femur, plateau + wobble):
        volume = _blend(volume, _inside(bone, 0.02), 60)
        volume = _blend(volume, _inside(bone * 1.07, 0.03), marrow)
    patella = _ball(z, y + 0.26, x + 0.50, (0, 0, 0), (0.45, 0.21, 0.09)) + wobble
    effusion = _ball(z, y + 0.52, x + 0.38, (0, 0, 0), (0.6, 0.26, 0.11)) + wobble
    tendon = np.maximum(np.abs(x + 0.50 - 0.12 * y) / 0.028, np.abs(z) / 0.35) + 0 * y
    volume = _blend(volume, _inside(tendon, 0.2), 70)
    volume = _blend(volume, _inside(effusion, 0.08), 1050)
    volume = _blend(volume, _inside(patella, 0.04), 60)
    volume = _blend(volume, _inside(patella * 1.12, 0.05), marrow)
    cruciate = np.maximum(np.abs(x - 0.9 * (y + 0.02)) / 0.05, np.abs(z) / 0.22)
    notch = np.maximum(cruciate, np.abs(y) / 0.16)
    volume = _blend(volume, _inside(notch, 0.2), 110)
    return np.asarray(np.clip(volume + 14 * _noise(shape, 0.7, 15), 0, 2000))


def _files(
    person: Person, study: tuple[str, date, str], series: Series, stored: Volume
) -> Iterator[bytes]:
    values = np.clip(np.rint(stored), 0, 4095).astype("<u2")
    for number, pixels in enumerate(values, start=1):
        yield _file(person, study, series, number, pixels)


def _file(
    person: Person,
    study: tuple[str, date, str],
    series: Series,
    number: int,
    pixels: NDArray[np.uint16],
) -> bytes:
    """One Part 10 file (PS3.10) with what a viewer needs of PS3.3 C.7 and C.8."""
    key, day, description = study
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = CTImageStorage if series.modality == "CT" else MRImageStorage
    image.SOPInstanceUID = UID(f"{ROOT}.{key}.{series.number}.{number}")
    image.StudyInstanceUID = UID(f"{ROOT}.{key}")
    image.SeriesInstanceUID = UID(f"{ROOT}.{key}.{series.number}")
    image.FrameOfReferenceUID = UID(f"{ROOT}.{key}.9")
    image.PatientName, image.PatientID = person.name, person.local_id
    image.PatientBirthDate, image.PatientSex = person.birth_date.strftime("%Y%m%d"), person.sex
    image.StudyDate = image.SeriesDate = day.strftime("%Y%m%d")
    image.StudyTime, image.StudyID, image.AccessionNumber = "101500", key, f"A{key}"
    image.StudyDescription, image.SeriesDescription = description, series.description
    image.Modality, image.BodyPartExamined = series.modality, series.body_part
    image.Manufacturer = "HealthDataSpace phantom"
    image.SeriesNumber, image.InstanceNumber = series.number, number
    image.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    if series.modality == "CT":
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.ImagePositionPatient = [-115, -115, number * series.thickness]
        image.RescaleIntercept, image.RescaleSlope = series.intercept, 1
        image.RescaleType, image.KVP = "HU", 120
    else:
        image.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        image.ImagePositionPatient = [number * series.thickness, -80, 80]
        image.ScanningSequence, image.MagneticFieldStrength = "SE", 3
    image.SliceThickness = image.SpacingBetweenSlices = round(series.thickness, 4)
    image.PixelSpacing = [round(series.spacing, 5)] * 2
    image.WindowCenter, image.WindowWidth = series.window
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    image.PixelData = pixels.tobytes()
    image.file_meta = FileMetaDataset()
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = BytesIO()
    image.save_as(out, enforce_file_format=True)
    return out.getvalue()
