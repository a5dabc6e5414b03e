"""What the viewers that people use ask, in their own words, and what they read from the answer."""

from typing import Any
from urllib.parse import urlencode

from pydicom import Dataset

from tests.dicomweb.conftest import Keeps, Made
from tests.people import Person, World

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
