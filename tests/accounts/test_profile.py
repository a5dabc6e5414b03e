import asyncio

import pytest
from tortoise.connection import get_connection

from portal import accounts, mailing
from portal.accounts.models import Account
from portal.core.errors import Denied
from tests.accounts.stories import sign_in, text_of
from tests.people import PASSWORD, World
from tests.queries import counting

ERIKA = {"name": "Erika Muster", "birth_date": "2.5.1956", "sex": "O", "rev": "1"}


async def test_a_person_corrects_their_profile(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    answer = await erika.browser.post("/profile", form=ERIKA)
    page = await text_of(await erika.browser.get("/profile"))

    assert answer.status_code == 303
    assert 'value="Erika Muster"' in page
    assert 'value="02.05.1956"' in page
    assert "That is 2 May 1956." in page
    assert "address book" not in page, "patients have no record"


async def test_a_wrong_profile_is_shown_again_with_what_was_typed(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    answer = await erika.browser.post("/profile", form=ERIKA | {"birth_date": "31.02.1956"})
    page = await text_of(answer)

    assert answer.status_code == 422
    assert "31.02.1956" in page
    assert 'id="f-birth_date-error"' in page
    assert 'value="Erika Beispiel"' in await text_of(await erika.browser.get("/profile"))


async def test_two_windows_do_not_overwrite_each_other(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    answers = await asyncio.gather(
        *(erika.browser.post("/profile", form=ERIKA | {"name": f"E{n}"}) for n in range(4))
    )

    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {303, 409}
    row = await Account.get(id=erika.actor.id)
    assert row.profile_rev == 1 + statuses.count(303)


@pytest.mark.one_engine
async def test_language_and_look_follow_the_person_to_another_device(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    answer = await erika.browser.post(
        "/preferences", form={"language": "de", "theme": "dark", "next": "/profile"}
    )
    assert answer.headers["Location"] == "/profile"
    _, phone = await world.signs_in(erika.mail)
    page = await text_of(await phone.get("/profile"))

    assert '<html lang="de" data-theme="dark">' in page
    await phone.post("/preferences", form={"language": "xx", "theme": "<b>"})
    page = await text_of(await phone.get("/profile"))
    assert '<html lang="en"' in page
    assert "<b>" not in page


@pytest.mark.one_engine
async def test_a_stranger_chooses_a_language_too(world: World) -> None:
    browser = world.browser()

    answer = await browser.post("/preferences", form={"language": "de", "next": "//evil.test"})

    assert answer.headers["Location"] == "/"
    assert '<html lang="de"' in await text_of(await browser.get("/sign-in"))


async def test_colleagues_find_each_other_by_name_specialty_and_place(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist", specialty="Neuroradiology", place="Kiel")
    ben = await world.physician("Dr. Ben Okafor", specialty="Radiology", place="Lübeck")
    chiara = await world.physician("Dr. Chiara Rossi", specialty="Neuroradiology", place="Kiel")

    async def found(text: str) -> list[str]:
        return [each.name for each in await accounts.find_colleagues(ben.actor, text)]

    assert await found("ada") == ["Dr. Ada Lindqvist"]
    assert await found("KIEL neuro") == ["Dr. Ada Lindqvist", "Dr. Chiara Rossi"]
    assert await found("lübeck") == [], "one does not find oneself"
    assert await found("a") == await found("") == await found("  ") == []
    assert await found("ada rossi") == []
    card = await accounts.card(ada.actor.id)
    assert card == accounts.ColleagueCard(
        ada.actor.id, "Dr. Ada Lindqvist", "Neuroradiology", "Kiel"
    )
    assert set(await accounts.cards([ada.actor.id, chiara.actor.id])) == {
        ada.actor.id,
        chiara.actor.id,
    }


async def test_who_does_not_want_to_be_found_is_not_found(world: World) -> None:
    ada = await world.physician("Ada Lindqvist")
    ben = await world.physician("Ben Okafor")
    await world.patient("Ada Patientin")
    shy = await world.physician("Ada Zurück", findable=False)
    await accounts.register(
        accounts.Registration.parse(
            {"mail": "ada@later.test", "name": "Ada Later", "birth_date": "1.1.1970", "sex": "F",
             "kind": "professional", "findable": "on"}
        ),
        "here",
    )  # fmt: skip

    assert [each.id for each in await accounts.find_colleagues(ben.actor, "ada")] == [ada.actor.id]
    form = {"name": "Ada Lindqvist", "birth_date": "1.1.1970", "sex": "F", "rev": "1"}
    await ada.browser.post("/profile", form=form)
    await shy.browser.post("/profile", form=form | {"name": "Ada Zurück", "findable": "yes"})
    assert [each.id for each in await accounts.find_colleagues(ben.actor, "ada")] == [shy.actor.id]


async def test_the_address_book_is_closed_to_patients_and_holds_none(world: World) -> None:
    await world.physician("Ada Lindqvist")
    erika = await world.patient("Erika Beispiel")

    with pytest.raises(Denied):
        await accounts.find_colleagues(erika.actor, "ada")
    assert await accounts.card(erika.actor.id) is None


async def test_an_address_leads_to_its_active_account_only(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    assert (
        await accounts.by_mail(mailing.read_address(" ERIKA.beispiel@Example.test"))
        == erika.actor.id
    )
    assert await accounts.by_mail(mailing.read_address("nobody@example.test")) is None


async def test_looking_up_many_cards_is_one_query(world: World) -> None:
    people = [await world.physician(f"Physician Number{n}") for n in range(4)]

    with counting() as queries:
        await accounts.cards([person.actor.id for person in people])

    assert len(queries) == 1, queries


async def test_a_record_moved_to_another_account_does_not_open(world: World) -> None:
    ada = await world.physician("Ada Lindqvist")
    mallory = await world.physician("Mallory")
    row = await Account.get(id=ada.actor.id)
    await Account.filter(id=mallory.actor.id).update(card=row.card, profile=row.profile)

    assert await accounts.card(mallory.actor.id) is None
    refused = await mallory.browser.get("/profile")
    assert refused.status_code == 410
    assert "Something stored here is damaged" in await text_of(refused)
    assert "you can add it again" not in await text_of(refused)
    assert (await ada.browser.get("/profile")).status_code == 200


async def test_a_mail_to_an_account_goes_to_its_address_in_its_language(world: World) -> None:
    erika = await world.patient("Erika Beispiel", language="de")

    await accounts.write_to(erika.actor.id, "password_changed")

    (mail,) = await world.mails_to(erika.mail)
    assert mail.subject == "Ihr Passwort wurde geändert"
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303


async def test_nobody_is_readable_in_the_database(world: World) -> None:
    await world.physician("Canarya Lindqvist", specialty="Canarology", place="Canaryhaven")

    rows = await get_connection("default").execute_query_dict("SELECT * FROM account")
    stored = b" ".join(
        value if isinstance(value, bytes) else str(value).encode() for value in rows[0].values()
    ).lower()

    assert len(rows) == 1
    for word in (b"canar", b"1970-05", b"example.test"):
        assert word not in stored
        assert word.hex().encode() not in stored
