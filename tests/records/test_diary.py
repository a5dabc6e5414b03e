"""A health diary as its owner writes it: by day and time, nothing lost, nobody else's."""

import asyncio
import csv
import io
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pypdfium2
import pytest

from portal import keys, records, storing
from portal.core import db
from portal.core.actor import Actor, Secret
from portal.records import book, chain
from portal.records.models import Record, RecordVersion
from portal.records.sealing import Place, open_version, seal_version
from tests.people import PASSWORD, Person, World
from tests.records.writing import (
    Form,
    text_of,
    words_on,
    writes_a_plan,
    writes_an_entry,
)

MARCH = {"since": "2026-03-01", "until": "2026-03-31"}


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


async def _sees(person: Person, path: str = "/diary") -> str:
    answer = await person.browser.get(path)
    assert answer.status_code == 200, path
    return words_on(await text_of(answer))


async def _shows(person: Person, **span: str) -> str:
    answer = await person.browser.post("/diary", form=MARCH | span)
    assert answer.status_code == 200
    return words_on(await text_of(answer))


async def _entries(person: Person) -> list[str]:
    """The ids of the entries that the diary lists."""
    page = await text_of(await person.browser.get("/diary"))
    return re.findall(r'href="/diary/([0-9a-f-]{36})/edit"', page)


async def test_entries_stand_by_day_and_time_with_what_was_measured(erika: Person) -> None:
    form = await Form(erika.browser, "/diary/new").opens()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", form.fields["when"])
    form.says(when="2026-03-12T08:30", text="Slept badly\r\nand long", symptoms="dizzy", mood="3")
    form.says(systolic="135", diastolic="85", pulse="72", weight="81,5", temperature="36.8")
    form.says(sugar="5,4", sugar_unit="mmoll", own__0__name="Peak flow", own__0__value="410")
    await form.says(own__0__unit="l/min", pain="0").saves()
    await writes_an_entry(erika.browser, "2026-03-12T21:00", text="Better in the evening")
    await writes_an_entry(erika.browser, "2026-02-27T12:00", text="A cold begins")

    seen = await _sees(erika)

    places = [
        seen.index(each)
        for each in ("12 March 2026", "21:00", "08:30", "27 February 2026", "12:00")
    ]
    assert places[1] < places[2]
    assert places == sorted(places, key=lambda each: each)
    for words in (
        "Blood pressure 135/85 mmHg", "Pulse 72 a minute", "Weight 81.5 kg", "Mood 3 of 10",
        "Temperature 36.8 °C", "Blood sugar 5.4 mmol/l", "Peak flow 410 l/min", "Pain 0 of 10",
        "Symptoms: dizzy", "Slept badly and long",
    ):  # fmt: skip
        assert words in seen, words


async def test_a_span_and_a_kind_are_chosen_without_an_address_that_tells(erika: Person) -> None:
    await writes_an_entry(erika.browser, "2026-03-01T00:00", text="", pain="7")
    await writes_an_entry(erika.browser, "2026-03-31T23:59", text="Calm")
    await writes_an_entry(erika.browser, "2026-04-01T00:00", text="A fool's day")
    march = await writes_an_entry(erika.browser, "2025-03-12T00:00", text="A year ago")

    assert "2 entries" in await _shows(erika)
    assert "A fool's day" not in await _shows(erika)
    painful = await _shows(erika, kind="pain")
    assert "Pain 7 of 10" in painful
    assert "Calm" not in painful
    assert "A year ago" in await _sees(erika, f"/diary/months/{march}")
    assert "A year ago" not in await _sees(erika), "the last three months stand there"
    wrong = await erika.browser.post("/diary", form={"since": "2026-04-01", "until": "2026-03-01"})
    assert wrong.status_code == 422
    assert "comes before the first" in words_on(await text_of(wrong))


async def test_what_is_wrong_is_named_at_its_field_and_nothing_typed_is_lost(
    erika: Person,
) -> None:
    form = await Form(erika.browser, "/diary/new").opens()
    form.says(when="2999-01-01T00:00", systolic="85", diastolic="135", pulse="7200", sugar="5,4")
    form.says(weight="heavy", text="Tired <b>&amp;", own__0__value="7", own__1__name="Steps")

    await form.fails(422)

    for words in (
        "not come yet", "The upper value is the larger one", "a number from 20 to 300",
        "a number from 10 to 1500", "a number from 0.3 to 500", "needs a name and a number",
    ):  # fmt: skip
        assert words in form.page, words
    assert (form.fields["weight"], form.fields["text"]) == ("heavy", "Tired <b>&amp;")
    form.says(when="2026-03-12T08:30", systolic="135", diastolic="85", pulse="72", weight="")
    form.says(sugar_unit="mmoll", own__0__name="INR", own__1__value="4000")
    await form.saves()
    empty = await Form(erika.browser, "/diary/new").opens()
    await empty.fails(422)
    assert "enter something" in empty.page


async def test_an_entry_changes_and_every_older_version_stays(erika: Person) -> None:
    await writes_an_entry(erika.browser, text="Ramipril forgotten")
    (entry,) = await _entries(erika)
    form = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    await form.says(text="Ramipril taken late").saves()
    await (await Form(erika.browser, f"/diary/{entry}/edit").opens()).saves()

    history = await _sees(erika, f"/diary/{entry}/history")

    assert history.index("Version 2") < history.index("Version 1")
    assert "Ramipril forgotten" in history
    assert "Version 3" not in history, "what says nothing new is no version"
    again = await Form(erika.browser, f"/diary/{entry}/edit").opens("?from=1")
    assert again.fields["text"] == "Ramipril forgotten"
    await again.saves()
    assert "Ramipril forgotten" in await _sees(erika)
    for missing in ("edit?from=9", "edit?from=0"):
        assert (await erika.browser.get(f"/diary/{entry}/{missing}")).status_code == 404


async def test_two_windows_lose_nothing(erika: Person) -> None:
    await writes_an_entry(erika.browser)
    (entry,) = await _entries(erika)
    here = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    there = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    await there.says(pulse="66").saves()

    await here.says(text="Slept badly", when="2026-04-02T08:30").fails(409)

    assert "saved in another window" in here.page
    assert here.fields["text"] == "Slept badly"
    assert "Pulse 66 a minute" in words_on(here.page), "the other version stands beside it"
    assert await Record.all().count() == 1, "nothing went to another month on the way"
    await here.saves()
    assert "Version 3" in await _sees(erika, f"/diary/{entry}/history")


async def test_the_same_form_twice_is_one_entry_and_one_version(erika: Person) -> None:
    new = await Form(erika.browser, "/diary/new").opens()
    new.says(when="2026-03-12T08:30", text="Once")
    answers = await asyncio.gather(*(new.sends() for _ in range(3)))
    assert {answer.status_code for answer in answers} == {303}
    (entry,) = await _entries(erika)
    form = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    form.says(text="Twice", when="2026-04-12T08:30")
    assert {(await form.sends()).status_code for _ in range(2)} == {303}
    await erika.browser.post(f"/diary/{entry}/bin")
    assert (await new.sends()).status_code == 303

    assert await RecordVersion.all().count() == 2
    assert await RecordVersion.filter(newest=True).count() == 1


async def test_entries_written_at_once_share_the_record_of_their_month(erika: Person) -> None:
    forms = [await Form(erika.browser, "/diary/new").opens() for _ in range(3)]
    for number, form in enumerate(forms):
        form.says(when=f"2026-03-1{number}T08:30", text=f"Entry {number}")

    answers = await asyncio.gather(*(form.sends() for form in forms))

    assert {answer.status_code for answer in answers} == {303}
    assert await Record.all().count() == 1
    assert "Health diary, March 2026 3 entries" in await _sees(erika, "/documents")


async def test_an_entry_goes_to_another_month_with_its_history(erika: Person, world: World) -> None:
    march = await writes_an_entry(erika.browser, text="First words")
    (entry,) = await _entries(erika)
    form = await Form(erika.browser, f"/diary/{entry}/edit").opens()

    april = await form.says(when="2026-04-02T08:30").saves()

    assert april != march
    assert "Version 1" in await _sees(erika, f"/diary/{entry}/history")
    assert (await erika.browser.get(f"/diary/months/{march}")).status_code == 404
    assert [each.month for each in await records.mine(erika.actor)] == ["2026-04"]
    await _bytes_are_real(erika, world)


async def _bytes_are_real(person: Person, world: World) -> None:
    rows, months = await RecordVersion.all(), await Record.all()
    real = sum(len(row.body) for row in rows) + sum(len(row.summary) for row in months)
    assert (await storing.space(person.actor.id, world.settings.free_quota)).used == real


async def test_a_deleted_entry_comes_back_for_thirty_days(erika: Person, world: World) -> None:
    await writes_an_entry(erika.browser, "2026-03-12T08:30", text="Stays")
    month = await writes_an_entry(erika.browser, "2026-03-13T08:30", text="Goes")
    entry = (await _entries(erika))[0]

    thrown = await erika.browser.post(f"/diary/{entry}/bin")

    page = await text_of(await erika.browser.get(thrown.headers["Location"]))
    undo = re.search(r'action="(/records/[0-9a-f-]{36}/restore)"', page)
    assert undo
    assert "Goes" not in page
    assert "Stays" in page
    for path in ("edit", "history"):
        assert (await erika.browser.get(f"/diary/{entry}/{path}")).status_code == 404
    assert (await erika.browser.post(f"/diary/{entry}/bin")).status_code == 404
    assert "March 2026 1 entry" in await _sees(erika, "/documents")
    assert "Health diary, March 2026" in await _sees(erika, "/documents/bin")
    await _bytes_are_real(erika, world)
    back = await erika.browser.post(undo[1], form={"to": "diary"})
    assert back.headers["Location"] == "/diary"
    assert "Goes" in await _sees(erika, f"/diary/months/{month}")
    assert await Record.all().count() == 1, "it lies in its month again"
    await _bytes_are_real(erika, world)
    await erika.browser.post(f"/diary/{entry}/bin")
    await erika.browser.post("/documents/bin/empty")
    assert await RecordVersion.all().count() == 1
    await _bytes_are_real(erika, world)


async def test_the_last_entry_takes_its_month_along_and_brings_it_back(erika: Person) -> None:
    month = await writes_an_entry(erika.browser)
    (entry,) = await _entries(erika)

    thrown = await erika.browser.post(f"/diary/{entry}/bin")

    assert await keys.open_study_key(erika.actor, UUID(month)) is None
    assert "Nothing is written here" in await _sees(erika)
    bin_ = thrown.headers["Location"].partition("=")[2]
    await erika.browser.post(f"/records/{bin_}/restore")
    assert "Slept well" in await _sees(erika, f"/diary/months/{bin_}")


async def test_a_month_is_deleted_as_one_thing_and_a_new_one_begins_meanwhile(
    erika: Person,
) -> None:
    month = await writes_an_entry(erika.browser, text="Before")
    assert "Health diary, March 2026" in await _sees(erika, f"/records/{month}/delete")
    await erika.browser.post(f"/records/{month}/bin")
    assert "Before" not in await _shows(erika)
    await writes_an_entry(erika.browser, text="Meanwhile")

    await erika.browser.post(f"/records/{month}/restore")

    seen = await _shows(erika)
    assert "Before" in seen
    assert "Meanwhile" in seen
    assert await Record.all().count() == 1


async def test_a_full_account_keeps_what_was_typed_and_can_delete(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writes_an_entry(erika.browser)
    (entry,) = await _entries(erika)
    form = await Form(erika.browser, "/diary/new").opens()
    form.says(when="2026-04-01T08:30", text="No room for this")
    keep = storing.keep_in_rows

    async def full(account: object, holding: UUID, more: int, quota: int | None) -> None:
        await keep(erika.actor.id, holding, more, None if quota is None else 1)

    with monkeypatch.context() as patch:
        patch.setattr(storing, "keep_in_rows", full)
        await form.fails(507)
        assert "not enough space" in form.page
        assert form.fields["text"] == "No room for this"
        assert await Record.all().count() == 1
        assert (await erika.browser.post(f"/diary/{entry}/bin")).status_code == 303
    await form.saves()


async def test_nobody_else_has_it_and_its_owner_keeps_it_under_new_keys(
    erika: Person, world: World
) -> None:
    month = await writes_an_entry(erika.browser)
    (entry,) = await _entries(erika)
    otto = await world.patient("Otto Beispiel")
    for path in (f"{entry}/edit", f"{entry}/history", f"months/{month}"):
        assert (await otto.browser.get(f"/diary/{path}")).status_code == 404
    assert (await otto.browser.post(f"/diary/{entry}/bin")).status_code == 404
    assert "Slept well" not in await _shows(otto)

    secure = {"present": PASSWORD, "password": "another long secret of hers 5"}
    assert (await erika.browser.post("/profile/secure", form=secure)).status_code == 200
    erika.actor, erika.browser = await world.signs_in(erika.mail, secure["password"])

    assert "Slept well" in await _sees(erika)
    form = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    await form.says(when="2026-05-02T08:30").saves()
    assert "Version 2" in await _sees(erika, f"/diary/{entry}/history")


async def test_a_damaged_entry_closes_no_other_and_can_be_deleted(
    erika: Person, caplog: pytest.LogCaptureFixture
) -> None:
    await writes_an_entry(erika.browser, "2026-03-12T08:30", text="Whole words")
    await writes_an_entry(erika.browser, "2026-03-13T08:30", text="Other words")
    other, whole = [UUID(each) for each in await _entries(erika)]
    body = (await RecordVersion.get(item=whole)).body
    await RecordVersion.filter(item=other).update(body=body)

    seen = await _sees(erika)

    assert "Whole words" in seen
    assert "1 entry of these months cannot be opened" in seen
    assert (await erika.browser.get(f"/diary/{other}/edit")).status_code == 410
    assert "words" not in caplog.text
    assert (await erika.browser.post(f"/diary/{other}/bin")).status_code == 303
    assert "cannot be opened" not in await _sees(erika)


async def test_a_table_for_spreadsheets_runs_nothing(erika: Person) -> None:
    evil = '=HYPERLINK("https://evil.test","x")'
    for day, words in enumerate((evil, " +1", "@SUM(1)", "-2", "＝1", '"; =1', "plain"), start=1):
        await writes_an_entry(
            erika.browser, f"2026-03-0{day}T08:30", text=words, symptoms=words, weight="81,5",
            own__0__name=words, own__0__value="-1,5",
        )  # fmt: skip

    answer = await erika.browser.post("/diary/table", form=MARCH)

    assert answer.content_type == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    body = (await answer.get_data(as_text=False)).decode("utf-8-sig")
    head, *rows = list(csv.reader(io.StringIO(body)))
    assert len(rows) == 7
    assert rows[0][:2] == ["2026-03-01", "08:30"]
    assert rows[0][head.index("Weight (kg)")] == "81.5"
    assert rows[0][head.index("Free notes")] == f"'{evil}"
    for row in rows:
        for cell in row:
            assert not re.match(r"\s*[=+\-@＝]", cell), cell
    assert rows[-1][-1] == "plain"
    await erika.browser.post("/preferences", form={"language": "de"})
    german = await (await erika.browser.post("/diary/table", form=MARCH)).get_data(as_text=False)
    assert ";81,5;" in german.decode()


async def test_a_diary_of_years_opens_the_months_that_are_asked_for(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 7):
        await writes_an_entry(erika.browser, f"2025-{number:02}-12T08:30", text=f"Month {number}")
    sealed, opened = list[Place](), list[Place]()

    def sealing(key: Secret, place: Place, body: Mapping[str, Any]) -> bytes:
        sealed.append(place)
        return seal_version(key, place, body)

    def opening(key: Secret, place: Place, boxed: bytes) -> dict[str, Any]:
        opened.append(place)
        return open_version(key, place, boxed)

    monkeypatch.setattr(chain, "seal_version", sealing)
    monkeypatch.setattr(chain, "open_version", opening)

    await writes_an_entry(erika.browser, "2025-06-13T08:30", text="One more")
    assert len(sealed) == 1, "nothing but the new entry is sealed"
    assert opened == []
    await erika.browser.post("/diary", form={"since": "2025-02-01", "until": "2025-03-31"})
    assert len(opened) == 2


async def test_the_months_of_years_are_looked_through_once_and_not_while_others_wait(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 5):
        await writes_an_entry(erika.browser, f"2025-{number:02}-12T08:30", text=f"Month {number}")
    await writes_a_plan(erika.browser)
    entry = (await _entries(erika))[0]
    asked, opening = list[tuple[int, bool]](), keys.open_study_keys

    async def counted(actor: Actor, wanted: list[UUID], *more: set[UUID]) -> dict[UUID, Secret]:
        asked.append((len(wanted), db._announced.get() is not None))
        return await opening(actor, wanted, *more)

    monkeypatch.setattr(keys, "open_study_keys", counted)
    await _sees(erika)
    assert asked == [(5, False)]
    asked.clear()
    new = await Form(erika.browser, "/diary/new").opens()
    await new.says(when="2025-05-13T08:30", text="One more").saves()
    form = await Form(erika.browser, f"/diary/{entry}/edit").opens()
    await form.says(text="In its month").saves()
    await form.opens()
    await form.says(when="2025-06-13T08:30").saves()
    assert asked == [(5, False), (6, False)]


async def test_a_month_is_bounded(erika: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_ENTRIES", 1)
    await writes_an_entry(erika.browser)
    form = await Form(erika.browser, "/diary/new").opens()

    await form.says(when="2026-03-20T08:30", text="One too many").fails(422)

    assert "at most 1,000 entries" in form.page
    await form.says(when="2026-04-20T08:30").saves()


async def test_plots_show_what_was_measured_twice_with_a_table_beside(erika: Person) -> None:
    for day, (upper, lower) in enumerate((("150", "95"), ("140", "90"), ("130", "85")), start=1):
        await writes_an_entry(
            erika.browser, f"2026-03-0{day}T08:30", systolic=upper, diastolic=lower,
            own__0__name="Steps" if day < 3 else "steps", own__0__value=f"{day}000",
        )  # fmt: skip
    await writes_an_entry(erika.browser, "2026-03-05T08:30", weight="80")

    page = await text_of(await erika.browser.get("/diary"))

    assert page.count('viewBox="0 0 320 120"') == 2, "one weight is no line"
    assert "Blood pressure: 3 values between 85 and 150" in page
    assert "3 values between 1000 and 3000" in page
    lines = re.findall(r'points="([^"]+)"', page)
    assert len(lines) == 3
    assert lines[0] == "40.0,10.0 176.0,23.5 312.0,37.1"
    seen = words_on(page)
    assert "2 March 2026, 08:30 140 90" in seen
    assert "style=" not in page


async def test_a_hostile_form_is_refused_and_writes_nothing(erika: Person) -> None:
    form = await Form(erika.browser, "/diary/new").opens()
    form.says(text="Words")
    for wrong in (
        {"rev": "x"}, {"rev": "-1"}, {"rev": "9" * 30}, {"client_id": "x"}, {"sugar_unit": "x"},
        {"when": "yesterday"}, {"when": "2026-02-30T08:30"}, {"when": "0001-01-01T00:00"},
        {"mood": "11"}, {"mood": "٣"}, {"pulse": "1e2"}, {"weight": "nan"}, {"pain": "2.5"},
        {"text": "x" * 4_001}, {"symptoms": "x" * 301}, {"own-0-name": "x"},
        {"own-0-name": "x" * 41, "own-0-value": "1"}, {"own-0-name": "x", "own-0-value": "="},
    ):  # fmt: skip
        answer = await erika.browser.post("/diary/new", form=form.fields | wrong)
        assert answer.status_code == 422, wrong
    for path in ("/diary", "/diary/print", "/diary/table"):
        for span in ({}, {"since": "x", "until": "y"}, MARCH | {"kind": "x"}):
            assert (await erika.browser.post(path, form=span)).status_code == 422, (path, span)
    unknown = await erika.browser.post(f"/diary/{uuid4()}/edit", form=form.fields)
    assert unknown.status_code == 404
    early = {"since": "0001-01-01", "until": "9999-12-31"}
    assert (await erika.browser.post("/diary", form=early)).status_code == 200
    assert await Record.all().count() == 0


async def test_a_span_is_printed_by_days_and_says_what_it_could_not_print(erika: Person) -> None:
    await writes_an_entry(erika.browser, text="Evil #panic(1) <b>\nsecond 药 line", pulse="66")
    await writes_an_entry(erika.browser, "2026-04-01T07:00", text="Another month")

    answer = await erika.browser.post("/diary/print", form=MARCH)

    assert answer.mimetype == "application/pdf"
    body = await answer.get_data(as_text=False)
    assert b"pdfuaid" in body, "tagged"
    pages = pypdfium2.PdfDocument(io.BytesIO(body))
    (said,) = [" ".join(str(page.get_textpage().get_text_range()).split()) for page in pages]
    for words in (
        "Health diary", "Erika Beispiel", "From 1 March 2026 to 31 March 2026", "1 entry",
        "12 March 2026", "08:30", "66 a minute", "#panic(1) <b> second ? line",
        "could not be printed",
    ):  # fmt: skip
        assert words in said, words
    assert "Another month" not in said
