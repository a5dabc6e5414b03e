"""My documents: one list by examination, found, filtered, sorted and named by its owner."""

import re
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

import cases
from portal import keys, studies, vault
from portal.core.db import now
from portal.storing import Fits, Space
from portal.studies.models import Study
from portal.studies.summaries import sealed_summary
from tests.people import Person, World

GB: Final = 1024**3
MB: Final = 1024**2
NAMED: Final = re.compile(r'<a class="cover" href="/[vd]/[^"]+">(.+?)</a>')


async def _keeps(person: Person, description: str, **facts: Any) -> UUID:
    """An examination without pictures, of some kind and day."""
    study, key = uuid4(), vault.new_secret()
    header = {
        "modality": "CT", "series_instance_uid": "2.25.1", "study_date": "20260301",
        "study_time": "101500", "study_description": description, "body_part": "",
        "patient_name": "Beispiel^Erika", "birth_date": "19560401", "sex": "F",
        "frames": 1, "kind": "other", "instance_number": 1,
    }  # fmt: skip
    added = facts.pop("added", now())
    entry = {"header": header | facts, "size": 0}
    await Study.create(
        id=study, owner=person.actor.id, uid_mark=uuid4().hex, created_at=added,
        summary=sealed_summary(study, key, {uuid4().hex: entry}),
    )  # fmt: skip
    await keys.keep_study_key(person.actor, study, key)
    return study


@pytest.fixture
async def erika(world: World) -> Person:
    """With a few examinations."""
    erika = await world.patient("Erika Beispiel")
    long_ago = now() - timedelta(days=400)
    await _keeps(erika, "Schädel nativ", added=long_ago)
    await _keeps(erika, "Kniegelenk", modality="MR", study_date="20240512")
    await _keeps(erika, "Abdomen", modality="US", study_date="20240101")
    return erika


async def _finds(person: Person, **form: str) -> list[str]:
    answer = await person.browser.post("/documents", form=form)
    assert answer.status_code == 200
    return NAMED.findall(await answer.get_data(as_text=True))


async def _lists(person: Person) -> str:
    return str(await (await person.browser.get("/documents")).get_data(as_text=True))


async def test_a_word_of_the_title_finds_it_whatever_its_accents(erika: Person) -> None:
    everything = ["Schädel nativ", "Kniegelenk", "Abdomen"]
    assert NAMED.findall(await _lists(erika)) == everything

    assert await _finds(erika, q="SCHADEL") == ["Schädel nativ"]
    assert await _finds(erika, q="nativ schädel") == ["Schädel nativ"], "in any order"
    assert await _finds(erika, q="MR") == ["Kniegelenk"]
    assert await _finds(erika, q="2024") == ["Kniegelenk", "Abdomen"]
    assert await _finds(erika, q="") == everything


async def test_what_is_sought_is_in_no_address_and_nothing_found_says_so(erika: Person) -> None:
    answer = await erika.browser.post("/documents", form={"q": "Milz"})
    page = await answer.get_data(as_text=True)

    assert "Nothing found" in page
    assert 'action="/documents" method="post"' in page
    assert not re.search(r'(href|src|action)="[^"]*Milz', page)
    assert 'value="Milz"' in page, "to be changed"


async def test_it_is_filtered_by_kind_and_year_and_sorted(erika: Person) -> None:
    assert await _finds(erika, modality="MR") == ["Kniegelenk"]
    assert await _finds(erika, year="2024") == ["Kniegelenk", "Abdomen"]
    assert await _finds(erika, year="2024", modality="US") == ["Abdomen"]
    assert await _finds(erika, kind="findings") == []
    assert await _finds(erika, kind="images", sort="name") == [
        "Abdomen", "Kniegelenk", "Schädel nativ",
    ]  # fmt: skip
    by_arrival = await _finds(erika, sort="added")
    assert by_arrival[-1] == "Schädel nativ", "it came first"
    assert await _finds(erika, kind="no such", sort="no such", year="no such") == []


async def test_its_owner_calls_it_otherwise_and_nobody_else_sees_that(world: World) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    study = await _keeps(ada, "Thorax pa")
    case = await ada.opens("Nodule?", in_=board, about=[study])

    renamed = await ada.browser.post(
        f"/documents/{study}/label", form={"label": "  Before the\noperation 1/2  "}
    )

    assert renamed.status_code == 303
    assert NAMED.findall(await _lists(ada)) == ["Before the operation 1/2"]
    assert "Thorax pa" in await _lists(ada), "what the images say stands beside it"
    assert await _finds(ada, q="operation") == await _finds(ada, q="thorax")
    found = await cases.study_key(ben.actor, study)
    assert found is not None
    key, _ = found
    (theirs,) = await studies.summaries_with(world.app.extensions["hds"]["shelf"], {study: key})
    assert theirs.title == "Thorax pa"
    for person in (ada, ben):
        page = await (await person.browser.get(f"/cases/{case}")).get_data(as_text=True)
        assert "Before the operation" not in page

    await ada.browser.post(f"/documents/{study}/label", form={"label": ""})
    assert NAMED.findall(await _lists(ada)) == ["Thorax pa"]


async def test_an_exchanged_name_is_left_out_and_the_examination_is_not(erika: Person) -> None:
    first, second = await Study.all().order_by("created_at").limit(2)
    for row, name in ((first, "First"), (second, "Second")):
        await erika.browser.post(f"/documents/{row.id}/label", form={"label": name})
    theirs = (await Study.get(id=second.id)).label
    await Study.filter(id=first.id).update(label=theirs)

    listed = NAMED.findall(await _lists(erika))

    assert sorted(listed) == sorted(["Schädel nativ", "Second", "Abdomen"])


async def test_pages_of_what_was_found_follow_each_other(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    for number in range(103):
        await _keeps(erika, f"Knee {number:03}")
    await _keeps(erika, "Hand")

    assert await _finds(erika, q="knee", sort="name", **{"from": "100"}) == [
        "Knee 100", "Knee 101", "Knee 102",
    ]  # fmt: skip
    page = await _lists(erika)
    assert "1 to 100 of 104" in page
    assert re.search(r'<button[^>]*form="finding"[^>]*value="100"', page)
    for start in ("-5", "99999999999999999999"):
        assert await _finds(erika, q="hand", **{"from": start}) == ["Hand"]


async def test_the_meter_says_what_is_used_and_what_still_fits(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    page = (await _lists(erika)).replace("\N{NO-BREAK SPACE}", " ")

    assert "0 MB of 1,024 MB used" in page
    assert "1.0 GB free" in page
    assert "5 CT, MRI or mammographies" in page
    assert "or 34 X-rays" in page
    assert "or 204 ultrasound examinations" in page
    assert Space(0, GB).fits == Fits(5, 34, 204)
    assert Space(GB - 200 * MB, GB).fits == Fits(1, 6, 40), "to the byte"
    assert Space(GB - 200 * MB + 1, GB).fits == Fits(0, 6, 39)
    assert Space(2 * GB, GB).fits == Fits(0, 0, 0), "after a larger space ended"
