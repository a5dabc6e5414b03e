"""Deleting an account: in fourteen days or now, and nothing of it is left (T24)."""

from datetime import timedelta

from quart import Quart, Response

from cases.models import Post
from portal import accounts, storing
from portal.accounts.ending import leaving
from portal.accounts.models import Account, Leaving
from portal.accounts.papers import issuing
from portal.core.db import now
from portal.keys.models import Session
from tests.accounts.losing import asks_for_reset, link_in_mail, subjects, time_passes
from tests.accounts.stories import ADA, registers, sign_in, text_of
from tests.boxes import audit
from tests.people import PASSWORD, Person, World, hearing
from tests.scanning import scan_for_ids


async def deletes(person: Person, when: str = "now", **changes: str) -> Response:
    form = {"present": PASSWORD, "when": when, "word": "DELETE"} | changes
    return await person.browser.post("/profile/delete", form=form)


async def test_the_page_says_what_goes_and_what_stays(world: World) -> None:
    ada = await world.physician("Ada Ahrens")
    await ada.keeps_a_study()
    await ada.founds("Chest board")

    page = await text_of(await ada.browser.get("/profile/delete"))

    assert "<dt>Examinations</dt><dd>1</dd>" in page
    assert "<dt>Memberships in communities</dt><dd>1</dd>" in page
    assert "What stays with others" in page
    assert "/profile/delete" in await text_of(await ada.browser.get("/profile"))


async def test_password_and_word_are_asked_for(world: World) -> None:
    erika = await world.patient("Erika Beispiel")

    assert (await deletes(erika, present="not this one, surely")).status_code == 403
    assert (await deletes(erika, word="yes")).status_code == 422
    assert (await deletes(erika, when="someday")).status_code == 422

    assert await Account.all().count() == 1
    assert not await Leaving.exists()


async def test_now_means_that_nothing_with_its_ids_is_left_anywhere(
    world: World, app: Quart
) -> None:
    """T24, for somebody who used everything: two members' journeys go on."""
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    shelf = app.extensions["hds"]["shelf"]
    board = await ada.founds("Chest board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    posted = await ada.posts("I would wait", on=case)
    theirs = await ben.posts("Agreed, @Ada Ahrens", on=case)
    await ada.browser.post(f"/posts/{theirs.id}/reactions", form={"kind": "agree"})
    await ada.browser.post(f"/threads/{posted.thread}/read", form={"seq": str(theirs.seq)})
    await ada.keeps_an_object(shelf)
    await ada.browser.post("/uploads", json={"client": "0" * 32})
    await accounts.withdraw_confirmation(ben.actor.id)
    await accounts.confirm(ben.actor.id, ada.actor.id)
    await issuing.issue(ada.actor, "recovery", PASSWORD)
    await asks_for_reset(world, ada.mail)
    await ada.browser.post(
        "/profile/address", form={"present": PASSWORD, "mail": "other@example.test"}
    )
    await deletes(ada, "later")

    with hearing(accounts.AccountGone) as heard:
        answer = await deletes(ada)

    assert answer.status_code == 200
    assert "Your account is deleted" in await text_of(answer)
    assert [each.account_id for each in heard] == [ada.actor.id]
    await storing.sweep(shelf.store, at=now() + timedelta(minutes=11))
    assert await scan_for_ids(world, [ada.actor.id]) == []
    assert "Your account was deleted" in await subjects(world, ada.mail)
    assert (await sign_in(world, ada.mail, PASSWORD)).status_code == 403
    page = await ben.reads(case)
    assert "I would wait" in page
    assert "Former member" in page
    await ben.posts("Still here", on=case)
    assert {row.author for row in await Post.all()} != {ben.actor.id}
    await audit()
    code = await registers(world.browser(), ADA | {"mail": ada.mail})
    assert code != ada.code


async def test_fourteen_days_can_be_taken_back(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    assert (await deletes(erika, "later")).status_code == 303
    assert "Your account will be deleted" in await subjects(world, erika.mail)
    _, phone = await world.signs_in(erika.mail)

    shown = await text_of(await phone.get("/documents"))
    assert "Your account will be deleted on" in shown
    assert "Keep my account" in shown
    await time_passes(timedelta(days=13, hours=23, minutes=59))
    assert await leaving.end_what_is_due() == 0
    assert (await phone.post("/profile/keep")).status_code == 303
    await time_passes(timedelta(days=1))

    assert await leaving.end_what_is_due() == 0
    assert "Your account will be deleted on" not in await text_of(await phone.get("/documents"))


async def test_after_fourteen_days_it_is_gone(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await deletes(erika, "later")
    await time_passes(timedelta(days=14))

    assert await leaving.end_what_is_due() == 1

    assert await scan_for_ids(world, [erika.actor.id]) == []
    assert not await Session.exists()


async def test_the_mail_has_a_link_that_stops_it(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await deletes(erika, "later")
    link = await link_in_mail(world, erika.mail, "/forgotten/stop/")

    assert (await world.browser().post(link)).status_code == 200

    assert not await Leaving.exists()
    assert "Your account stays as it is" in await subjects(world, erika.mail)


async def test_others_are_not_touched(world: World, app: Quart) -> None:
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")
    await max_.keeps_an_object(app.extensions["hds"]["shelf"])

    await deletes(erika)

    assert "CT head" in await text_of(await max_.browser.get("/documents"))
    space = await storing.space(max_.actor.id, world.settings.free_quota)
    assert space.used > 0


async def test_an_account_that_was_never_activated_leaves_no_row_and_no_object(
    world: World, app: Quart
) -> None:
    """S-037 and S-049 for one that kept images already (S-035): 28 days, to the minute."""
    erika = await world.patient("Erika Beispiel")
    shelf = app.extensions["hds"]["shelf"]
    await erika.keeps_an_object(shelf)
    waits = Account.filter(id=erika.actor.id)
    await waits.update(state="unverified", mail_mark=None)

    await waits.update(created_at=now() - timedelta(days=27, hours=23, minutes=59))
    assert await accounts.forget_unactivated() == 0
    await waits.update(created_at=now() - timedelta(days=28))
    assert await accounts.forget_unactivated() == 1

    await storing.sweep(shelf.store, at=now() + timedelta(minutes=11))
    assert await scan_for_ids(world, [erika.actor.id]) == []
    assert not [path for path in world.settings.object_folder.rglob("*") if path.is_file()]
