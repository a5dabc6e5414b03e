"""Medication plans as their owners write them: nothing lost, every version there, nobody else's."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from quart import Quart

from portal import keys, records, storing
from portal.accounts.factors import stepping_up
from portal.core.db import now
from portal.records.models import Record, RecordVersion
from portal.storing.models import StoredObject
from tests.people import PASSWORD, Person, World
from tests.records.writing import Form, text_of, words_on, writes_a_plan


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


async def _sees(person: Person, path: str) -> str:
    answer = await person.browser.get(path)
    assert answer.status_code == 200, path
    return words_on(await text_of(answer))


async def test_a_plan_is_written_line_by_line_without_a_script(erika: Person) -> None:
    """Lines come, move, go and come back as buttons are pressed; only "Save" writes."""
    form = await Form(erika.browser, "/plans/new").opens()
    assert (form.fields["p-person"], form.fields["p-born"]) == ("Erika Beispiel", "1970-05-17")
    form.types(substance_0="Ramipril", strength_0="5 mg", morning_0="1", unit_0="tablet")
    await form.presses("add-drug")
    assert 'id="f-l-1-substance" name="l-1-substance" value="" maxlength="80"' in form.page
    assert form.page.count("autofocus") == 1, "one goes on where the new line is"
    form.types(trade_1="Novalgin", dosage_1="when it hurts", reason_1="back")
    await form.presses("add-heading")
    form.types(heading_2="411")
    await form.presses("up-2")
    await form.presses("add-text")
    form.types(text_3="Penicillin never again")
    await form.presses("gone-0")
    assert form.substances == ["", "", ""]
    await form.presses("back-0")
    assert await Record.all().count() == 0, "nothing is written before it is saved"

    plan = await form.saves()

    seen = await _sees(erika, f"/plans/{plan}")
    places = [seen.index(each) for each in ("Ramipril", "As needed", "Novalgin", "never again")]
    assert places == sorted(places)
    assert "when it hurts" in seen
    assert "2 medicines" in await _sees(erika, "/plans")


async def test_what_is_wrong_is_named_at_its_field_and_nothing_typed_is_lost(
    erika: Person,
) -> None:
    form = await Form(erika.browser, "/plans/new").opens()
    form.types(substance_0="Ramipril", morning_0="1", dosage_0="in the morning", weight="heavy")
    form.types(born="2999-01-01", notes_0="x" * 81)

    await form.fails(422)

    for words in ("either by time of day or in words", "a number", "not come yet", "At most 80"):
        assert words in form.page, words
    assert form.fields["l-0-notes"] == "x" * 81
    form.types(dosage_0="", weight="72,5", born="1956-04-01", notes_0="")
    plan = await form.saves()
    assert "72,5" in await _sees(erika, f"/plans/{plan}")
    assert "1 April 1956" in await _sees(erika, f"/plans/{plan}")


async def test_two_windows_lose_nothing(erika: Person) -> None:
    plan = await writes_a_plan(erika.browser)
    here = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    there = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    await there.types(morning_0="2").saves()

    await here.types(notes_0="with water").fails(409)

    assert "saved in another window" in here.page
    assert here.fields["l-0-notes"] == "with water"
    assert 'data-label="Morning">2<' in here.page, "the other version stands beside it"
    await here.saves()
    seen = await _sees(erika, f"/plans/{plan}/history")
    assert seen.index("Version 3") < seen.index("Version 2") < seen.index("Version 1")
    assert "Ramipril: Morning is now “2”, was “1”" in seen
    assert "Ramipril: Notes is now “with water”" in seen


async def test_the_same_form_twice_is_one_plan_and_one_version(erika: Person) -> None:
    new = await Form(erika.browser, "/plans/new").opens()
    new.types(substance_0="Ramipril")
    assert len({await new.saves(), await new.saves()}) == 1
    plan = str((await Record.get()).id)
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    form.types(evening_0="1")

    answers = await asyncio.gather(*(form.sends() for _ in range(3)))
    await (await Form(erika.browser, f"/plans/{plan}/edit").opens()).saves()

    assert {answer.status_code for answer in answers} == {303}
    assert await RecordVersion.all().count() == 2, "what says nothing new is no version either"
    assert await RecordVersion.filter(newest=True).count() == 1


async def test_of_two_at_once_one_is_told(erika: Person) -> None:
    plan = await writes_a_plan(erika.browser)
    forms = [await Form(erika.browser, f"/plans/{plan}/edit").opens() for _ in range(2)]
    for number, form in enumerate(forms):
        form.types(night_0=str(number))

    answers = await asyncio.gather(*(form.sends() for form in forms))

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert await RecordVersion.all().count() == 2


async def test_every_version_can_be_looked_at_and_gone_on_from(erika: Person) -> None:
    plan = await writes_a_plan(erika.browser)
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    await form.types(substance_0="Candesartan").saves()

    assert "Ramipril" in await _sees(erika, f"/plans/{plan}/history/1")
    again = await Form(erika.browser, f"/plans/{plan}/edit").opens("?from=1")
    again.path = f"/plans/{plan}/edit"
    assert again.substances == ["Ramipril"]
    await again.saves()

    assert "Ramipril" in await _sees(erika, f"/plans/{plan}")
    assert "Candesartan" in await _sees(erika, f"/plans/{plan}/history/2")
    for missing in ("history/9", "edit?from=9", "edit?from=0", "print?form=xx"):
        assert (await erika.browser.get(f"/plans/{plan}/{missing}")).status_code == 404


async def test_every_byte_counts_and_is_given_back(erika: Person, world: World, app: Quart) -> None:
    quota = world.settings.free_quota
    plan = UUID(await writes_a_plan(erika.browser))
    before = (await storing.space(erika.actor.id, quota)).used
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    await form.types(notes_0="x" * 80, reason_0="y" * 50).saves()

    rows = await RecordVersion.filter(record=plan)
    real = sum(len(row.body) for row in rows) + len((await Record.get()).summary)
    assert before < (await storing.space(erika.actor.id, quota)).used == real
    assert (await records.mine(erika.actor))[0].size == real
    store = app.extensions["hds"]["shelf"].boxes._store
    assert await storing.missing(store, plan.bytes[0]) == [], "it lies in rows, not in the store"
    await records.delete(erika.actor, plan)
    assert (await storing.space(erika.actor.id, quota)).used == 0
    await storing.sweep(store)
    assert await StoredObject.all().count() == 0


async def test_a_full_account_keeps_what_was_typed(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await writes_a_plan(erika.browser)
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    form.types(notes_0="with water")
    keep = storing.keep_in_rows

    async def full(account: object, holding: UUID, more: int, _quota: int) -> None:
        await keep(erika.actor.id, holding, more, 1)

    with monkeypatch.context() as patch:
        patch.setattr(storing, "keep_in_rows", full)
        await form.fails(507)

    assert "not enough space" in form.page
    assert form.fields["l-0-notes"] == "with water"
    assert await RecordVersion.all().count() == 1
    await form.saves()


async def test_nobody_else_has_it_and_its_owner_keeps_it_under_new_keys(
    erika: Person, world: World
) -> None:
    plan = await writes_a_plan(erika.browser)
    otto = await world.patient("Otto Beispiel")
    for path in ("", "/edit", "/history", "/history/1", "/print"):
        assert (await otto.browser.get(f"/plans/{plan}{path}")).status_code == 404
    assert (await otto.browser.get(f"/records/{plan}/delete")).status_code == 404
    assert (await otto.browser.post(f"/records/{plan}/delete")).status_code == 404
    assert "Ramipril" not in await _sees(otto, "/plans")

    secure = {"present": PASSWORD, "password": "another long secret of hers 5"}
    assert (await erika.browser.post("/profile/secure", form=secure)).status_code == 200
    erika.actor, erika.browser = await world.signs_in(erika.mail, secure["password"])

    assert "Ramipril" in await _sees(erika, f"/plans/{plan}")
    form = await Form(erika.browser, f"/plans/{plan}/edit").opens()
    await form.types(noon_0="1").saves()
    assert "Version 2" in await _sees(erika, f"/plans/{plan}/history")


async def test_deleting_asks_who_is_there_and_takes_key_and_versions(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = UUID(await writes_a_plan(erika.browser))
    with monkeypatch.context() as patch:
        later = now() + 2 * stepping_up.LASTS
        patch.setattr(stepping_up, "now", lambda: later)
        assert (await erika.browser.post(f"/records/{plan}/delete")).status_code == 403
    assert "Erika Beispiel" in await _sees(erika, f"/records/{plan}/delete")

    assert (await erika.browser.post(f"/records/{plan}/delete")).status_code == 303

    assert await Record.all().count() == await RecordVersion.all().count() == 0
    assert await keys.open_study_key(erika.actor, plan) is None
    assert (await erika.browser.get(f"/plans/{plan}")).status_code == 404
    await writes_a_plan(erika.browser)
    await records.Belongings().forget(erika.actor.id)
    await storing.forget_account(erika.actor.id)
    assert await Record.all().count() == await RecordVersion.all().count() == 0


async def test_a_plan_stands_in_my_documents_and_comes_out_of_the_bin(
    erika: Person, world: World
) -> None:
    plan = await writes_a_plan(erika.browser)
    used = (await storing.space(erika.actor.id, world.settings.free_quota)).used
    listed = await _sees(erika, "/documents")
    assert "Medication plan Erika Beispiel 1 medicine" in listed
    found = await erika.browser.post("/documents", form={"q": "beispiel", "kind": "findings"})
    assert f"/plans/{plan}" in await text_of(found)
    other = await erika.browser.post("/documents", form={"kind": "images"})
    assert f'href="/plans/{plan}"' not in await text_of(other)

    thrown = await erika.browser.post(f"/records/{plan}/bin")
    undo = await text_of(await erika.browser.get(thrown.headers["Location"]))
    assert f'action="/records/{plan}/restore"' in undo
    assert f'href="/plans/{plan}"' not in undo
    for path in ("", "/edit", "/print", "/history"):
        assert (await erika.browser.get(f"/plans/{plan}{path}")).status_code == 404
    assert "Ramipril" not in await _sees(erika, "/plans")
    assert "Medication plan" in await _sees(erika, "/documents/bin")
    assert (await storing.space(erika.actor.id, world.settings.free_quota)).used == used

    assert (await erika.browser.post(f"/records/{plan}/restore")).status_code == 303
    assert "Ramipril" in await _sees(erika, f"/plans/{plan}")
    await erika.browser.post(f"/records/{plan}/bin")
    since = (await Record.get()).binned_at
    assert since is not None
    assert await records.forget_binned(since - timedelta(microseconds=1)) == 0
    assert await records.forget_binned(since) == 1
    assert await Record.all().count() == await RecordVersion.all().count() == 0
    assert (await storing.space(erika.actor.id, world.settings.free_quota)).used == 0
    await erika.browser.post(f"/records/{await writes_a_plan(erika.browser)}/bin")
    await erika.browser.post("/documents/bin/empty")
    assert await Record.all().count() == 0


async def test_boxes_that_somebody_exchanged_are_named_and_close_nothing(
    erika: Person, caplog: pytest.LogCaptureFixture
) -> None:
    plans = [
        UUID(await writes_a_plan(erika.browser, substance_0=each))
        for each in ("Ramipril", "Codeine", "Insulin")
    ]
    one, other = [await Record.get(id=each) for each in plans[:2]]
    await Record.filter(id=one.id).update(summary=other.summary)
    form = await Form(erika.browser, f"/plans/{plans[2]}/edit").opens()
    await form.types(morning_0="10").saves()
    first, second = await RecordVersion.filter(record=plans[2]).order_by("rev")
    await RecordVersion.filter(id=first.id).update(body=second.body)

    seen = await _sees(erika, "/plans")
    history = await _sees(erika, f"/plans/{plans[2]}/history")

    assert seen.count("Damaged document") == 1
    assert "cannot be opened any more" in history
    assert "Version 2" in history
    assert (await erika.browser.get(f"/plans/{one.id}")).status_code == 410
    assert (await erika.browser.get(f"/plans/{plans[2]}/history/1")).status_code == 410
    assert "Insulin" in await _sees(erika, f"/plans/{plans[2]}")
    assert "Codeine" not in caplog.text
    assert (await erika.browser.post(f"/records/{one.id}/delete")).status_code == 303
    assert "Damaged" not in await _sees(erika, "/plans")


async def test_a_plan_ends_at_three_pages(erika: Person) -> None:
    form = await Form(erika.browser, "/plans/new").opens()
    for number in range(1, 45):
        form.fields |= {f"l-{number}-kind": "text", f"l-{number}-text": f"Line {number}"}
    form.types(substance_0="Ramipril")

    await form.presses("add-drug")

    assert "at most 45 lines" in form.page
    assert len(form.substances) == 45
    form.fields |= {"l-45-kind": "text", "l-45-text": "One too many"}
    plan = await form.saves()
    assert "One too many" not in await _sees(erika, f"/plans/{plan}")


async def test_a_hostile_form_is_refused_and_writes_nothing(erika: Person) -> None:
    form = await Form(erika.browser, "/plans/new").opens()
    for wrong in (
        {"rev": "x"}, {"rev": "-1"}, {"rev": "9" * 30}, {"client_id": "x"}, {"act": "up-9"},
        {"act": "add-x"}, {"act": "nonsense"}, {"l-0-kind": "x"},
        {"l-1-kind": "drug", "l-1-id": form.fields["l-0-id"]},
    ):  # fmt: skip
        answer = await erika.browser.post("/plans/new", form=form.fields | wrong)
        assert answer.status_code == 422, wrong
    unknown = await erika.browser.post(f"/plans/{uuid4()}/edit", form=form.fields)
    assert unknown.status_code == 404
    assert await Record.all().count() == 0
