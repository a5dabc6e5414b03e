"""J7, steps 1 to 4: the password is forgotten, the code from the Pass is at hand."""

import asyncio
import unicodedata
from datetime import timedelta
from typing import Any

import pytest

from portal import mailing, vault
from portal.accounts import throttles
from portal.accounts.errors import TooManyTries, WrongRecovery
from portal.accounts.models import Throttle
from portal.accounts.recovery import forgotten
from portal.accounts.recovery.forgotten import CODES, CODES_FROM
from portal.accounts.recovery.forms import Forgotten
from portal.core.errors import Busy
from portal.keys import wraps
from tests.accounts.losing import NEW, forgets, subjects, time_passes
from tests.accounts.stories import registers, sign_in, text_of
from tests.people import PASSWORD, World


async def test_with_the_code_a_new_password_is_set_and_everything_is_still_readable(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    study = await erika.keeps_a_study("CT head")

    assert (await forgets(world, erika.mail, erika.code)).status_code == 303

    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 403
    _, browser = await world.signs_in(erika.mail, NEW)
    assert "CT head" in await text_of(await browser.get("/documents"))
    assert str(study) in await text_of(await browser.get("/documents"))
    assert "Erika Beispiel" in await text_of(await browser.get("/profile"))
    assert (await erika.browser.get("/profile")).status_code == 303, "the old session lives"
    (mail,) = [
        each
        for each in await world.mails_to(erika.mail)
        if each.subject == "Your password was changed"
    ]
    assert "Beispiel" not in mail.text
    assert erika.code not in mail.text


async def test_the_code_works_at_any_time_and_again(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    for password in (NEW, f"{NEW} again", NEW):
        assert (await forgets(world, erika.mail, erika.code, password)).status_code == 303
        assert (await sign_in(world, erika.mail, password)).status_code == 303


@pytest.mark.one_engine
async def test_the_code_may_be_typed_as_it_is_read(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    typed = erika.code.lower().replace("-", "  ").replace("0", "o").replace("1", "i")

    assert (await forgets(world, erika.mail.upper(), typed)).status_code == 303


async def test_a_typing_error_costs_no_try_and_a_wrong_code_costs_time_after_five(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    slip = ("7" if erika.code[0] != "7" else "8") + erika.code[1:]
    other = await registers(world.browser(), mail="other@example.test")

    for _ in range(7):
        answer = await forgets(world, erika.mail, slip)
        assert answer.status_code == 422
        assert "typing error" in await text_of(answer)
    wrong = [(await forgets(world, erika.mail, other)).status_code for _ in range(6)]
    right = await forgets(world, erika.mail, erika.code)

    assert wrong == [403] * 5 + [429]
    assert right.status_code == 429, "not even the right one, before the time is over"
    assert 1 <= int(right.headers["Retry-After"]) <= 30
    assert (await erika.browser.get("/profile")).status_code == 200, "nothing happened"
    await time_passes(timedelta(seconds=31))
    again = await forgets(world, erika.mail, other)
    assert again.status_code == 403
    row = max(await Throttle.all(), key=lambda each: each.free_at)
    assert (row.free_at - row.last_at).total_seconds() == 60, "the waiting time grows"


async def test_no_stranger_elsewhere_keeps_the_owner_from_the_way_back(world: World) -> None:
    """Knowing an address is enough to try codes at it, and not to close the door on its owner."""
    erika = await world.patient("Erika Beispiel")
    typed = Forgotten.parse({"mail": erika.mail, "code": vault.pass_code(), "password": NEW})
    for _ in range(CODES.free):
        with pytest.raises(WrongRecovery):
            await forgotten.set_password(typed, "203.0.113.0/24")
    with pytest.raises(TooManyTries):
        await forgotten.set_password(typed, "203.0.113.0/24")

    assert (await forgets(world, erika.mail, erika.code)).status_code == 303


async def test_a_try_that_could_not_be_made_is_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither on a busy server, nor where the network has to wait."""
    erika = await world.patient("Erika Beispiel")

    async def busy(*_given: Any, **_more: Any) -> None:
        raise Busy(retry_after=3)

    with monkeypatch.context() as crowd:
        crowd.setattr(wraps, "slow", busy)
        assert (await forgets(world, erika.mail, erika.code)).status_code == 429
    assert not await Throttle.filter(tries__gt=0).exists()

    network = "203.0.113.0/24"
    for _ in range(CODES_FROM.free):
        await throttles.count(CODES_FROM, network)
    typed = Forgotten.parse({"mail": erika.mail, "code": erika.code, "password": NEW})
    with pytest.raises(TooManyTries):
        await forgotten.set_password(typed, network)
    (row,) = await Throttle.filter(tries__gt=0)
    assert (row.mark, row.tries) == (CODES_FROM.mark(network), CODES_FROM.free)


async def test_a_stranger_a_waiting_account_and_a_wrong_code_get_one_answer(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    code = await registers(world.browser(), mail="waits@example.test")

    answers = [
        await forgets(world, mail, code)
        for mail in (erika.mail, "nobody@example.test", "waits@example.test")
    ]

    assert [each.status_code for each in answers] == [403] * 3
    mails = (erika.mail, "nobody@example.test", "waits@example.test")
    pages = {
        (await text_of(answer)).replace(mail, "·")
        for answer, mail in zip(answers, mails, strict=True)
    }
    assert len(pages) == 1
    assert await subjects(world, erika.mail) == []


async def test_a_code_belongs_to_one_account(world: World) -> None:
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")

    assert (await forgets(world, erika.mail, max_.code)).status_code == 403
    assert (await forgets(world, max_.mail, erika.code)).status_code == 403


@pytest.mark.one_engine
async def test_a_weak_password_is_refused_and_the_code_still_works(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    for weak in ("short", "Erika Beispiel", "x" * 201):
        answer = await forgets(world, erika.mail, erika.code, weak)
        assert answer.status_code == 422
        assert erika.code in await text_of(answer), "25 characters need not be typed again"

    long = "seven herons read " * 11 + "ab"
    assert len(long) == 200
    assert (await forgets(world, erika.mail, erika.code, long)).status_code == 303
    assert (await sign_in(world, erika.mail, long)).status_code == 303


@pytest.mark.one_engine
async def test_the_new_password_counts_in_one_spelling(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    typed = "grüne Wälder über Möwen"

    await forgets(world, erika.mail, erika.code, unicodedata.normalize("NFD", typed))

    answer = await sign_in(world, erika.mail, unicodedata.normalize("NFKC", typed))
    assert answer.status_code == 303


async def test_two_at_once_end_with_one_password(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    wanted = [NEW, f"{NEW} again"]

    answers = await asyncio.gather(
        *(forgets(world, erika.mail, erika.code, password) for password in wanted)
    )

    assert {each.status_code for each in answers} == {303}
    statuses = [(await sign_in(world, erika.mail, password)).status_code for password in wanted]
    assert sorted(statuses) == [303, 403]


@pytest.mark.one_engine
async def test_the_code_is_in_no_mail_and_no_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    erika = await world.patient("Erika Beispiel")
    with caplog.at_level("INFO"):
        await forgets(world, erika.mail, erika.code)
        await world.mails_to(erika.mail)

    assert erika.code not in caplog.text
    assert erika.mail not in caplog.text
    assert NEW not in caplog.text
    assert not [each for each in await mailing.newest() if erika.code in each.text]
