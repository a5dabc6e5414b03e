"""A plan out of an archive is a plan again, once, and nothing else becomes one."""

from typing import Any
from uuid import UUID

import pytest

from portal import records
from portal.records.models import Record
from tests.people import Person, World
from tests.records.writing import Form, writes_a_plan

PATH = "/plans/bring"
LINE = {"id": "0" * 16, "kind": "drug", "substance": "Ramipril"}


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


def copy(said: Any = None, **more: Any) -> dict[str, Any]:
    """A plan as an archive holds it."""
    newest = {"rev": 1, "said": {"lines": [LINE]} if said is None else said}
    return {"kind": "plan", "format": 1, "versions": [newest]} | more


async def copies(person: Person) -> list[dict[str, Any]]:
    return [each.data async for each in records.everything(person.actor)]


async def brings(person: Person, sent: Any) -> str:
    answer = await person.browser.post(PATH, json=sent)
    assert answer.status_code == 200
    return str((await answer.get_json())["outcome"])


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


HOSTILE: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "another kind": copy(kind="diary"),
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
