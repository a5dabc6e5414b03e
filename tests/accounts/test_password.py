from datetime import timedelta

from portal.accounts.models import Throttle
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
    (mail,) = await world.mails_to(ada.mail)
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
