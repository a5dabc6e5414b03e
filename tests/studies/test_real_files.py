"""Files of many makers, good, odd and hostile, through the whole way in."""

import io
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO

from portal import storing, studies
from portal.core.actor import Actor
from portal.studies import parts
from tests.bounds import within_bounds
from tests.studies.reading import originals_in

Slices = Callable[..., list[bytes]]
pytestmark = pytest.mark.one_engine

SAMPLES = Path(pydicom.data.__file__).parent / "test_files"
"""Small files that come with pydicom itself."""


async def _kept(shelf: studies.Shelf, actor: Actor, outcome: studies.Outcome) -> set[bytes]:
    """Every original of the studies, once the frames are made."""
    found = set()
    for study_id in outcome.studies:
        assert await shelf.preparing.done(study_id, 120.0)
        study = await studies.open_own(shelf, actor, study_id)
        view = await study.manifest()
        for series in view["series"]:
            assert "preparing" not in [each["why"] for each in series["instances"]]
        found |= await originals_in(study)
    return found


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


async def _all_or_nothing(shelf: studies.Shelf, actor: Actor, files: list[bytes]) -> None:
    """Each file is kept bit for bit or named with a reason, and the numbers add up."""
    outcome = await studies.keep_files(shelf, actor, files)
    refused = [number for number, _ in outcome.refused]

    assert sorted(outcome.kept + outcome.duplicates + refused) == list(range(len(files)))
    assert await _kept(shelf, actor, outcome) == {files[number] for number in outcome.kept}


async def test_every_sample_of_pydicom_comes_back_or_is_named(
    shelf: studies.Shelf, erika: Actor
) -> None:
    """T34, without any data beside the project."""
    inside = sorted(SAMPLES.glob("*.dcm"))
    assert len(inside) > 50

    await _all_or_nothing(shelf, erika, [path.read_bytes() for path in inside])


async def test_a_real_cd_of_three_patients(
    shelf: studies.Shelf, erika: Actor, shared: Path
) -> None:
    folder = shared / "patient-cd" / "pydicom-3-patients"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    outcome = await studies.keep_files(shelf, erika, [path.read_bytes() for path in files])

    named = dict(outcome.refused)
    for number, path in enumerate(files):
        assert (named.get(number) == "dicomdir") == path.name.startswith("DICOMDIR"), path
    found = await studies.my_studies(shelf, erika)
    assert len(outcome.kept) == 31
    assert {each.patient_name for each in found} == {"Doe^Archibald", "Doe^Peter"}
    assert sum(each.series for each in found) == 13
    assert sum(each.instances for each in found) == 31


async def test_a_scanners_own_export(shelf: studies.Shelf, erika: Actor, shared: Path) -> None:
    files = _files(shared / "patient-cd" / "siemens-xa60" / "DICOM")

    await _all_or_nothing(shelf, erika, files)

    assert sum(each.instances for each in await studies.my_studies(shelf, erika)) == 59


async def test_everything_broken_is_kept_whole_or_named(
    shelf: studies.Shelf, erika: Actor, shared: Path
) -> None:
    files = _files(shared / "broken")
    assert len(files) > 150

    await _all_or_nothing(shelf, erika, files)

    assert (await studies.keep_files(shelf, erika, [files[0]])).kept == []


def _deflated_bomb() -> bytes:
    """A small file in the deflated syntax that unfolds to gigabytes."""
    pressed = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = pydicom.dcmread(SAMPLES / "image_dfl.dcm", stop_before_pixels=True)
    meta = DicomBytesIO()
    meta.write(b"\0" * 128 + b"DICM")
    pydicom.filewriter.write_file_meta_info(meta, head.file_meta)
    body = pressed.compress(b"\x08\x00\x05\x00CS\x00\x00")
    body += b"".join(pressed.compress(bytes(16 * 2**20)) for _ in range(128)) + pressed.flush()
    return meta.getvalue() + body


def _deep(levels: int) -> bytes:
    """Sequences inside sequences, none of them closed."""
    head = (
        b"\0" * 128 + b"DICM" + bytes.fromhex("02001000") + b"UI\x14\x00" + b"1.2.840.10008.1.2.1\0"
    )
    item = (
        bytes.fromhex("08001511")
        + b"SQ\0\0"
        + b"\xff" * 4
        + bytes.fromhex("feff00e0")
        + b"\xff" * 4
    )
    return head + item * levels


def _hostile(slices: Slices) -> Iterator[tuple[str, bytes]]:
    yield "deflated bomb", _deflated_bomb()
    yield "5,000 levels", _deep(5000)
    huge = pydicom.dcmread(io.BytesIO(slices(1)[0]))
    huge.Rows = huge.Columns = 65535
    huge.NumberOfFrames = 2**31 - 1
    out = io.BytesIO()
    huge.save_as(out)
    yield "frames beyond counting", out.getvalue()
    yield (
        "a gigabyte announced",
        slices(1)[0][:-2048] + bytes.fromhex("e07f1000") + b"OW\0\0\xff\xff\xff\x3f",
    )
    yield "executable", b"MZ" + bytes(60) + os.urandom(4000)


async def test_bombs_neither_kill_nor_fill_anything(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    """T31: refused, or kept unread; memory stays bounded and the next file is served."""
    await studies.keep_files(shelf, erika, slices(1, seed=9))
    files = dict(_hostile(slices))
    async with within_bounds():
        outcome = await studies.keep_files(shelf, erika, list(files.values()))
        kept = await _kept(shelf, erika, outcome)

    assert kept == {list(files.values())[number] for number in outcome.kept}
    assert len(kept) <= 1, "at most the one whose pixels alone are a lie"
    assert (await studies.keep_files(shelf, erika, slices(1, seed=8))).kept == [0]


async def test_memory_does_not_grow_with_the_upload(
    shelf: studies.Shelf, erika: Actor, slices: Slices
) -> None:
    """I7: part after part, and no more memory than a few parts need."""
    upload = (await studies.begin_upload(shelf, erika, uuid4())).id
    us, most = psutil.Process(), 0
    patient = slices(1)[0]
    uids = pydicom.dcmread(io.BytesIO(patient))
    before = us.memory_info().rss
    for number in range(10):
        some = slices(4, size=1000, seed=number, StudyInstanceUID=uids.StudyInstanceUID)
        body = parts.build(list(enumerate(some)))
        assert (await studies.receive_part(shelf, erika, upload, number, body)).kept
        most = max(most, us.memory_info().rss - before)

    assert (await storing.space(erika.id, shelf.free_quota)).used > 50 * 2**20
    assert most < 150 * 2**20
