import asyncio
import re
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from tortoise import Tortoise

from portal import accounts, mailing
from portal.accounts import AccountActivated, AccountsForgotten
from portal.accounts.ending import leaving
from portal.accounts.models import Account, Activation, Throttle
from portal.core.actor import AccountId
from portal.core.errors import Unknown
from tests.accounts.stories import (
    ADA,
    CODE,
    ERIKA,
    PASSWORD,
    activates,
    erika_is_active,
    registers,
    sign_in,
    text_of,
)
from tests.people import World, hearing


async def test_a_patient_registers_activates_and_signs_in(world: World) -> None:
    browser = world.browser()

    code = await registers(browser)
    link = await world.link_for("erika@example.test")
    asked = await browser.get(link)
    with hearing(AccountActivated) as heard:
        activated = await activates(browser, link, code)
    signed_in = await browser.post(
        "/sign-in", form={"mail": "Erika@Example.test ", "password": PASSWORD}
    )
    profile = await text_of(await browser.get("/profile"))

    assert asked.status_code == 200
    assert activated.headers["Location"] == "/sign-in?activated=1"
    assert [event.kind for event in heard] == ["patient"]
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/signed-in?next=/")
    assert "Erika Beispiel" in profile
    assert "01.04.1956" in profile


async def test_the_birth_date_is_spelled_out_before_anything_is_kept(world: World) -> None:
    form = {name: value for name, value in ERIKA.items() if name != "confirmed"}

    page = await text_of(await world.browser().post("/register", form=form))

    assert "1 April 1956" in page
    assert CODE.search(page) is None
    assert not await Account.exists()


async def test_a_birth_date_may_be_written_in_three_ways(world: World) -> None:
    for typed in ("01.04.1956", "1.4.1956", "1956-04-01", " 1. 4. 1956 "):
        form = {**ERIKA, "birth_date": typed}
        del form["confirmed"]
        assert "1 April 1956" in await text_of(await world.browser().post("/register", form=form))


WRONG = [
    ("mail", "erika", "such as name@example.org"),
    ("name", "  ", "Please fill in"),
    ("name", "E" * 121, "at most 120"),
    ("birth_date", "31.04.1956", "no such day in the calendar"),
    ("birth_date", "29.02.1957", "no such day in the calendar"),
    ("birth_date", "01.04.2999", "has not come yet"),
    ("birth_date", "01.04.1856", "more than 130 years ago"),
    ("birth_date", "01/04/1956", "01.04.1956"),
    ("sex", "", "one of the given"),
    ("kind", "administrator", "one of the given"),
]


@pytest.mark.one_engine
async def test_what_is_wrong_is_said_beside_its_field(world: World) -> None:
    for field, typed, said in WRONG:
        answer = await world.browser().post("/register", form=ERIKA | {field: typed})
        page = await text_of(answer)

        assert answer.status_code == 422
        beside = re.search(rf'id="f-{field}-error".*?</p>', page, re.DOTALL)
        assert beside
        assert said in beside.group()
        assert field == "name" or "Erika Beispiel" in page, "what was typed stays"
    assert not await Account.exists()


@pytest.mark.one_engine
async def test_what_is_wrong_is_named_above_the_form_and_leads_to_its_field(world: World) -> None:
    """Five times "Please fill in this field." tells nobody which."""
    empty = dict.fromkeys((*ERIKA, "mail"), "") | {"kind": "patient", "language": "en"}
    page = await text_of(await world.browser().post("/register", form=empty))

    above = page.partition('role="alert"')[2].partition("</ul>")[0]
    for name, words in (
        ("mail", "E-mail address"),
        ("name", "First and last name"),
        ("birth_date", "Date of birth"),
        ("sex", "Sex"),
    ):
        assert f'<a href="#f-{name}">{words}: ' in above
        assert page.count(f'id="f-{name}"') == 1, name


async def test_a_known_address_gets_the_same_answer_and_another_mail(world: World) -> None:
    await erika_is_active(world)

    known = await world.browser().post("/register", form=ERIKA | {"mail": "ERIKA@example.TEST"})
    unknown = await world.browser().post("/register", form=ERIKA | {"mail": "ERIKO@example.TEST"})

    assert known.status_code == unknown.status_code == 200
    assert _without_secrets(await text_of(known)) == _without_secrets(await text_of(unknown))
    subjects = [each.subject for each in await world.mails_to("ERIKA@example.test")]
    assert subjects == ["You already have an account"]
    assert (await sign_in(world)).status_code == 303, "nothing was changed"


async def test_a_stranger_who_registers_an_address_first_takes_nothing(world: World) -> None:
    hers, his = world.browser(), world.browser()
    his_code = await registers(his)
    her_code = await registers(hers)

    first_link, second_link = _links(await world.mails_to("erika@example.test"))
    crossed = await activates(hers, second_link, his_code)
    answer = await activates(hers, second_link, her_code)
    late = await activates(his, first_link, his_code)

    assert crossed.status_code == 403
    assert answer.status_code == 303
    assert late.status_code == 410
    assert await Account.filter(state="active").count() == 1


async def test_two_registrations_of_one_address_activated_at_once_make_one_account(
    world: World,
) -> None:
    codes = [await registers(world.browser()) for _ in range(2)]
    links = _links(await world.mails_to("erika@example.test"))

    answers = await asyncio.gather(
        *(activates(world.browser(), link, code) for link, code in zip(links, codes, strict=True))
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 303
    assert statuses[1] in {409, 410}
    assert await Account.filter(state="active").count() == 1


async def test_a_code_may_be_typed_as_it_is_read(world: World) -> None:
    code = await registers(world.browser())
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "i")

    answer = await activates(world.browser(), await world.link_for(ERIKA["mail"]), typed)

    assert answer.status_code == 303


async def test_a_typing_error_in_the_code_costs_no_try(world: World) -> None:
    code = await registers(world.browser())
    link = await world.link_for(ERIKA["mail"])
    wrong = ("7" if code[0] != "7" else "8") + code[1:]

    for _ in range(12):
        answer = await activates(world.browser(), link, wrong)
        assert answer.status_code == 422
        assert "typing error" in await text_of(answer)

    assert (await activates(world.browser(), link, code)).status_code == 303


async def test_wrong_codes_are_counted_and_then_cost_time(world: World) -> None:
    code = await registers(world.browser())
    link = await world.link_for(ERIKA["mail"])
    other = await registers(world.browser(), mail="other@example.test")

    answers = [(await activates(world.browser(), link, other)).status_code for _ in range(6)]
    right = await activates(world.browser(), link, code)

    assert answers == [403] * 5 + [429]
    assert right.status_code == 429, "not even the right one, before the time is over"
    assert 25 <= int(right.headers["Retry-After"]) <= 30
    await _time_passes()
    assert (await activates(world.browser(), link, code)).status_code == 303


async def test_a_link_works_once_and_a_mail_scanner_does_not_use_it_up(world: World) -> None:
    code = await registers(world.browser())
    link = await world.link_for(ERIKA["mail"])

    for _ in range(3):
        assert (await world.browser().get(link)).status_code == 200
    assert (await activates(world.browser(), link, code)).status_code == 303

    again = await activates(world.browser(), link, code, "another password, quite long")
    assert again.status_code == (await world.browser().get(link)).status_code == 410
    assert (await sign_in(world)).status_code == 303


async def test_a_made_up_link_answers_like_an_old_one(world: World) -> None:
    code = await registers(world.browser())
    link = await world.link_for(ERIKA["mail"])
    await activates(world.browser(), link, code)

    old = await world.browser().get(link)
    made_up = "/activate/" + "x" * 32
    never = await world.browser().get(made_up)

    assert old.status_code == never.status_code == 410
    assert (await text_of(old)).replace(link, made_up) == await text_of(never)


@pytest.mark.parametrize(
    ("age", "status"), [(timedelta(days=27, hours=23, minutes=59), 303), (timedelta(days=28), 410)]
)
async def test_an_account_that_is_not_activated_lives_28_days_to_the_minute(
    world: World, age: timedelta, status: int
) -> None:
    code = await registers(world.browser())
    link = await world.link_for(ERIKA["mail"])
    await _registered_earlier(age)

    assert (await activates(world.browser(), link, code)).status_code == status


async def test_what_was_never_activated_leaves_no_row_and_frees_the_address(world: World) -> None:
    await registers(world.browser(), ADA)
    old = await Account.get()
    await _registered_earlier(timedelta(days=28))
    code = await registers(world.browser(), ADA)

    with hearing(AccountsForgotten) as heard:
        assert await accounts.forget_unactivated() == 1

    assert [event.account_ids for event in heard] == [{old.id}]
    assert await Account.all().count() == 1
    assert not [row for row in await everything_stored() if old.id in row.values()]
    answer = await activates(world.browser(), await world.link_for(ADA["mail"]), code)
    assert answer.status_code == 303


async def test_an_account_that_cannot_be_forgotten_keeps_nobody_elses(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for form in (ADA, ERIKA):
        await registers(world.browser(), form)
    await _registered_earlier(timedelta(days=28))
    stuck, _ = await Account.all().order_by("id")
    shred = leaving.shred

    async def shred_others(account_id: AccountId) -> None:
        if account_id == stuck.id:
            raise Unknown
        await shred(account_id)

    monkeypatch.setattr(leaving, "shred", shred_others)

    assert await accounts.forget_unactivated() == 1
    assert [row.id for row in await Account.all()] == [stuck.id]
    assert "account not forgotten: Unknown" in caplog.text

    monkeypatch.undo()
    assert await accounts.forget_unactivated() == 1
    assert await Account.all().count() == 0


WEAK = [
    ("short", "at least 12"),
    ("elevenchars", "at least 12"),
    ("passwordpassword", "guessers try first"),
    ("123456789012345", "guessers try first"),
    ("aaaaaaaaaaaaaaaa", "guessers try first"),
    ("Erika Beispiel", "guessers try first"),
    ("erika@example.test", "guessers try first"),
    ("qwertzuiop1234", "guessers try first"),
    ("krankenhaus123", "guessers try first"),
    ("abcdefgh x" * 21, "at most 200"),
]


@pytest.mark.one_engine
async def test_a_password_that_is_easily_guessed_is_refused(world: World) -> None:
    code = await registers(world.browser())
    link = await world.link_for(ERIKA["mail"])

    for password, said in WEAK:
        answer = await activates(world.browser(), link, code, password)
        assert answer.status_code == 422, password
        assert said in await text_of(answer), password

    assert (await activates(world.browser(), link, code)).status_code == 303, "the code still works"


async def test_a_professional_needs_fifteen_characters_and_a_patient_twelve(world: World) -> None:
    thirteen = "quiet walrus!"
    for who, status in ((ERIKA, 303), (ADA, 422)):
        code = await registers(world.browser(), who)
        link = await world.link_for(who["mail"])
        answer = await activates(world.browser(), link, code, thirteen)
        assert answer.status_code == status


async def test_a_password_counts_in_one_spelling(world: World) -> None:
    composed = "grüne Wälder über Möwen"
    code = await registers(world.browser())
    link = await world.link_for(ERIKA["mail"])
    await activates(world.browser(), link, code, unicodedata.normalize("NFD", composed))

    answer = await sign_in(world, password=unicodedata.normalize("NFC", composed))

    assert answer.status_code == 303


async def test_registering_one_address_again_and_again_has_an_end(world: World) -> None:
    for _ in range(5):
        await registers(world.browser())

    answer = await world.browser().post("/register", form=ERIKA)

    assert answer.status_code == 429
    assert "Too many attempts" in await text_of(answer)
    await registers(world.browser(), ADA)


async def test_the_code_is_in_no_row_no_mail_and_no_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        code = await registers(world.browser(), ADA)
        link = await world.link_for(ADA["mail"])
        await activates(world.browser(), link, code)
    mails = await mailing.newest()

    token = link.removeprefix("/activate/")
    stored = b"".join(
        value if isinstance(value, bytes) else str(value).encode()
        for row in await everything_stored()
        for value in row.values()
    )
    for secret in (code, code.replace("-", ""), PASSWORD, token, "Lindqvist", "ada@example.test"):
        assert secret not in caplog.text
        assert secret.encode() not in stored
        assert secret.encode().hex().encode() not in stored
    assert mails
    assert not [mail for mail in mails if code in mail.text or code.replace("-", "") in mail.text]


async def test_an_account_made_by_the_operator_is_active_at_once_and_unique(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    with pytest.raises(accounts.AddressTaken):
        await world.patient("Erika Beispiel")

    assert await Account.all().count() == 1
    assert (await sign_in(world, erika.mail, "four unrelated Words, 81 of them")).status_code == 303


def _without_secrets(page: str) -> str:
    page = re.sub(r'name="ticket" value="[^"]*"|/mail/[0-9a-f-]{36}', "", page)
    page = re.sub(r"(\d{5} ){5}\d{5}", "", page)
    return CODE.sub("", page).lower().replace("eriko@", "erika@")


def _links(mails: list[mailing.Mail]) -> list[str]:
    """The links in some mails, oldest first."""
    found = (re.search(r"(/activate/\S+)", mail.text) for mail in reversed(mails))
    return [each.group(1) for each in found if each]


async def _time_passes() -> None:
    for row in await Throttle.all():
        row.free_at -= timedelta(seconds=31)
        await row.save()


async def _registered_earlier(by: timedelta) -> None:
    for account in await Account.all():
        account.created_at -= by
        await account.save()
    for link in await Activation.all():
        link.expires_at -= by
        await link.save()


async def everything_stored() -> list[dict[str, Any]]:
    """All rows of all tables."""
    apps = Tortoise.apps
    assert apps is not None
    return [row for model in apps["hds"].values() for row in await model.all().values()]
