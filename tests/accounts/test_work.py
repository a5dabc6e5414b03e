"""What professionals say of their work, who reads it, and what becomes of it when they are away."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from tortoise.connection import get_connection

from portal import accounts, keys, vault
from portal.accounts import dates
from portal.accounts.dates import BornTooLongAgo, read_birth_date, today
from portal.accounts.ending import leaving
from portal.accounts.models import Account
from portal.accounts.profile.profiles import profile_of
from portal.commands import _change_standing
from portal.core.language import speaking
from tests.accounts.stories import text_of
from tests.accounts.test_administrators import administrator
from tests.people import Person, World

LICENCE = "DE-4711-0815"


async def changes(person: Person, status: int = 303, **typed: Any) -> str:
    """
    Saves the profile as its form would, with *typed* in it; the page that answers.

    Whoever was confirmed is confirmed with the new words, too.
    """
    profile = await profile_of(person.actor)
    confirmed = await accounts.confirmed_among([person.actor.id])
    form = {
        "rev": str(profile.rev),
        "name": profile.name,
        "birth_date": "17.05.1970",
        "sex": "O",
        "specialty": profile.work.specialty,
        "place": profile.work.place,
        "findable": "yes",
        "agreed": "yes",
    }
    answer = await person.browser.post(
        "/profile",
        data=urlencode(form | typed, doseq=True),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == status, await text_of(answer)
    if confirmed:
        await accounts.confirm(person.actor.id, accounts.OPERATOR)
    return await text_of(answer)


async def goes_away(person: Person, days: int = 3, **more: Any) -> None:
    until = today() + timedelta(days=days)
    await changes(person, away_until=until.isoformat(), **more)


async def card_of(person: Person) -> accounts.ColleagueCard:
    card = await accounts.card(person.actor.id)
    assert card is not None
    return card


async def page(person: Person, path: str) -> str:
    answer = await person.browser.get(path)
    assert answer.status_code == 200
    return await text_of(answer)


async def test_a_physician_says_everything_and_sees_what_colleagues_see(world: World) -> None:
    ada = await world.physician("Ada Lindqvist")

    await changes(
        ada, title="Dr. med.", specialty="Neuroradiology", practice="Clinic North", place="Kiel",
        languages=["de", "en", "tr"], licence=LICENCE,
    )  # fmt: skip

    seen = await page(ada, "/profile")
    preview = seen[seen.index('class="preview"') : seen.index('name="title"')]
    for words in (
        "Dr. med. Ada Lindqvist", "Neuroradiology", "Clinic North", "Kiel",
        "speaks German, English, Turkish", "Professional confirmed",
    ):  # fmt: skip
        assert words in preview, words
    assert LICENCE not in preview
    assert f'value="{LICENCE}"' in seen, "its owner sees it in the form"
    assert "That is 17 May 1970." in seen
    await ada.browser.post("/preferences", form={"language": "de", "next": "/"})
    seen = await page(ada, "/profile")
    assert "spricht Deutsch, Englisch, Türkisch" in seen
    assert "Das ist der 17. Mai 1970." in seen


async def test_a_specialty_of_the_list_is_read_and_found_in_every_language(world: World) -> None:
    ada = await world.physician("Ada", specialty="Neurochirurgie", place="Kiel")
    ben = await world.physician("Ben", specialty="hand surgery", practice="Klinik am Park")
    board = await ben.founds("Board")

    members = await page(ben, f"/communities/{board}/members?q=neurosurgery")

    assert "<span>Neurosurgery</span>" in members
    assert "Professional confirmed" in members[members.index("Neurosurgery") :]
    found = await accounts.find_colleagues(ada.actor, "hand park")
    assert [each.specialty for each in found] == ["hand surgery"], "free text stays as it is"


async def test_only_who_may_confirm_sees_the_licence_number(world: World) -> None:
    ada = await world.physician("Ada")
    ben = await world.physician("Ben")
    chiara = await world.physician("Chiara", confirmed=False)
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await changes(ben, licence=LICENCE)
    await changes(chiara, licence="CH-123")
    await ada.browser.post(
        f"/communities/{board}/invitations", form={"account": str(chiara.actor.id)}
    )

    owners = await page(ada, f"/communities/{board}/members?q=ben")
    members = await page(ben, f"/communities/{board}/members?q=chiara")

    assert owners.count(f"Licence number: {LICENCE}") == 1, "in the list, not in the address book"
    assert "Licence number: CH-123" in owners, "an owner who is asked to confirm may see it"
    assert LICENCE not in members
    assert "CH-123" not in members
    seen = {"seen": str((await Account.get(id=chiara.actor.id)).card_rev)}
    await ada.browser.post(f"/communities/{board}/members/{chiara.actor.id}/confirm", form=seen)
    assert "CH-123" not in await page(ada, f"/communities/{board}/members"), "no need any more"


async def test_an_administrator_reads_it_beside_whom_to_confirm(world: World) -> None:
    dana = await administrator(world)
    bo = await world.physician("Bo", confirmed=False, specialty="Radiologie")
    await changes(bo, licence=LICENCE)

    waiting = await page(dana, "/administration/professionals")

    assert f"Licence number: {LICENCE}" in waiting
    assert "<span>Radiology</span>" in waiting


async def test_the_licence_number_lies_under_a_key_of_its_own_and_goes_with_its_account(
    world: World,
) -> None:
    ada = await world.physician("Ada")
    ben = await world.physician("Ben")
    await changes(ada, licence=LICENCE)
    row = await Account.get(id=ada.actor.id)

    assert row.licence
    assert LICENCE.encode() not in row.licence
    context = vault.contexts.text("portal", row.id, 0, "account", "licence", row.id, row.card_rev)
    assert json.loads(vault.unbox(keys.pepper_key("licence"), row.licence, context)) == LICENCE
    with pytest.raises(vault.Tampered):
        vault.unbox(keys.pepper_key("directory"), row.licence, context)
    await Account.filter(id=ben.actor.id).update(licence=row.licence)
    assert await accounts.licences([ada.actor.id, ben.actor.id]) == {ada.actor.id: LICENCE}

    await leaving.end(ada.actor.id, "delete")
    assert await accounts.licences([ada.actor.id]) == {}


async def test_a_record_of_the_release_before_still_opens(world: World) -> None:
    ada = await world.physician("Ada")
    said = json.dumps({"name": "Dr. Ada", "specialty": "Radiology", "place": "Kiel"}).encode()
    context = vault.contexts.text("portal", ada.actor.id, 0, "account", "card", ada.actor.id, 7)
    boxed = vault.box(keys.pepper_key("directory"), said, context)
    await Account.filter(id=ada.actor.id).update(card=boxed, card_rev=7)

    assert await card_of(ada) == accounts.ColleagueCard(
        ada.actor.id, "Dr. Ada", "Radiology", "Kiel"
    )
    await changes(ada, title="PD Dr. med.", languages="fr")
    card = await card_of(ada)
    assert (card.name, card.languages) == ("PD Dr. med. Ada", ("fr",)), "no title twice"


async def test_who_is_away_and_who_stands_in_is_seen_until_the_last_day_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await world.physician("Ada")
    ben = await world.physician("Dr. Ben Okafor")
    await world.physician("Dr. Chiara Rossi")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    noon = datetime(2026, 12, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(dates, "now", lambda: noon)

    await changes(ben, away_until="3.12.2026", deputy_name="rossi")

    words = "away until 3 Dec, deputy Dr. Chiara Rossi"
    assert words in await page(ada, f"/communities/{board}/members")
    assert words in await page(ada, f"/communities/{board}/members?q=okafor")
    offered = (await page(ada, f"/cases/{case}")).partition('id="members">')[2].partition("<")[0]
    assert {"Dr. Ben Okafor": words, "Ada": ""} == {
        each["name"]: each["away"] for each in json.loads(offered)
    }
    with speaking("de"):
        assert str((await card_of(ben)).away) == "abwesend bis 3. Dez., Vertretung Dr. Chiara Rossi"

    # Midnight in Germany, where the portal's people are, is eleven in the evening in UTC.
    monkeypatch.setattr(dates, "now", lambda: datetime(2026, 12, 3, 22, 59, tzinfo=UTC))
    assert (await card_of(ben)).away is not None
    monkeypatch.setattr(dates, "now", lambda: datetime(2026, 12, 3, 23, 0, tzinfo=UTC))
    assert (await card_of(ben)).away is None
    assert "away until" not in await page(ada, f"/communities/{board}/members")
    assert 'name="away_until" value=""' in await page(ben, "/profile")


async def test_an_absence_to_come_is_not_shown_before_its_first_day(world: World) -> None:
    ben = await world.physician("Ben")
    tomorrow = today() + timedelta(days=1)

    await goes_away(ben, days=5, away_from=tomorrow.isoformat())

    assert (await card_of(ben)).away is None
    assert f'value="{tomorrow}"' in await page(ben, "/profile")


async def test_a_deputy_is_one_colleague_out_of_the_address_book(world: World) -> None:
    ada = await world.physician("Ada")
    rossi = await world.physician("Chiara Rossi", place="Kiel")
    other = await world.physician("Carlo Rossi", place="Ulm")
    await world.physician("Shy Hidden", findable=False)
    await world.physician("Bo Berg", confirmed=False)
    await world.patient("Erika Beispiel")
    until: dict[str, Any] = {"away_until": today().isoformat()}

    for nobody in ("Hidden", "Berg", "Beispiel", "Ada", "Nobody"):
        refused = await changes(ada, 422, deputy_name=nobody, **until)
        assert "Nobody found" in refused
        assert f'value="{nobody}"' in refused
    several = await changes(ada, 422, deputy_name="rossi", **until)
    assert "Several colleagues fit" in several
    assert str(rossi.actor.id) in several
    assert str(other.actor.id) in several
    await changes(ada, deputy_name="rossi", deputy=str(other.actor.id), **until)

    assert "deputy Carlo Rossi" in str((await card_of(ada)).away)


async def test_a_deputy_who_hides_stays_and_one_who_leaves_is_named_no_longer(
    world: World,
) -> None:
    ada = await world.physician("Ada")
    rossi = await world.physician("Chiara Rossi")
    await goes_away(ada, deputy_name="Rossi")
    await changes(rossi, findable="")
    await goes_away(ada, deputy_name="Chiara Rossi", place="Kiel")
    assert "deputy Chiara Rossi" in str((await card_of(ada)).away)

    await leaving.end(rossi.actor.id, "delete")

    away = (await card_of(ada)).away
    assert away is not None
    assert away.deputy == ""
    assert "deputy" not in str(away)


async def test_the_address_book_stays_closed_to_whom_nobody_confirmed(world: World) -> None:
    bo = await world.physician("Bo", confirmed=False)
    await world.physician("Chiara Rossi")

    assert 'name="deputy_name"' not in await page(bo, "/profile")
    refused = await changes(bo, 422, deputy_name="Rossi", away_until=today().isoformat())

    assert "somebody has confirmed" in refused
    assert "Chiara" not in refused


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("away_until", {"away_from": "2030-01-02", "away_until": "2030-01-01"}, "before the first"),
        ("away_until", {"away_until": "2001-01-01"}, "over already"),
        ("away_until", {"deputy_name": "Rossi"}, "fill in"),
        ("away_from", {"away_from": "soon", "away_until": "2030-01-01"}, "day.month.year"),
        ("languages", {"languages": ["de", "klingon"]}, "one of the given"),
    ],
)
async def test_what_is_wrong_with_the_work_stands_beside_its_field(
    world: World, field: str, typed: dict[str, Any], said: str
) -> None:
    ada = await world.physician("Ada")

    answer = await changes(ada, 422, practice="Typed before", **typed)

    beside = answer.partition(f'id="f-{field}-error"')[2].partition("</p>")[0]
    assert said in beside
    assert 'value="Typed before"' in answer, "what was typed stays"


@pytest.mark.one_engine
def test_nobody_was_born_more_than_130_years_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "now", lambda: datetime(2026, 5, 17, 12, tzinfo=UTC))

    assert read_birth_date("17.5.1896") == date(1896, 5, 17)
    with pytest.raises(BornTooLongAgo):
        read_birth_date("1896-05-16")


async def test_the_second_window_shows_both_versions_and_saves_what_its_reader_decides(
    world: World,
) -> None:
    ada = await world.physician("Ada", specialty="Radiology", place="Kiel")
    first: dict[str, Any] = {
        "away_until": "2031-12-03",
        "rev": "1",
        "place": "Hamburg",
        "languages": "fr",
        "licence": LICENCE,
    }
    second: dict[str, Any] = {"rev": "1", "practice": "Clinic <North>", "sex": "F"}
    second["place"] = "Kiel"
    await changes(ada, **first)

    conflict = await changes(ada, 409, **second)

    assert "changed in another window" in conflict
    assert 'value="Clinic &lt;North&gt;"' in conflict
    assert conflict.count("The other version:") == 7, "with both days"
    for words in ("Hamburg", "3 December 2031", "Other", "French", LICENCE, "(empty)"):
        assert f'<p class="post-text">{words}</p>' in conflict, words
    assert 'name="rev" value="2"' in conflict
    assert (await card_of(ada)).place == "Hamburg"
    await changes(ada, **second | {"rev": "2"})
    assert (await card_of(ada)).practice == "Clinic <North>"


async def test_a_form_that_names_no_version_replaces_none(world: World) -> None:
    ada = await world.physician("Ada")

    for rev in ("", "-1", "1e3", "9" * 5000):
        assert "Keep the other version" in await changes(ada, 409, rev=rev, name="Mallory")

    assert (await card_of(ada)).name == "Ada"


async def test_nothing_of_the_work_is_readable_in_the_database(world: World) -> None:
    ada = await world.physician("Ada")
    await changes(
        ada, title="Canaryprof", practice="Canaryclinic", licence="CANARY-1", languages="tr",
        away_until=today().isoformat(),
    )  # fmt: skip

    rows = await get_connection("default").execute_query_dict("SELECT * FROM account")
    stored = b" ".join(
        value if isinstance(value, bytes) else str(value).encode() for value in rows[0].values()
    ).lower()

    assert b"canary" not in stored
    assert today().isoformat().encode() not in stored.replace(
        str(rows[0]["created_at"]).lower().encode(), b""
    )


async def test_the_operator_is_shown_name_and_licence_number_before_confirming(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    bo = await world.physician("Bo Berg", confirmed=False)
    await changes(bo, licence=LICENCE)

    assert await _change_standing("confirm", bo.mail) == "confirmed"

    assert capsys.readouterr().out.splitlines() == ["Bo Berg", f"licence number {LICENCE}"]
