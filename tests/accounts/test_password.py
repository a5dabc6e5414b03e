import random
from datetime import timedelta
from time import process_time
from typing import Any

import pytest

from portal import keys
from portal.accounts import passwords
from portal.accounts.errors import WeakPassword
from portal.accounts.factors import entering
from portal.accounts.factors.entering import SignedIn
from portal.accounts.models import Throttle
from portal.keys.models import Session
from tests.accounts.stories import sign_in, text_of
from tests.people import PASSWORD, Person, World

NEW = "seven herons read old newspapers"


async def changes(person: Person, present: str = PASSWORD, password: str = NEW) -> int:
    answer = await person.browser.post(
        "/profile/password", form={"present": present, "password": password}
    )
    return answer.status_code


async def test_a_changed_password_ends_all_other_sessions_and_writes_a_mail(world: World) -> None:
    ada = await world.physician("Ada Lindqvist")
    _, phone = await world.signs_in(ada.mail)

    assert await changes(ada) == 303

    assert (await ada.browser.get("/profile")).status_code == 200
    assert (await phone.get("/profile")).status_code == 303
    assert (await sign_in(world, ada.mail, PASSWORD)).status_code == 403
    assert (await sign_in(world, ada.mail, NEW)).status_code == 303
    (mail,) = [each for each in await world.mails_to(ada.mail) if "password" in each.subject]
    assert mail.subject == "Your password was changed"
    assert "Lindqvist" not in mail.text


async def test_others_stay_signed_in_when_one_changes_a_password(world: World) -> None:
    ada = await world.physician("Ada Lindqvist")
    ben = await world.physician("Ben Okafor")

    assert await changes(ada) == 303

    assert (await ben.browser.get("/profile")).status_code == 200
    assert await world.mails_to(ben.mail) == []


async def test_everything_stays_readable(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    await changes(erika)
    _, browser = await world.signs_in(erika.mail, NEW)

    assert "Erika Beispiel" in await text_of(await browser.get("/profile"))


async def test_a_wrong_present_password_changes_nothing_and_costs_time_in_the_end(
    world: World,
) -> None:
    ada = await world.physician("Ada Lindqvist")
    _, phone = await world.signs_in(ada.mail)

    statuses = [await changes(ada, present="not this one, surely") for _ in range(11)]

    assert statuses == [403] * 10 + [429]
    assert (await phone.get("/profile")).status_code == 200
    assert await world.mails_to(ada.mail) == []
    for row in await Throttle.all():
        row.free_at -= timedelta(seconds=3)
        await row.save()
    assert await changes(ada) == 303


async def test_the_new_password_must_be_good_enough(world: World) -> None:
    ada = await world.physician("Ada Lindqvist")

    for weak in ("fourteen chars", "Ada Lindqvist 1", ada.mail):
        answer = await ada.browser.post(
            "/profile/password", form={"present": PASSWORD, "password": weak}
        )
        page = await text_of(answer)
        assert answer.status_code == 422, weak
        assert 'id="f-password-error"' in page
        assert PASSWORD not in page

    assert (await sign_in(world, ada.mail, PASSWORD)).status_code == 303


async def test_a_sign_in_that_a_password_change_overtakes_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old password was right when it was tried, and is not when the session would begin."""
    ada = await world.physician("Ada Lindqvist")
    goes_on = entering.after_password

    async def overtaken(*args: Any, **more: Any) -> SignedIn:
        monkeypatch.setattr(entering, "after_password", goes_on)
        assert await changes(ada) == 303
        return await goes_on(*args, **more)

    monkeypatch.setattr(entering, "after_password", overtaken)
    late = world.browser()
    answer = await late.post("/sign-in", form={"mail": ada.mail, "password": PASSWORD})

    assert answer.status_code == 403
    assert late.cookie("hds") is None
    assert await Session.filter(principal=ada.actor.id).count() == 1
    assert (await sign_in(world, ada.mail, NEW)).status_code == 303


async def test_of_two_changes_at_once_only_the_first_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knew the old password must not set the next one after its owner has changed it."""
    ada = await world.physician("Ada Lindqvist")
    _, thief = await world.signs_in(ada.mail)
    wraps = keys.wrap_root

    async def slowly(*args: Any, **more: Any) -> keys.Wrap:
        monkeypatch.setattr(keys, "wrap_root", wraps)
        made = await wraps(*args, **more)
        assert await changes(ada) == 303
        return made

    monkeypatch.setattr(keys, "wrap_root", slowly)
    mine = {"present": PASSWORD, "password": "nine thieves share one lantern"}
    answer = await thief.post("/profile/password", form=mine)

    assert answer.status_code == 409
    assert (await sign_in(world, ada.mail, mine["password"])).status_code == 403
    assert (await sign_in(world, ada.mail, NEW)).status_code == 303


def cost(password: str) -> float:
    """Processor seconds of judging it."""
    started = process_time()
    passwords._hard_to_guess(password, ["Erika", *passwords.OUR_WORDS], passwords.GUESSES_LOG10)
    return process_time() - started


def test_no_password_whatsoever_keeps_the_portal_busy() -> None:
    cost("the tables are read the first time")
    signs = sorted({sign for each in passwords.LEET.values() for sign in each})
    chance = random.Random(7)
    typed = ["4@a8b({[<c3e69g1!|li0o$5s7+t%x2z" * 6, "1|7!" * 50, "aaab" * 50, "1.1.1984" * 25]
    for kinds in range(2, len(signs) + 1):
        chosen = [*chance.sample(signs, kinds), *"aeinst"]
        typed += ["".join(chance.choice(chosen) for _ in range(200)) for _ in range(4)]

    assert max(cost(each) for each in typed) < 0.2


async def test_many_signs_that_look_like_letters_make_no_strong_password() -> None:
    for weak in ("p4$$w0rd1!|", "p@55w0rd({[<1!", "{[<{[<{[<{[<{[<1!|7"):
        with pytest.raises(WeakPassword):
            await passwords.check(weak, "patient")


async def test_a_password_of_chance_that_holds_all_such_signs_is_strong() -> None:
    await passwords.check("4@q8({w[<3k69!u|h$5+j7%2", "professional")


async def test_new_passwords_that_are_refused_are_counted_like_wrong_ones(world: World) -> None:
    ada = await world.physician("Ada Lindqvist")

    answers = [await changes(ada, password="password1234567") for _ in range(11)]

    assert answers[:10] == [422] * 10
    assert answers[10] == 429
