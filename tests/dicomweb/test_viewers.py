"""What the viewers that people use ask, in their own words, and what they read from the answer."""

import io
from typing import Any
from urllib.parse import urlencode

import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames

from tests.dicomweb.conftest import Keeps, Made, uid
from tests.people import Person, World
from tests.viewer.dicom.making import sample, written

WORKLIST = {
    "limit": "101",
    "offset": "0",
    "fuzzymatching": "false",
    "includefield": "00081030,00080060,00080090,00100030",
}
"""What OHIF 3 says with every question of its list of studies."""
READ_OF_STUDY = (
    "0020000D", "00080020", "00080030", "00080050", "00100020", "00100010", "00100030", "00201208",
    "00081030", "00080061", "00080090",
)  # fmt: skip
READ_OF_SERIES = ("0020000D", "0020000E", "00080060", "00200011", "00201209", "0008103E")


async def _asked(person: Person, path: str, accept: str = "application/dicom+json") -> Any:
    answer = await person.browser.get(f"/dicomweb{path}", headers={"Accept": accept})
    assert answer.status_code in {200, 204}, (path, answer.status_code)
    return await answer.get_json() if "json" in accept else await answer.get_data(as_text=False)


async def _listed(person: Person, **typed: str) -> list[str]:
    found = await _asked(person, f"/studies?{urlencode(typed | WORKLIST)}")
    return [each["0020000D"]["Value"][0] for each in found or []]


async def test_the_list_of_studies_of_ohif_finds_what_was_typed(
    world: World, keeps: Keeps, made: Made
) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    head: list[Dataset] = made(
        2, PatientName="Müller^Änne", PatientID="4711", PatientBirthDate="19560401"
    )
    knee = made(1, PatientName="Beispiel^Erika", PatientID="12", StudyDate="20250101",
                Modality="MR", StudyDescription="MR knee", AccessionNumber="B-2")  # fmt: skip
    await keeps(ada, [*head, *knee])
    first, second = head[0].StudyInstanceUID, knee[0].StudyInstanceUID

    assert await _listed(ada) == [first, second]
    for typed in (
        {"PatientName": "*Müll*"}, {"00100020": "*471*"}, {"AccessionNumber": "*17*"},
        {"StudyDescription": "*head*"}, {"ModalitiesInStudy": "CT,PT"},
        {"StudyDate": "20260101-20261122"}, {"StudyInstanceUID": first},
    ):  # fmt: skip
        assert await _listed(ada, **typed) == [first], typed
    assert await _listed(ada, StudyInstanceUID=f"{first}\\\\{second}") == [first, second]
    assert await _listed(ada, ModalitiesInStudy="CT\\\\MR") == [first, second]

    (study,) = await _asked(ada, f"/studies?{urlencode({'StudyInstanceUID': first} | WORKLIST)}")
    for tag in READ_OF_STUDY:
        assert study[tag]["Value"], tag


async def test_a_study_opens_in_ohif_by_series_metadata_and_frames(
    world: World, keeps: Keeps, made: Made
) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    images = made(2, SeriesDescription="axial", SeriesDate="20260312")
    await keeps(ada, images, frames=True)
    study = f"/studies/{images[0].StudyInstanceUID}"

    (series,) = await _asked(ada, f"{study}/series?includefield=0008103E%2C00080021")
    for tag in READ_OF_SERIES:
        assert series[tag]["Value"], tag
    at = f"{study}/series/{images[0].SeriesInstanceUID}"
    described = await _asked(ada, f"{at}/metadata")
    assert {each["00080018"]["Value"][0] for each in described} == {
        image.SOPInstanceUID for image in images
    }
    frame = f"{at}/instances/{images[0].SOPInstanceUID}/frames/1"
    for accept in (
        'multipart/related; type="application/octet-stream"',
        "multipart/related; type=application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1",
    ):
        assert images[0].PixelData in await _asked(ada, frame, accept)
    any_form = "multipart/related; type=application/octet-stream; transfer-syntax=*"
    assert b"Content-Type: " in await _asked(ada, frame, any_form)
    small = f"{at}/instances/{images[0].SOPInstanceUID}/rendered"
    assert (await _asked(ada, small, "image/jpeg")).startswith(b"\xff\xd8")
    assert (await _asked(ada, f"{at}/thumbnail", "image/jpeg")).startswith(b"\xff\xd8")


def _split(body: bytes) -> list[bytes]:
    """As `dicomweb-client` for JavaScript does: the first line with dashes parts everything."""
    head, _, rest = body.partition(b"\r\n\r\n")
    boundary = next(line for line in head.split(b"\r\n") if line.startswith(b"--"))
    found = []
    while boundary in rest:
        part, _, rest = rest.partition(boundary)
        found.append(part[:-2])
        # Each part has a head of its own behind the boundary; the end has none.
        rest = rest.partition(b"\r\n\r\n")[2]
    return found


async def test_the_client_of_javascript_viewers_stores_and_gets_back_what_it_stored(
    world: World, made: Made
) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    images = made(2)
    name = "1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
    parts = [
        f"\r\n--{name}\r\nContent-Type: application/dicom\r\n\r\n".encode() + written(each)
        for each in images
    ]
    end = f"\r\n--{name}--".encode()
    # It reckons with an end for every part, and the room that is left stays zeros.
    body = b"".join(parts) + end + bytes(len(end))
    media = f'multipart/related; type="application/dicom"; boundary="{name}"'
    headers = {"Content-Type": media, "Accept": "*/*"}
    answer = await ada.browser.post("/dicomweb/studies", data=body, headers=headers)
    assert answer.status_code == 200

    study = f"/studies/{images[0].StudyInstanceUID}"
    series = f"{study}/series/{images[0].SeriesInstanceUID}"
    whole = 'multipart/related; type="application/dicom"'
    for path in (study, series):
        came = _split(await _asked(ada, path, whole))
        assert sorted(came) == sorted(map(written, images)), path
    one = f"{series}/instances/{images[1].SOPInstanceUID}"
    assert _split(await _asked(ada, one, whole)) == [written(images[1])]
    octets = 'multipart/related; type="application/octet-stream"'
    assert _split(await _asked(ada, f"{one}/frames/1", octets)) == [images[1].PixelData]
    (described,) = await _asked(ada, f"{one}/metadata")
    address = described["7FE00010"]["BulkDataURI"].partition("/dicomweb")[2]
    assert _split(await _asked(ada, address, octets)) == [images[1].PixelData]


@pytest.mark.one_engine
async def test_that_client_is_understood_by_the_names_it_gives_to_compressed_frames(
    world: World, keeps: Keeps
) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    for name, media, syntax in (
        ("MR_small_jpeg_ls_lossless.dcm", "image/x-jls", "1.2.840.10008.1.2.4.80"),
        ("MR_small_RLE.dcm", "image/x-dicom-rle", "1.2.840.10008.1.2.5"),
    ):
        image = dcmread(io.BytesIO(sample(name)))
        image.StudyInstanceUID, image.SOPInstanceUID = uid(), uid()
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        await keeps(ada, [image], frames=True)
        frame = (
            f"/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}"
            f"/instances/{image.SOPInstanceUID}/frames/1"
        )
        came = next(generate_frames(image.PixelData, number_of_frames=1))
        accept = f'multipart/related; type="{media}"; transfer-syntax={syntax}'
        assert _split(await _asked(ada, frame, accept)) == [came], name
