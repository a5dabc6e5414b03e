"""The second step: nobody gets around it, no code counts twice, who lost the phone gets in."""

from datetime import timedelta

import pytest

from portal import keys
from portal.accounts.factors import proofs
from portal.accounts.factors.models import Factors as FactorsRow
from portal.core.db import now
from portal.core.web import cookie_name
from portal.keys.models import HalfSession, HumanWrap
from portal.notices.models import Notice
from tests.accounts.factors.stories import gives_password, proves, sets_up_an_app, shows, text_of
from tests.accounts.losing import NEW, forgets
from tests.accounts.stories import CODE as PASS
from tests.people import PASSWORD, Browser, World

STRANGER_PAGES = ("/profile", "/documents", "/profile/security", "/profile/sessions", "/session")


async def test_after_the_password_nothing_opens_until_the_code_is_right(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)

    browser, answer = await gives_password(world, erika)

    assert answer.headers["Location"].startswith("/sign-in/second")
    assert browser.cookie("hds") is None
    half = browser.cookie("hds-half")
    for path in STRANGER_PAGES:
        for cookie in ("hds", "hds-half"):
            got = await world.browser().get(path, headers={"Cookie": f"{cookie}={half}"})
            assert got.headers.get("Location", "").startswith("/sign-in"), path
    assert "Code from your authenticator app" in await text_of(await browser.get("/sign-in/second"))
    assert await shows(browser, "000000") == 403
    assert await shows(browser, "") == 403
    code = phone.shows()
    assert await shows(browser, f"{code[:3]} {code[3:]}") == 303
    assert (await browser.get("/profile")).status_code == 200
    assert browser.cookie("hds-half") is None


async def test_a_code_counts_once(world: World) -> None:
    """TOTP replay: for another sign-in, and for two at once."""
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    code = phone.shows()
    first, _ = await gives_password(world, erika)
    second, _ = await gives_password(world, erika)

    assert await shows(first, code) == 303
    assert await shows(second, code) == 403
    assert "used already" in await text_of(
        await second.post("/sign-in/second", form={"proof_code": code})
    )
    assert await shows(second, phone.shows()) == 303


async def test_a_half_session_is_good_for_one_session(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    browser, _ = await gives_password(world, erika)
    half = browser.cookie("hds-half")
    assert await shows(browser, phone.shows()) == 303

    thief = world.browser()
    answer = await thief.post(
        "/sign-in/second",
        form={"proof_code": phone.shows()},
        headers={"Cookie": f"hds-half={half}"},
    )

    assert answer.headers["Location"] == "/sign-in"


async def test_ten_recovery_codes_work_once_each(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    _, codes = await sets_up_an_app(erika.browser)
    assert len(set(codes)) == 10

    browser, _ = await gives_password(world, erika)
    assert await shows(browser, codes[0].lower().replace("-", " ")) == 303
    again, _ = await gives_password(world, erika)
    assert await shows(again, codes[0]) == 403
    assert await shows(again, codes[9]) == 303

    assert "8 codes are left" in await text_of(await erika.browser.get("/profile/security"))
    row = await FactorsRow.get()
    assert codes[5].replace("-", "").encode() not in bytes(row.box)


async def test_new_recovery_codes_replace_the_old_ones(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    _, old = await sets_up_an_app(erika.browser)
    await proves(erika.browser, code=old[1])
    answer = await erika.browser.post("/profile/security/recovery")
    page = await text_of(answer)

    assert not any(code in page for code in old)
    browser, _ = await gives_password(world, erika)
    assert await shows(browser, old[0]) == 403


async def test_the_pass_is_the_last_way_in(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    browser, _ = await gives_password(world, erika)

    assert await shows(browser, erika.code) == 303


async def test_one_stolen_pass_is_not_both_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has set the password is no second step for three days; what is not on it still is."""
    erika = await world.patient("Erika Beispiel")
    phone, codes = await sets_up_an_app(erika.browser)
    await forgets(world, erika.mail, erika.code)

    thief = await _half_way_in(world, erika.mail, NEW)
    refused = await thief.post("/sign-in/second", form={"proof_code": erika.code})

    assert refused.status_code == 403
    assert "does not count as the second step" in await text_of(refused)
    for code in (codes[0], phone.shows()):
        assert await shows(await _half_way_in(world, erika.mail, NEW), code) == 303
    for hours, answer in ((71, 403), (73, 303)):
        later = now() + timedelta(hours=hours)
        monkeypatch.setattr(proofs, "now", lambda later=later: later)
        assert await shows(await _half_way_in(world, erika.mail, NEW), erika.code) == answer


async def test_a_password_changed_from_inside_makes_the_pass_a_second_step_again(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    await forgets(world, erika.mail, erika.code)
    browser = await _half_way_in(world, erika.mail, NEW)
    assert await shows(browser, phone.shows()) == 303
    browser.csrf = keys.csrf_token(browser.cookie(cookie_name(world.settings)) or "")
    form = {"present": NEW, "password": PASSWORD}
    assert (await browser.post("/profile/password", form=form)).status_code == 303

    assert await shows(await _half_way_in(world, erika.mail, PASSWORD), erika.code) == 303


async def _half_way_in(world: World, mail: str, password: str) -> Browser:
    browser = world.browser()
    answer = await browser.post("/sign-in", form={"mail": mail, "password": password})
    assert answer.headers["Location"].startswith("/sign-in/second")
    return browser


async def test_a_document_that_somebody_took_away_lets_nobody_in(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Deleting what asks for the second factor closes the account instead of opening it."""
    erika = await world.patient("Erika Beispiel")
    _, codes = await sets_up_an_app(erika.browser)
    early = await FactorsRow.get()
    await proves(erika.browser, code=codes[0])
    assert (await erika.browser.post("/profile/security/recovery")).status_code == 200

    async def tries() -> bool:
        browser, answer = await gives_password(world, erika)
        assert browser.cookie("hds") is None
        return answer.status_code == 303

    assert await tries()
    late = await FactorsRow.get()
    await FactorsRow.all().delete()
    assert not await tries()
    assert "second factors missing or taken back" in caplog.text
    await early.save(force_create=True)
    assert not await tries(), "an older document was believed"
    await FactorsRow.all().update(rev=late.rev)
    assert not await tries(), "an older document passed for the newest"
    await FactorsRow.all().delete()
    await HumanWrap.all().update(guard=0)
    assert not await tries(), "a wrap edited in the table opened"
    await HumanWrap.all().update(guard=late.rev)
    await late.save(force_create=True)
    assert await tries()


async def test_a_changed_password_keeps_the_second_step(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    new = "seven quiet otters paint 3 boats"
    form = {"present": "four unrelated Words, 81 of them", "password": new}
    assert (await erika.browser.post("/profile/password", form=form)).status_code == 303

    browser = world.browser()
    answer = await browser.post("/sign-in", form={"mail": erika.mail, "password": new})

    assert answer.headers["Location"].startswith("/sign-in/second")


async def test_with_a_second_factor_a_shorter_password_will_do(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    change = {"present": PASSWORD, "password": "tug7vexQ"}
    before = await erika.browser.post("/profile/password", form=change)
    await sets_up_an_app(erika.browser)

    after = await erika.browser.post("/profile/password", form=change)

    assert (before.status_code, after.status_code) == (422, 303)


async def test_guessing_codes_is_slowed_down(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    browser, _ = await gives_password(world, erika)

    answers = [await shows(browser, f"{number:06}") for number in range(11)]

    assert answers == [403] * 10 + [429]


async def test_a_new_password_ends_who_is_half_way_in(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    browser, _ = await gives_password(world, erika)

    await keys.end_sessions(erika.actor.id)

    answer = await browser.post("/sign-in/second", form={"proof_code": phone.shows()})
    assert answer.headers["Location"] == "/sign-in"


async def test_a_shorter_password_will_do_on_every_page_that_takes_one(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    secure = {"present": PASSWORD, "password": "tug7vexQ"}
    short = [
        await forgets(world, erika.mail, erika.code, "tug7vexQ"),
        await erika.browser.post("/profile/secure", form=secure),
    ]
    assert "At least 12 characters" in await text_of(await erika.browser.get("/profile/secure"))
    await sets_up_an_app(erika.browser)

    page = await text_of(await erika.browser.get("/profile/secure"))
    secured = await erika.browser.post("/profile/secure", form=secure | {"keep_app": "yes"})
    code = PASS.search(await text_of(secured))
    assert code
    reset = await forgets(world, erika.mail, code.group(), "kuh7Mond")
    too_short = await forgets(world, erika.mail, code.group(), "kuh7Mon")

    assert [each.status_code for each in short] == [422, 422]
    assert "At least 8 characters" in page
    assert (secured.status_code, reset.status_code, too_short.status_code) == (200, 303, 422)
    assert "at least 8 characters" in await text_of(too_short)


async def test_a_password_changed_between_the_steps_ends_the_way_in(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    thief, _ = await gives_password(world, erika)
    form = {"present": PASSWORD, "password": "seven quiet otters paint 3 boats"}

    assert (await erika.browser.post("/profile/password", form=form)).status_code == 303
    answer = await thief.post("/sign-in/second", form={"proof_code": phone.shows()})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert (await thief.get("/profile")).status_code == 303
    assert (await erika.browser.get("/profile")).status_code == 200
    assert await HalfSession.all().count() == 0


async def test_a_short_password_keeps_the_last_factor_until_there_is_a_longer_one(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    await sets_up_an_app(erika.browser)
    form = {"present": PASSWORD, "password": "tug7vexQ"}
    assert (await erika.browser.post("/profile/password", form=form)).status_code == 303

    refused = await erika.browser.post("/profile/security/app/remove")
    form = {"present": "tug7vexQ", "password": PASSWORD}
    assert (await erika.browser.post("/profile/password", form=form)).status_code == 303
    removed = await erika.browser.post("/profile/security/app/remove")

    assert (refused.status_code, removed.status_code) == (403, 303)
    assert "Please change it to a longer one first" in await text_of(refused)
    told = [each.subject for each in await world.mails_to(erika.mail)]
    assert told.count("A second step was added") == told.count("A second step was removed") == 1
    kinds = {row.kind for row in await Notice.filter(account=erika.actor.id)}
    assert {"factor_added", "factor_removed"} <= kinds
