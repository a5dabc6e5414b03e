"""A plan or a diary out of an archive is one again, once, and nothing else becomes one."""

from typing import Any
from uuid import UUID

import pytest

from portal import records
from portal.records.models import Record
from tests.people import Person, World
from tests.records.writing import Form, writes_a_plan, writes_an_entry

PATH = "/records/bring"
LINE = {"id": "0" * 16, "kind": "drug", "substance": "Ramipril"}
ENTRY = {"when": "2026-11-01T08:00", "text": "Slept badly"}


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


def copy(said: Any = None, **more: Any) -> dict[str, Any]:
    """A plan as an archive holds it."""
    newest = {"rev": 1, "said": {"lines": [LINE]} if said is None else said}
    return {"kind": "plan", "format": 1, "versions": [newest]} | more


def diary(*entries: Any) -> dict[str, Any]:
    """Entries as an archive holds them."""
    return {
        "kind": "diary",
        "format": 1,
        "versions": [{"rev": 1, "said": each} for each in entries],
    }


async def copies(person: Person) -> list[dict[str, Any]]:
    return [await each.data() async for each in records.everything(person.actor)]


async def brings(person: Person, sent: Any) -> str:
    answer = await person.browser.post(PATH, json=sent)
    assert answer.status_code == 200
    said = await answer.get_json()
    assert sum(said.values()) == len(sent["versions"]) or sent["kind"] == "plan"
    return next(fate for fate in ("refused", "kept", "there") if said[fate])


def content(plan: dict[str, Any]) -> Any:
    """What the newest version says."""
    return plan["versions"][-1]["said"]


async def test_a_plan_comes_back_once_in_its_newest_version(erika: Person, world: World) -> None:
    plan = await writes_a_plan(
        erika.browser, person="Erika Müller", born="01.04.1956", allergies="Penicillin"
    )
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    form = await form.types(substance_0="Candesartan").presses("add-heading")
    await form.types(text_1="In the evening").saves()
    (taken,) = await copies(erika)
    otto = await world.patient("Otto Muster")

    assert await brings(erika, taken) == "there", "it never left"
    assert await brings(otto, taken) == "kept"
    assert await brings(otto, taken) == "there"

    (brought,) = await copies(otto)
    assert content(brought) == content(taken)
    assert brought["id"] != taken["id"]
    assert [each["by"] for each in brought["versions"]] == ["Otto Muster"]
    assert len(await copies(erika)) == 1


async def test_what_was_brought_and_changed_or_binned_is_not_brought_again(erika: Person) -> None:
    assert await brings(erika, copy()) == "kept"
    (plan,) = await copies(erika)
    form = await Form(erika.browser, f"/plans/{plan['id']}/edit").opens()
    await form.types(noon_0="1").saves()
    assert await brings(erika, copy()) == "there"
    await erika.browser.post(f"/records/{UUID(plan['id'])}/bin")
    assert await brings(erika, copy()) == "there"
    assert await Record.filter(owner=erika.actor.id).count() == 1


async def test_a_diary_comes_back_once_in_its_newest_version(erika: Person, world: World) -> None:
    await writes_an_entry(erika.browser, when="2026-10-31T23:50", text="Line one\nand two")
    (october,) = await copies(erika)
    form = await Form(erika.browser, f"/diary/{october['versions'][0]['item']}/edit").opens()
    await form.says(pain="3").saves()
    await writes_an_entry(
        erika.browser, when="2026-11-01T07:15", systolic="128", diastolic="82", sugar="5,5",
        sugar_unit="mmoll", own__0__name="Steps", own__0__value="4000",
    )  # fmt: skip
    taken = await copies(erika)
    otto = await world.patient("Otto Muster")

    assert [await brings(erika, newest(each)) for each in taken] == ["there", "there"]
    assert [await brings(otto, newest(each)) for each in taken] == ["kept", "kept"]
    assert [await brings(otto, newest(each)) for each in taken] == ["there", "there"]

    assert sorted(said(await copies(otto)), key=str) == sorted(said(taken), key=str)
    assert len(await copies(otto)) == 2, "a month each"


async def test_entries_are_counted_and_one_that_is_none_keeps_no_other_out(erika: Person) -> None:
    later = [ENTRY | {"when": f"2026-11-0{day}T08:00"} for day in (2, 3)]
    await brings(erika, diary(ENTRY))

    answer = await erika.browser.post(PATH, json=diary(ENTRY, *later, {"text": "no time"}))

    assert await answer.get_json() == {"kept": 2, "there": 1, "refused": 1}
    assert len(said(await copies(erika))) == 3


async def test_an_entry_that_was_brought_and_binned_is_not_brought_again(erika: Person) -> None:
    assert await brings(erika, diary(ENTRY)) == "kept"
    (month,) = await copies(erika)
    (version,) = month["versions"]
    await erika.browser.post(f"/diary/{version['item']}/bin")
    assert await copies(erika) == []
    assert await brings(erika, diary(ENTRY)) == "there"


def newest(month: dict[str, Any]) -> dict[str, Any]:
    """What the page for uploading sends of a month."""
    last = {each["item"]: each for each in month["versions"]}
    return month | {"versions": list(last.values())}


def said(months: list[dict[str, Any]]) -> list[Any]:
    """What the newest versions say."""
    return [each["said"] for month in months for each in newest(month)["versions"]]


HOSTILE: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "another kind": copy(kind="letter"),
    "a list for a kind": copy(kind=["plan"]),
    "a plan that says it is a diary": copy(kind="diary"),
    "a diary entry without a time": diary({"text": "Slept"}),
    "a diary entry that is empty": diary({"when": "2026-11-01T08:00"}),
    "a diary entry of tomorrow's year": diary({"when": "2999-01-01T08:00", "text": "Slept"}),
    "a diary entry with a list for words": diary({"when": "2026-11-01T08:00", "text": ["x"]}),
    "a diary entry with four own values": diary(
        {"when": "2026-11-01T08:00", "own": [{"name": "Steps", "value": "1", "unit": ""}] * 4}
    ),
    "a diary entry with an own value that is none": diary(
        {"when": "2026-11-01T08:00", "own": ["Steps"]}
    ),
    "twenty-six entries": diary(*[ENTRY] * 26),
    "a later format": copy(format=2),
    "no versions": copy(versions=[]),
    "versions that are none": copy(versions="x"),
    "no lines": copy({"person": "x"}),
    "lines that are none": copy({"lines": {"a": 1}}),
    "a line without kind": copy({"lines": [{"substance": "x"}]}),
    "an unknown kind of line": copy({"lines": [LINE | {"kind": "script"}]}),
    "numbers for words": copy({"lines": [LINE | {"substance": 7}]}),
    "an object for a word": copy({"person": {"$ne": ""}, "lines": [LINE]}),
    "two lines of one id": copy({"lines": [LINE, LINE]}),
    "forty-six lines": copy({"lines": [LINE | {"id": f"{at:016x}"} for at in range(46)]}),
    "words that are too long": copy({"lines": [LINE | {"substance": "x" * 81}]}),
    "no day at all": copy({"born": "tomorrow", "lines": [LINE]}),
    "an old wife's weight": copy({"weight": "heavy", "lines": [LINE]}),
    "half a surrogate pair": copy({"person": "\ud800", "lines": [LINE]}),
}


async def test_what_is_no_plan_makes_none(erika: Person) -> None:
    for name, sent in HOSTILE.items():
        answer = await erika.browser.post(PATH, json=sent)
        assert answer.status_code == 422, name
    deep = b'{"versions":' * 50_000
    kinds = {"Content-Type": "application/json"}
    assert (await erika.browser.post(PATH, data=deep, headers=kinds)).status_code in {400, 422}
    large = b'"' + b"x" * (1024 * 1024) + b'"'
    assert (await erika.browser.post(PATH, data=large, headers=kinds)).status_code == 413
    assert not await Record.exists()
