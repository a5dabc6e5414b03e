"""Taking everything away: one archive, whole, readable elsewhere, and never begun twice."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pydicom
import pytest
from quart import Response

from portal import storing, studies
from portal.storing.models import StoredObject
from tests.documents.test_documents import Erika
from tests.records.writing import writes_a_plan
from tests.viewer.pdf.making import encapsulated, pdf

Slices = Callable[..., list[bytes]]
ALL = "/download/archive?all=1&dicom=1"


async def archive(erika: Erika, path: str = ALL, **headers: str) -> Response:
    return await erika.person.browser.get(path, headers=headers)


async def opened(answer: Response) -> dict[str, bytes]:
    """Its files, every sum checked."""
    data = await answer.get_data(as_text=False)
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(len(data))
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        assert zipped.testzip() is None
        files = {name: zipped.read(name) for name in zipped.namelist()}
        assert len(files) == len(zipped.namelist())
    sums = dict(line.split("  ")[::-1] for line in files["SHA256SUMS.txt"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(each).hexdigest()
        for name, each in files.items()
        if name != "SHA256SUMS.txt"
    }
    return files


async def keeps_two(erika: Erika, slices: Slices) -> tuple[list[UUID], list[bytes], bytes]:
    """Two examinations, prepared, and a finding beside one of them."""
    images = slices(3) + slices(2, seed=2, StudyDate="20250101", Modality="MR")
    uid = str(pydicom.dcmread(io.BytesIO(images[0])).StudyInstanceUID)
    finding = pdf(["Befund"])
    sent = await erika.sends([*images, finding], [[5, "Befund Müller.pdf", uid]])
    ids = [UUID(each) for each in sent["studies"]]
    for each in ids:
        found = await studies.open_own(erika.shelf, erika.actor, each)
        assert await studies.prepared(erika.shelf, found, 60.0)
    return ids, images, finding


async def test_everything_comes_back_bit_for_bit_in_one_archive(
    erika: Erika, slices: Slices
) -> None:
    _, images, finding = await keeps_two(erika, slices)

    answer = await archive(erika)
    files = await opened(answer)

    assert sorted(map(_sha256, images)) == sorted(
        _sha256(data) for name, data in files.items() if name.startswith("DICOM/")
    )
    assert [name for name, data in files.items() if data == finding] == [
        next(name for name in files if re.fullmatch(r"Documents/001 .*Befund Müller\.pdf", name))
    ]
    assert sum(name.endswith(".jpg") for name in files) == 5
    assert "5 files" in files["README.txt"].decode()
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "Beispiel" not in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


async def test_dcmtk_reads_the_directory_and_finds_every_file(
    erika: Erika, slices: Slices, tmp_path: Path
) -> None:
    if shutil.which("dcmdump") is None:
        pytest.skip("needs DCMTK (dcmdump)")
    _, images, _ = await keeps_two(erika, slices)
    await erika.sends([encapsulated(pdf(["Inside"]))])
    files = await opened(await archive(erika))
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)

    dumped = subprocess.run(
        ["dcmdump", "+U8", "-q", str(tmp_path / "DICOMDIR")],
        capture_output=True,
        check=True,
        text=True,
    ).stdout

    named = re.findall(r"\(0004,1500\) CS \[(.*?)\]", dumped)
    there = {name for name in files if name.startswith("DICOM/")}
    assert {name.replace("\\", "/") for name in named} == there
    assert len(named) == len(images) + 1
    assert all(re.fullmatch(r"[A-Z0-9_]{1,8}", part) for name in named for part in name.split("\\"))
    assert re.findall(r"\(0004,1430\) CS \[(.*?)\]", dumped).count("STUDY") == 3
    read = pydicom.dcmread(tmp_path / "DICOMDIR")
    for record in read.DirectoryRecordSequence:
        if record.DirectoryRecordType == "IMAGE":
            image = pydicom.dcmread(tmp_path.joinpath(*record.ReferencedFileID))
            assert image.SOPInstanceUID == record.ReferencedSOPInstanceUIDInFile
            assert image.InstanceNumber == record.InstanceNumber
    assert read.DirectoryRecordSequence[0].PatientName == "Beispiel^Erika"


async def test_without_dicom_there_are_pictures_and_pdfs(erika: Erika, slices: Slices) -> None:
    """Also the finding that a scanner put into a DICOM file."""
    _, _, finding = await keeps_two(erika, slices)
    inside = pdf(["Inside"])
    await erika.sends([encapsulated(inside)])

    files = await opened(await archive(erika, "/download/archive?all=1"))

    assert not any(name.startswith("DICOM") for name in files)
    pictures = [data for name, data in files.items() if name.endswith(".jpg")]
    assert len(pictures) == 5
    assert all(data.startswith(b"\xff\xd8\xff") for data in pictures)
    assert {data for name, data in files.items() if name.endswith(".pdf")} == {finding, inside}


async def test_a_choice_is_what_was_chosen_and_says_its_size_before(
    erika: Erika, slices: Slices
) -> None:
    """In selection mode, by a form that needs no script."""
    (first, second), images, finding = await keeps_two(erika, slices)
    page = await erika.sees("/download")
    assert all(f'name="e" value="{each.hex}"' in page for each in (first, second))

    page = await erika.sees(f"/download/size?e={first.hex}")

    links = [
        each.replace("&amp;", "&") for each in re.findall(r'href="(/download/archive[^"]*)"', page)
    ]
    assert links == [f"/download/archive?e={first.hex}&dicom=1", f"/download/archive?e={first.hex}"]
    files = await opened(await archive(erika, links[0]))
    dicom = {_sha256(data) for name, data in files.items() if name.startswith("DICOM/")}
    assert dicom in (set(map(_sha256, images[:3])), set(map(_sha256, images[3:])))
    assert (finding in files.values()) is (len(dicom) == 3)

    nothing = await erika.person.browser.get("/download/size")
    assert nothing.headers["Location"] == "/download?chosen=0"
    assert "at least one" in await erika.sees("/download?chosen=0")


async def test_an_interrupted_download_goes_on_where_it_was(erika: Erika, slices: Slices) -> None:
    await keeps_two(erika, slices)
    answer = await archive(erika)
    whole, tag = await answer.get_data(as_text=False), answer.headers["ETag"]
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert tag.startswith('"')

    for cut in (1, 31, len(whole) // 3, len(whole) // 2, len(whole) - 23, len(whole) - 1):
        rest = await archive(erika, Range=f"bytes={cut}-", **{"If-Range": tag})
        assert rest.status_code == 206
        assert rest.headers["Content-Range"] == f"bytes {cut}-{len(whole) - 1}/{len(whole)}"
        assert await rest.get_data(as_text=False) == whole[cut:]
    beyond = await archive(erika, Range=f"bytes={len(whole)}-", **{"If-Range": tag})
    assert beyond.status_code == 416


async def test_what_changed_meanwhile_begins_anew(erika: Erika, slices: Slices) -> None:
    await keeps_two(erika, slices)
    tag = (await archive(erika)).headers["ETag"]
    await erika.sends(slices(1, seed=9))

    again = await archive(erika, Range="bytes=100-", **{"If-Range": tag})
    refused = await archive(erika, Range="bytes=100-", **{"If-Match": tag})

    assert again.headers["ETag"] != tag
    assert len([name for name in await opened(again) if name.startswith("DICOM/")]) == 6
    assert refused.status_code == 412
    assert await refused.get_data(as_text=False) == b""


async def test_one_damaged_file_keeps_nobody_from_the_others(erika: Erika, slices: Slices) -> None:
    """The first download breaks, as its length was promised; the next says what is missing."""
    finding = await erika.finding(pdf(["Lost"]))
    _, images, _ = await keeps_two(erika, slices)
    (lost,) = await StoredObject.filter(holding=UUID(finding))
    await erika.shelf.store.delete(lost.id)

    with pytest.raises(storing.Damaged):  # breaks the connection
        await archive(erika)
    files = await opened(await archive(erika))

    assert sum(name.startswith("DICOM/") for name in files) == len(images)
    assert "1 file cannot be opened" in files["README.txt"].decode()
    assert "1 file cannot be opened" in await erika.sees("/download/size?all=1")


async def test_what_lies_in_the_bin_is_in_no_archive(erika: Erika, slices: Slices) -> None:
    (first, _), _, _ = await keeps_two(erika, slices)
    before = len(await opened(await archive(erika)))
    await erika.person.browser.post(f"/documents/{first}/delete", headers={"Accept": "text/html"})

    assert f'value="{first.hex}"' not in await erika.sees("/download")
    assert len(await opened(await archive(erika))) < before
    assert (await archive(erika, f"/download/archive?e={first.hex}")).status_code == 404


async def test_a_series_can_be_had_alone(erika: Erika, slices: Slices) -> None:
    uid = "2.25.77"
    scout = slices(1, seed=3, StudyInstanceUID=uid, SeriesNumber=1, SeriesDescription="Scout")
    axial = slices(2, seed=4, StudyInstanceUID=uid)
    (study,) = (await erika.sends([*scout, *axial]))["studies"]
    chosen = UUID(study).hex
    page = await erika.sees(f"/download/size?e={chosen}")
    (link,) = re.findall(r'href="([^"]*)">Series 1: Scout<', page)

    page = await erika.sees(link.replace("&amp;", "&"))

    path = re.findall(r'href="(/download/archive[^"]*dicom=1)"', page)[0].replace("&amp;", "&")
    files = await opened(await archive(erika, path))
    assert [data for name, data in files.items() if name.startswith("DICOM/")] == scout
    for nonsense in (f"e={chosen}&s=x", f"s={chosen}", f"all=1&s={chosen}"):
        assert (await archive(erika, f"/download/archive?{nonsense}")).status_code == 422
    nobodys = f"/download/archive?e={chosen}&s={uuid4().hex}"
    assert (await archive(erika, nobodys)).status_code == 404


async def test_what_was_written_here_is_on_paper_and_as_data(erika: Erika) -> None:
    """With everything, never with a choice of files."""
    finding = await erika.finding(pdf(["Befund"]))
    plan = await writes_a_plan(erika.person.browser)

    assert (await erika.sees("/download")).count('type="checkbox"') == 1
    assert "1 medication plan or month of the diary" in await erika.sees("/download/size?all=1")
    for path in (ALL, "/download/archive?all=1"):
        files = await opened(await archive(erika, path))
        assert files["Records/001 Medication plan.pdf"].startswith(b"%PDF-")
        assert json.loads(files["Records/001 Medication plan.json"])["id"] == plan
        assert "1 medication plan or month of the diary" in files["README.txt"].decode()
    alone = await opened(await archive(erika, f"/download/archive?d={finding}"))
    assert not any(name.startswith("Records") for name in alone)


async def test_what_is_gone_is_not_there(erika: Erika, slices: Slices) -> None:
    (first, _), _, _ = await keeps_two(erika, slices)
    await studies.delete(erika.actor, first)
    for chosen in (first, uuid4()):
        answer = await archive(erika, f"/download/archive?e={chosen.hex}")
        assert answer.status_code == 404
    for nonsense in ("e=x", "&".join(f"e={uuid4().hex}" for _ in range(201))):
        assert (await archive(erika, f"/download/archive?{nonsense}")).status_code == 422


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
