"""QIDO-RS: a program finds one's own studies, series and instances, and nobody else's."""

import json
from typing import Any

import pytest
from dicomweb_client import DICOMwebClient
from pydicom import Dataset

from portal import keys, vault
from portal.dicomweb.errors import BadQuery
from portal.dicomweb.matching import Matcher
from portal.studies.models import Study
from portal.studies.summaries import opened_summary
from tests.dicomweb.conftest import Client, Keeps, Made, told
from tests.people import Person, World

JSON = {"Accept": "application/dicom+json"}


@pytest.fixture
async def ada(world: World) -> Person:
    return await world.physician("Dr. Ada Lindqvist")


def uids(found: list[dict[str, Any]], tag: str = "0020000D") -> list[str]:
    return [each[tag]["Value"][0] for each in found]


async def test_a_study_is_found_by_every_usual_key(
    ada: Person, client: Client, keeps: Keeps, made: Made
) -> None:
    mine = made(2, PatientName="Müller^Änne", PatientID="4711")
    other = made(
        1, PatientName="Beispiel^Erika", PatientID="12", StudyDate="20250101", Modality="MR",
        AccessionNumber="B-2", StudyTime="230000", StudyID="S1", PatientBirthDate="19560401",
        PatientSex="F", StudyDescription="MR knee",
    )  # fmt: skip
    await keeps(ada, [*mine, *other])
    asks = client(ada)
    first, second = mine[0].StudyInstanceUID, other[0].StudyInstanceUID

    async def found(**keys: str) -> list[str]:
        fuzzy = keys.pop("fuzzymatching", None)
        more = None if fuzzy is None else fuzzy == "true"
        return uids(await told(asks.search_for_studies, fuzzymatching=more, search_filters=keys))

    assert await found() == [first, second], "the latest first"
    for keys_ in (
        {"PatientName": "müller*"}, {"PatientName": "M?ller^Änne"}, {"00100010": "*nne"},
        {"PatientName": "anne muller", "fuzzymatching": "true"}, {"PatientID": "4711"},
        {"StudyDate": "20260101-"}, {"StudyDate": "20260312"}, {"StudyDate": "20260312-20260312"},
        {"StudyTime": "1000-1100"}, {"AccessionNumber": "A-*"}, {"ModalitiesInStudy": "CT"},
        {"StudyInstanceUID": f"{first},2.25.17"}, {"StudyID": "S9"}, {"StudyDescription": "CT *"},
        {"ReferringPhysicianName": "ahrens*", "PatientID": "47*"},
        {"NumberOfStudyRelatedInstances": "2"},
    ):  # fmt: skip
        assert await found(**keys_) == [first], keys_
    for keys_ in (
        {"StudyDate": "-20251231"}, {"PatientBirthDate": "19560401"}, {"PatientSex": "F"},
        {"ModalitiesInStudy": "MR,US"}, {"StudyInstanceUID": second},
    ):  # fmt: skip
        assert await found(**keys_) == [second], keys_
    for keys_ in (
        {"PatientName": "Müller"}, {"PatientID": "471"}, {"StudyDate": "20240101"},
        {"ModalitiesInStudy": "US"}, {"StudyInstanceUID": "2.25.17"},
        {"PatientName": "muller berta", "fuzzymatching": "true"}, {"StudyID": "s9"},
    ):  # fmt: skip
        assert await found(**keys_) == [], keys_
    assert await found(PatientName="") == [first, second], "an empty key matches everything"


async def test_results_say_what_the_standard_wants_of_each_level(
    ada: Person, client: Client, keeps: Keeps, made: Made
) -> None:
    (image,) = made(
        1, PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう", SeriesDescription="axial"
    )
    await keeps(ada, [image])
    asks: DICOMwebClient = client(ada)
    study, series, sop = image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID

    (found,) = await told(asks.search_for_studies)
    assert set(found) == {
        "00080020", "00080030", "00080050", "00080056", "00080061", "00080090", "00081030",
        "00081190", "00100010", "00100020", "00100030", "00100040", "0020000D", "00200010",
        "00201206", "00201208",
    }  # fmt: skip
    assert found["00100010"]["Value"] == [
        {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    ]
    assert found["00081190"]["Value"] == [f"{asks.base_url}/studies/{study}"]
    assert found["00201208"] == {"vr": "IS", "Value": [1]}
    assert found["00100030"] == {"vr": "DA"}, "nothing is known"

    (found,) = await told(asks.search_for_series, study)
    assert {"00080060", "0008103E", "0020000E", "00200011", "00201209"} <= set(found)
    assert "00100010" not in found, "the address names the study"
    (found,) = await told(asks.search_for_series, search_filters={"Modality": "CT"})
    assert Dataset.from_json(found).PatientID == "4711"
    (found,) = await told(asks.search_for_instances, study, series)
    read = Dataset.from_json(found)
    assert (read.SOPInstanceUID, read.Rows, read.Columns) == (sop, 32, 48)
    assert "PhotometricInterpretation" not in read
    (found,) = await told(asks.search_for_instances, study, fields=["all"])
    assert Dataset.from_json(found).PhotometricInterpretation == "MONOCHROME2"
    found = await told(asks.search_for_instances, search_filters={"SOPInstanceUID": sop})
    assert uids(found, "00080018") == [sop]
    assert await told(asks.search_for_instances, search_filters={"InstanceNumber": "2"}) == []


async def test_a_page_at_a_time_and_a_word_about_the_rest(
    ada: Person, keeps: Keeps, made: Made
) -> None:
    await keeps(ada, [*made(1, StudyDate="20260103"), *made(3, StudyDate="20260102")])
    await keeps(ada, made(1, StudyDate="20260101"))

    async def days(query: str) -> tuple[list[str], list[str]]:
        answer = await ada.browser.get(f"/dicomweb/studies?{query}", headers=JSON)
        assert answer.status_code == 200
        found = [each["00080020"]["Value"][0] for each in json.loads(await answer.get_data())]
        return found, answer.headers.getlist("Warning")

    found, warned = await days("limit=2")
    assert found == ["20260103", "20260102"]
    assert ["There are 1 additional results" in each for each in warned] == [True]
    assert warned[0].startswith("299 ")
    assert await days("limit=2&offset=2") == (["20260101"], [])
    nothing = await ada.browser.get("/dicomweb/studies?offset=3", headers=JSON)
    assert (nothing.status_code, await nothing.get_data()) == (204, b"")
    listed = await ada.browser.get("/dicomweb/instances?limit=2&offset=1", headers=JSON)
    assert len(json.loads(await listed.get_data())) == 2
    _, warned = await days("00181312=ROW&includefield=00081030,00080060&fuzzymatching=false")
    assert ["not matched" in each for each in warned] == [True], "no key of ours"


async def test_everything_is_listed_page_by_page_however_much_it_is(
    ada: Person, keeps: Keeps, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.dicomweb.searching.OPENED", 2)
    images = [each for day in range(1, 6) for each in made(2, StudyDate=f"2026010{day}")]
    images += made(1, Modality="MR", StudyDate="20250101")
    await keeps(ada, images)

    async def listed(query: str) -> tuple[list[str], list[str]]:
        answer = await ada.browser.get(f"/dicomweb/{query}", headers=JSON)
        assert answer.status_code in {200, 204}
        found = json.loads(await answer.get_data() or "[]")
        return uids(found, "00080018"), answer.headers.getlist("Warning")

    found: list[str] = []
    while page := (await listed(f"instances?limit=3&offset={len(found)}"))[0]:
        assert len(page) <= 3
        found += page
    assert sorted(found) == sorted(each.SOPInstanceUID for each in images)
    first, warned = await listed("instances")
    assert len(first) == 4, "of two examinations"
    assert ["There are 7 additional results" in each for each in warned] == [True]
    by_kind, warned = await listed("instances?Modality=MR")
    assert (by_kind, warned) == ([images[-1].SOPInstanceUID], [])
    answer = await ada.browser.get("/dicomweb/instances?InstanceNumber=7", headers=JSON)
    assert answer.status_code == 413


async def test_what_makes_no_sense_is_refused_in_words(ada: Person) -> None:
    for query in (
        "limit=-1", "limit=a", "offset=1&offset=2", "fuzzymatching=maybe", "StudyDate=yesterday",
        "StudyDate=-", "StudyInstanceUID=../1", "Pat'ient=1", "includefield=%00",
        "NumberOfStudyRelatedSeries=many", "PatientID=1&PatientID=2",
        "&".join(["PatientID=1"] * 300), f"PatientName={'*a' * 20000}",
    ):  # fmt: skip
        answer = await ada.browser.get(f"/dicomweb/studies?{query}", headers=JSON)
        assert answer.status_code == 400, query
        assert (await answer.get_json())["message"]
    xml = 'multipart/related; type="application/dicom+xml"'
    answer = await ada.browser.get("/dicomweb/studies", headers={"Accept": xml})
    assert answer.status_code == 406
    assert "application/dicom+json" in (await answer.get_json())["message"]
    for path in (
        "studies/2.25.1/series",
        "studies/x/instances",
        "studies/2.25.1/series/2/instances",
    ):
        assert (await ada.browser.get(f"/dicomweb/{path}", headers=JSON)).status_code == 404


async def test_nobody_finds_what_is_not_theirs(
    ada: Person, world: World, client: Client, keeps: Keeps, made: Made
) -> None:
    (image,) = made(1)
    await keeps(ada, [image])
    ben = await world.physician("Dr. Ben Ahrens")
    asks = client(ben)

    assert await told(asks.search_for_studies) == []
    named = {"StudyInstanceUID": image.StudyInstanceUID}
    assert await told(asks.search_for_instances, search_filters=named) == []
    paths = (
        f"/dicomweb/studies/{image.StudyInstanceUID}/series",
        "/dicomweb/studies/2.25.5/series",
    )
    told_ = [await ben.browser.get(path, headers=JSON) for path in paths]
    assert [each.status_code for each in told_] == [404, 404]
    assert await told_[0].get_data() == await told_[1].get_data()


async def test_an_examination_from_before_is_found_too(
    ada: Person, client: Client, keeps: Keeps, made: Made
) -> None:
    """Its box does not say what identifies it; the manifest does."""
    (image,) = made(1)
    await keeps(ada, [image])
    row = await Study.get(owner=ada.actor.id)
    key = await keys.open_study_key(ada.actor, row.id)
    assert key is not None
    assert row.summary is not None
    facts = opened_summary(row.id, key, row.summary)
    assert facts.pop("study_uid") == image.StudyInstanceUID
    facts.pop("patient_id")
    row.summary = vault.box(
        key, json.dumps(facts).encode(), vault.contexts.blob(row.id, row.id, "summary")
    )
    await row.save()

    found = await told(client(ada).search_for_studies, search_filters={"PatientID": "4711"})
    assert uids(found) == [image.StudyInstanceUID]


def test_stars_without_end_cost_nothing() -> None:
    matches = Matcher({"StudyDescription": "*a" * 5000 + "b"})
    assert not matches({"StudyDescription": "a" * 1024})
    assert Matcher({"StudyDescription": "a*?c*"})({"StudyDescription": "abbbbcd"})
    assert not Matcher({"StudyDescription": "ab*ba"})({"StudyDescription": "aba"})
    with pytest.raises(BadQuery):
        Matcher({"StudyTime": "morning"})
