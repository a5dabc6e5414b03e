import asyncio
import re
import time
from datetime import timedelta

import pytest
from quart import Response

from portal.accounts import throttles
from portal.accounts.answers import safe_next
from portal.accounts.models import Account, Throttle
from portal.core.db import now
from portal.core.web import cookie_name
from tests.accounts.stories import ADA, registers, sign_in, text_of
from tests.people import PASSWORD, World

UNKNOWN = "nobody@example.test"


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the limits stands: no try waits away what the one before cost."""
    moment = now()
    monkeypatch.setattr(throttles, "now", lambda: moment)


async def test_every_sign_in_gets_a_session_of_its_own(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    first = (await world.signs_in(erika.mail))[1].cookie(cookie_name(world.settings))
    second = (await world.signs_in(erika.mail))[1].cookie(cookie_name(world.settings))

    assert first
    assert second
    assert first != second
    assert first[:20] != second[:20]


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    answer = await sign_in(world, erika.mail, PASSWORD)

    given = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("hds=")]
    assert len(given) == 1
    assert "HttpOnly" in given[0]
    assert "SameSite=Lax" in given[0]
    assert "Path=/" in given[0]
    assert "Domain" not in given[0]
    assert "Max-Age" not in given[0], "it ends with the browser"


async def test_a_session_brought_along_is_ended_and_not_taken_over(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    ada = await world.physician("Ada Lindqvist")
    old = ada.browser.cookie(cookie_name(world.settings))

    await ada.browser.post("/sign-in", form={"mail": erika.mail, "password": PASSWORD})

    thief = world.browser()
    thief.client.set_cookie("127.0.0.1", cookie_name(world.settings), str(old))
    assert (await thief.get("/profile")).status_code == 303
    assert "Erika Beispiel" in await text_of(await ada.browser.get("/profile"))


async def test_wrong_password_unknown_address_and_missing_activation_are_one_answer(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    await registers(world.browser(), ADA)

    answers = [
        await sign_in(world, mail, "not this one, surely")
        for mail in (erika.mail, UNKNOWN, ADA["mail"])
    ]

    assert {answer.status_code for answer in answers} == {403}
    pages = {await _page(answer, erika.mail, UNKNOWN, ADA["mail"]) for answer in answers}
    assert len(pages) == 1
    assert "E-mail address or password is not right." in pages.pop()


@pytest.mark.one_engine
async def test_the_work_does_not_tell_whether_an_address_is_known(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    times: dict[str, list[float]] = {erika.mail: [], UNKNOWN: []}
    browser = world.browser()

    for _ in range(12):
        for mail, taken in times.items():
            await Throttle.all().delete()
            start = time.process_time()
            await browser.post("/sign-in", form={"mail": mail, "password": "not this one, surely"})
            taken.append(time.process_time() - start)

    # Processor time, and the cheapest of each: what else this machine does must not decide.
    known, unknown = (min(taken) for taken in times.values())
    assert 0.75 < known / unknown < 1.33, times


@pytest.mark.usefixtures("still")
async def test_tries_against_one_address_cost_time_known_or_not(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    for mail in (UNKNOWN, erika.mail):
        await Throttle.all().delete()
        answers = [await sign_in(world, mail, "not this one, surely") for _ in range(12)]
        assert [answer.status_code for answer in answers] == [403] * 10 + [429] * 2
        assert answers[-1].headers["Retry-After"] == "2"
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 429

    await _time_passes(timedelta(seconds=2))
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303


async def test_forty_tries_at_once_are_forty_tries(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    answers = await asyncio.gather(
        *(sign_in(world, erika.mail, f"guess number {number}, quite long") for number in range(40))
    )

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(403) <= 10
    assert statuses.count(403) + statuses.count(429) == 40


@pytest.mark.usefixtures("still")
async def test_many_addresses_from_one_network_cost_time_too(world: World) -> None:
    async def guess(number: int) -> int:
        return (await sign_in(world, f"guess{number}@example.test", "not this one")).status_code

    assert [await guess(number) for number in range(11)] == [403] * 10 + [429]


async def test_people_who_sign_in_rightly_do_not_block_their_clinic(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    for _ in range(15):
        assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/cases/1?since=3", "/cases/1?since=3"),
        ("//evil.test/", "/"),
        ("https://evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("\t//evil.test", "/"),
        ("/\n/evil.test", "/"),
        ("//[", "/"),
        ("http://[", "/"),
        ("", "/"),
        (None, "/"),
        ("/sign-in?next=/documents", "/sign-in?next=/documents"),
        ("/" + "a" * 3000, "/"),
    ],
)
def test_signing_in_goes_on_to_a_page_of_ours_only(wanted: str | None, given: str) -> None:
    assert safe_next(wanted) == given


async def test_a_closed_page_asks_to_sign_in_and_leads_back(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    browser = world.browser()

    asked = await browser.get("/profile?from=mail")
    form = await text_of(await browser.get(asked.headers["Location"]))
    kept = re.search(r'action="/sign-in">.*?name="next" value="([^"]*)"', form, re.DOTALL)
    assert kept
    answer = await browser.post(
        "/sign-in", form={"mail": erika.mail, "password": PASSWORD, "next": kept.group(1)}
    )

    through = await browser.get(answer.headers["Location"])

    assert through.headers["Location"] == "/profile?from=mail"


async def test_signing_out_ends_this_session_and_no_other(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    _, phone = await world.signs_in(erika.mail)
    cookie = erika.browser.cookie(cookie_name(world.settings))

    answer = await erika.browser.post("/sign-out")

    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    dropped = [each for each in answer.headers.getlist("Set-Cookie") if "Max-Age=0" in each]
    assert {each.partition("=")[0] for each in dropped} == {"hds", "hds-half"}
    thief = world.browser()
    thief.client.set_cookie("127.0.0.1", cookie_name(world.settings), str(cookie))
    assert (await thief.get("/profile")).status_code == 303
    assert (await phone.get("/profile")).status_code == 200


UNSAFE = [
    "/sign-in",
    "/register",
    "/pass",
    "/activate/x",
    "/preferences",
    "/sign-out",
    "/profile",
    "/profile/password",
]
FOREIGN = [
    {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.test"},
    {"Origin": "null", "Sec-Fetch-Site": None},
    {"Origin": "https://evil.test", "Sec-Fetch-Site": None},
    {"Sec-Fetch-Site": "cross-site", "Origin": None},
    {"Sec-Fetch-Site": "same-site", "Origin": None},
]


@pytest.mark.one_engine
async def test_no_other_site_submits_our_forms(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    stranger = world.browser()
    silent = {"Origin": None, "Sec-Fetch-Site": None}

    for path in UNSAFE:
        for headers in FOREIGN:
            for browser in (stranger, erika.browser):
                answer = await browser.post(path, form={"mail": "a"}, headers=headers)
                assert answer.status_code in {401, 403}, (path, headers)
        for token in ("", "x"):
            answer = await erika.browser.post(
                path, form={"csrf": token}, headers={"X-HDS-CSRF": None}
            )
            assert answer.status_code == 403, (path, token)
        assert (await stranger.post(path, form={}, headers=silent)).status_code in {401, 403}
    assert await Account.all().count() == 1
    assert (await erika.browser.get("/profile")).status_code == 200


@pytest.mark.one_engine
async def test_the_token_of_another_session_does_not_help(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    mallory = await world.patient("Mallory")

    answer = await erika.browser.post("/sign-out", headers={"X-HDS-CSRF": mallory.browser.csrf})

    assert answer.status_code == 403
    assert (await erika.browser.get("/profile")).status_code == 200


async def _page(answer: Response, *mails: str) -> str:
    page = await text_of(answer)
    for mail in mails:
        page = page.replace(mail, "MAIL")
    return page


async def _time_passes(by: timedelta) -> None:
    for row in await Throttle.all():
        row.free_at -= by
        await row.save()
