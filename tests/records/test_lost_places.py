"""What somebody writes while its place goes away: it lies where it is seen, or comes back typed."""

import asyncio
import re
from uuid import UUID

import pytest

from portal.core.errors import Unknown
from portal.records import binning, book, chain
from portal.records.chain import OpenRecord
from portal.records.models import Record, RecordVersion
from tests.people import Person, World
from tests.records.writing import Form, text_of, words_on, writes_a_plan, writes_an_entry


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


async def _entry(person: Person) -> str:
    page = await text_of(await person.browser.get("/diary"))
    return str(re.findall(r'href="/diary/([0-9a-f-]{36})/edit"', page)[0])


async def test_a_month_goes_to_the_bin_before_an_entry_is_saved_or_after_and_not_meanwhile(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = UUID(await writes_an_entry(erika.browser))
    found, begun = chain.came, asyncio.Event()

    async def throws() -> None:
        await begun.wait()
        await binning.throw(erika.actor, month)

    thrown = asyncio.create_task(throws())

    async def slowly(*asked: object) -> UUID | None:
        begun.set()
        await asyncio.wait({thrown}, timeout=0.3)
        assert not thrown.done(), "the same lock orders both"
        return await found(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(chain, "came", slowly)
    form = await Form(erika.browser, "/diary/new").opens()
    answer = await form.says(when="2026-03-14T08:30", text="Meanwhile").sends()
    await thrown

    assert answer.status_code == 303
    assert await RecordVersion.filter(record=month).count() == 2


async def test_a_month_that_is_in_the_bin_takes_no_entry(erika: Person) -> None:
    month = UUID(await writes_an_entry(erika.browser))
    record = await chain.open_own(erika.actor, month, "diary")
    last = await chain.newest(record, UUID(await _entry(erika)))
    await erika.browser.post(f"/records/{month}/bin")
    new = chain.Written(UUID(int=1), last.rev, "Erika", last.said, record.summary)

    with pytest.raises(Unknown):
        await chain.write(erika.actor, record, last.item, new, 2**30)

    assert await RecordVersion.filter(record=month).count() == 1


async def test_what_was_typed_into_an_entry_that_went_away_is_saved_as_a_new_one(
    erika: Person,
) -> None:
    await writes_an_entry(erika.browser, text="Before")
    entry = await _entry(erika)
    form = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    form.says(text="Long thought", pulse="66", when="2026-03-13T09:00")
    await erika.browser.post(f"/diary/{entry}/bin")

    first = await text_of(await form.sends())
    await form.fails(404)

    assert "not in your diary any more" in words_on(form.page)
    assert (form.fields["text"], form.fields["pulse"]) == ("Long thought", "66")
    assert form.fields["client_id"] in first, "sent twice, it is one entry all the same"
    form.path = "/diary/new"
    assert f'action="{form.path}"' in form.page
    await form.saves()
    seen = words_on(await text_of(await erika.browser.get("/diary")))
    assert "Long thought" in seen
    assert "Before" not in seen


async def test_wrong_words_for_an_entry_that_went_away_come_back_too(erika: Person) -> None:
    month = await writes_an_entry(erika.browser)
    form = await Form(erika.browser, f"/diary/{await _entry(erika)}/edit").opens()
    await erika.browser.post(f"/records/{month}/bin")

    await form.says(text="Long thought", pulse="fast").fails(404)

    assert (form.fields["text"], form.fields["pulse"]) == ("Long thought", "fast")


async def test_an_entry_that_stops_opening_under_the_pen_loses_no_words(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writes_an_entry(erika.browser, text="Before")
    form = await Form(erika.browser, f"/diary/{await _entry(erika)}/edit").opens()
    await RecordVersion.all().update(body=b"torn")

    await form.says(text="Long thought").fails(404)

    assert form.fields["text"] == "Long thought"


async def test_an_entry_that_goes_while_two_windows_are_compared_loses_no_words(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writes_an_entry(erika.browser)
    entry = await _entry(erika)
    here = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    there = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    await there.says(pulse="66").saves()
    rewrite = book.rewrite

    async def goes(*given: object) -> None:
        try:
            await rewrite(*given)  # type: ignore[arg-type]
        finally:
            await book.throw(erika.actor, UUID(entry))

    monkeypatch.setattr(book, "rewrite", goes)
    await here.says(text="Long thought").fails(404)

    assert here.fields["text"] == "Long thought"


async def test_what_was_typed_into_a_plan_that_went_away_is_saved_as_a_new_one(
    erika: Person,
) -> None:
    plan = await writes_a_plan(erika.browser)
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    form.types(substance_0="Candesartan", notes_0="with water")
    await erika.browser.post(f"/records/{plan}/bin")

    await form.fails(404)

    assert "not among your plans any more" in words_on(form.page)
    assert form.fields["l-0-notes"] == "with water"
    form.path = "/plans/new"
    assert f'action="{form.path}"' in form.page
    await form.presses("add-drug")
    new = await form.saves()
    assert new != plan
    assert await Record.filter(binned_at__isnull=True).count() == 1


async def test_a_plan_that_goes_at_the_last_moment_loses_no_words(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await writes_a_plan(erika.browser)
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    newest = chain.newest

    async def goes(record: OpenRecord, item: UUID) -> chain.Version:
        found = await newest(record, item)
        await binning.throw(erika.actor, record.id)
        return found

    monkeypatch.setattr(chain, "newest", goes)
    await form.types(notes_0="with water").fails(404)

    assert form.fields["l-0-notes"] == "with water"
    assert await RecordVersion.all().count() == 1
