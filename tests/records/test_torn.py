"""A version that does not open is moved as it is: nothing that may be mended is lost."""

import re
from uuid import UUID

import pytest

from portal.records import sealing
from portal.records.models import Record, RecordVersion
from tests.people import Person, World
from tests.records.writing import Form, text_of, words_on, writes_a_plan, writes_an_entry


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


async def _tears(entry: str) -> tuple[UUID, bytes]:
    """One letter of the first version changes on the disk: its row, and the box it was."""
    row = await RecordVersion.get(item=UUID(entry), rev=1)
    torn = row.body[:-1] + bytes([row.body[-1] ^ 1])
    await RecordVersion.filter(id=row.id).update(body=torn)
    return row.id, torn


async def _writes_twice(person: Person) -> str:
    await writes_an_entry(person.browser, "2026-03-12T08:30", text="First words")
    await writes_an_entry(person.browser, "2026-03-13T08:30", text="Stays")
    page = await text_of(await person.browser.get("/diary"))
    entry = str(re.findall(r'href="/diary/([0-9a-f-]{36})/edit"', page)[1])
    form = await Form(person.browser, f"/diary/{entry}/edit").opens()
    await form.says(text="Second words").saves()
    return entry


async def _history(person: Person, entry: str) -> str:
    return words_on(await text_of(await person.browser.get(f"/diary/{entry}/history")))


async def test_it_goes_to_another_month_and_back_as_the_box_it_was(erika: Person) -> None:
    entry = await _writes_twice(erika)
    row, torn = await _tears(entry)
    for month in ("04", "05"):
        form = await Form(erika.browser, f"/diary/{entry}/edit").opens()
        await form.says(when=f"2026-{month}-02T08:30").saves()
        seen = await _history(erika, entry)
        assert "Version 1 cannot be opened any more" in seen
        assert "Second words" in seen
    assert (await RecordVersion.get(id=row)).body != torn

    form = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    await form.says(when="2026-03-12T08:30").saves()

    assert (await RecordVersion.get(id=row)).body == torn


async def test_whoever_mends_the_box_reads_it_where_it_went(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is mended before the box is looked at, but after it was moved."""
    entry = await _writes_twice(erika)
    whole = (await RecordVersion.get(item=UUID(entry), rev=1)).body
    _row, torn = await _tears(entry)
    form = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    await form.says(when="2026-04-02T08:30").saves()

    opened = sealing._opened
    monkeypatch.setattr(
        sealing,
        "_opened",
        lambda key, place, box: opened(key, place, whole if box == torn else box),
    )

    assert "First words" in await _history(erika, entry)


async def test_a_thrown_entry_comes_back_with_it(erika: Person) -> None:
    entry = await _writes_twice(erika)
    row, torn = await _tears(entry)
    thrown = await erika.browser.post(f"/diary/{entry}/bin")
    alone = thrown.headers["Location"].partition("=")[2]
    assert (await RecordVersion.get(id=row)).record == UUID(alone)

    await erika.browser.post(f"/records/{alone}/restore")

    assert (await RecordVersion.get(id=row)).body == torn
    assert await Record.all().count() == 1


async def test_the_history_of_a_plan_names_the_version_that_does_not_open(erika: Person) -> None:
    plan = await writes_a_plan(erika.browser)
    for number in range(2):
        form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
        await form.types(notes_0=f"note {number}").saves()
    await RecordVersion.filter(item=UUID(plan), rev=2).update(body=b"torn")

    seen = words_on(await text_of(await erika.browser.get(f"/plans/{plan}/history")))

    assert "Version 2 cannot be opened any more" in seen
    assert "Version 3" in seen
    assert "The plan was begun." in seen
    assert seen.count("Look at it") == 2
