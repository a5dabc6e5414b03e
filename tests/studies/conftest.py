"""A shelf of its own for every test, people who keep studies on it, and images made on the spot."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from portal import documents, keys, storing, studies, vault
from portal.core.actor import AccountId, AccountKind, Actor
from portal.core.db import Database
from portal.core.settings import Settings
from portal.vault import KeyFiles
from viewer.dicom import Pool
from viewer.pdf import PdfPool

Person = Callable[..., Awaitable[Actor]]
Slices = Callable[..., list[bytes]]

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real files of many makers, beside the project."""
    if not SHARED.is_dir():
        pytest.skip("needs the test data beside the project: ../shared/data")
    return SHARED


@pytest.fixture
async def shelf(
    database: Database, settings: Settings, key_files: KeyFiles
) -> AsyncIterator[studies.Shelf]:
    """A working shelf; its preparing runs as in production."""
    keys.configure(key_files, settings)
    async with Pool(1) as pool, PdfPool(1) as pdf_pool:
        store = storing.store_for(settings)
        desk = documents.Desk.of(settings, store, pdf_pool)
        shelf = studies.Shelf.of(settings, store, pool, desk)
        async with studies.working(shelf):
            yield shelf


@pytest.fixture
def person(database: Database) -> Person:
    """Makes people who are signed in."""

    async def make(kind: AccountKind = "patient") -> Actor:
        account, root = AccountId(uuid4()), vault.new_secret()
        await keys.create_principal(account, "user", root)
        return Actor(id=account, kind=kind, epoch=1, root=root, session=b"")

    return make


@pytest.fixture
async def erika(shelf: studies.Shelf, person: Person) -> Actor:
    return await person()


@pytest.fixture(scope="session")
def slices() -> Slices:
    """Makes the slices of one CT series as files."""
    return _slices


def _slices(count: int = 3, *, size: int = 32, seed: int = 1, **tags: Any) -> list[bytes]:
    study, series, noise = generate_uid(), generate_uid(), np.random.default_rng(seed)
    made = []
    for number in range(1, count + 1):
        pixels = noise.integers(0, 2000, (size, size), dtype=np.uint16)
        made.append(file_of({"StudyInstanceUID": study, "SeriesInstanceUID": series} | tags,
                          number, pixels))  # fmt: skip
    return made


def file_of(tags: dict[str, Any], number: int, pixels: "np.ndarray[Any, Any]") -> bytes:
    """One slice of a CT with these pixels."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    image = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
    meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.PatientName, image.PatientID = "Beispiel^Erika", "4711"
    image.PatientBirthDate, image.PatientSex = "19560401", "F"
    image.StudyDate, image.StudyTime, image.Modality = "20260312", "101500", "CT"
    image.StudyDescription, image.SeriesDescription = "Schädel nativ", "axial"
    image.SeriesNumber, image.InstanceNumber = 2, number
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, number], [1, 0, 0, 0, 1, 0]
    image.PixelSpacing, image.SliceThickness = [0.5, 0.5], 1
    image.RescaleSlope, image.RescaleIntercept = 1, -1024
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 0
    image.PixelData = pixels.tobytes()
    for keyword, value in tags.items():
        setattr(image, keyword, value)
    image.SpecificCharacterSet = "ISO_IR 192"
    out = io.BytesIO()
    pydicom.dcmwrite(out, image, enforce_file_format=True)
    return out.getvalue()
