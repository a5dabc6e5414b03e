"""What somebody wrote here can be taken away whole: on paper and as data."""

import json
from io import BytesIO
from uuid import UUID

import pypdfium2
import pytest

from portal import records
from portal.core.errors import Unknown
from portal.core.language import speaking
from portal.records.models import Record, RecordVersion
from tests.people import Person, World
from tests.records.writing import Form, writes_a_plan, writes_an_entry


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


async def _copies(person: Person) -> list[records.Copy]:
    return [each async for each in records.everything(person.actor)]


def _printed(pdf: bytes) -> str:
    pages = pypdfium2.PdfDocument(BytesIO(pdf))
    return " ".join(str(page.get_textpage().get_text_range()) for page in pages)


async def test_a_plan_is_taken_away_with_every_version(erika: Person, world: World) -> None:
    plan = await writes_a_plan(erika.browser)
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    await form.types(substance_0="Candesartan").saves()
    await writes_a_plan((await world.patient("Otto Beispiel")).browser)

    with speaking("de"):
        (copy,) = await _copies(erika)

    assert (str(copy.id), copy.kind, copy.name) == (plan, "plan", "Medikationsplan")
    assert "Candesartan" in _printed(await copy.paper())
    data = json.loads(json.dumps(await copy.data()))
    assert (data["kind"], data["format"], data["id"]) == ("plan", 1, plan)
    said = [(each["rev"], each["said"]["lines"][0]["substance"]) for each in data["versions"]]
    assert said == [(1, "Ramipril"), (2, "Candesartan")]
    assert {each["by"] for each in data["versions"]} == {"Erika Beispiel"}


async def test_the_same_record_is_the_same_bytes_until_it_changes(erika: Person) -> None:
    """Else nobody could go on with an archive that was cut off."""
    plan = await writes_a_plan(erika.browser)
    (first,), (again,) = await _copies(erika), await _copies(erika)
    paper, data = await first.paper(), await first.data()
    assert first.mark == again.mark
    assert (paper, data) == (await again.paper(), await again.data())
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    await form.types(noon_0="1").saves()
    (changed,) = await _copies(erika)

    assert first.mark != changed.mark
    assert paper != await changed.paper()
    for made in (again.paper, again.data):
        with pytest.raises(Unknown):
            await made()


async def test_what_is_damaged_or_in_the_bin_keeps_nobody_from_the_others(erika: Person) -> None:
    plans = [UUID(await writes_a_plan(erika.browser)) for _ in range(4)]
    whole, broken, torn, binned = plans
    await Record.filter(id=broken).update(summary=(await Record.get(id=whole)).summary)
    await RecordVersion.filter(record=torn).update(body=b"torn")
    await erika.browser.post(f"/records/{binned}/bin")

    assert [each.id for each in await _copies(erika)] == [whole]


async def test_a_diary_is_taken_away_month_by_month(erika: Person) -> None:
    february = await writes_an_entry(erika.browser, "2026-02-12T08:30", text="A cold begins")
    march = await writes_an_entry(erika.browser, "2026-03-12T08:30", text="Well again", pulse="66")
    await writes_an_entry(erika.browser, "2026-03-13T08:30", text="Still well")

    copies = {str(each.id): each for each in await _copies(erika)}
    again = {str(each.id): each for each in await _copies(erika)}

    assert copies.keys() == {february, march}
    assert [each.mark for each in copies.values()] == [each.mark for each in again.values()]
    assert await copies[march].paper() == await again[march].paper()
    copy = copies[march]
    assert (copy.kind, copy.name) == ("diary", "Health diary, March 2026")
    printed = _printed(await copy.paper())
    assert "Well again" in printed
    assert "66 a minute" in printed
    assert "A cold" not in printed
    said = [each["said"] for each in json.loads(json.dumps(await copy.data()))["versions"]]
    assert {each["when"] for each in said} == {"2026-03-12T08:30", "2026-03-13T08:30"}
