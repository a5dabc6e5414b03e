"""J7, steps 5 to 8, U1 to U8: password and code are both lost, and the account is emptied."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from quart import Quart

from cases import communities, reading
from cases.models import Community, Member
from portal import accounts, mailing, storing
from portal.accounts.ending import leaving
from portal.accounts.models import Account, Leaving, ResetLink
from portal.core.db import now
from portal.core.language import show_time
from portal.keys.models import LocalKey, Seal
from portal.storing.models import StoredObject, Usage
from portal.studies.models import Study
from tests.accounts.losing import (
    asks_for_reset,
    confirms,
    forgets,
    link_in_mail,
    resets,
    subjects,
    time_passes,
)
from tests.accounts.stories import registers, sign_in, text_of
from tests.boxes import audit
from tests.people import PASSWORD, World
from tests.queries import counting
from tests.scanning import scan_for_ids

WAITED = timedelta(hours=72)


async def test_the_page_explains_the_loss_and_tells_a_stranger_nothing(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await registers(world.browser(), mail="waits@example.test")

    explained = await text_of(await world.browser().get("/forgotten/everything"))
    mails = (erika.mail, "waits@example.test", "nobody@example.test")
    said = {(await asks_for_reset(world, mail)).replace(mail, "·") for mail in mails}

    assert "everything in the account is lost" in explained
    assert "Examinations" not in explained, "counts of a stranger's account"
    assert len(said) == 1
    assert "You asked to empty your account" in await subjects(world, erika.mail)
    assert "Your account is not activated yet" in await subjects(world, "waits@example.test")
    assert await subjects(world, "nobody@example.test") == ["No account with this address"]


async def test_asking_costs_the_same_for_every_address(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await registers(world.browser(), mail="waits@example.test")
    statements = []
    for mail in (erika.mail, "waits@example.test", "nobody@example.test"):
        with counting() as sent:
            await asks_for_reset(world, mail)
        ours = ('FROM "account"', 'FROM "activation"', 'INTO "reset_link"', 'INTO "mail_waiting"')
        statements.append([sum(each in said for said in sent) for each in ours])

    assert statements == [[1, 1, 1, 1]] * 3


async def test_what_will_be_lost_is_listed_behind_the_link_and_a_word_is_typed(
    world: World,
) -> None:
    erika = await world.patient("Erika Beispiel")
    await erika.keeps_a_study()
    await erika.keeps_a_study()
    await asks_for_reset(world, erika.mail)
    link = await link_in_mail(world, erika.mail)

    page = await text_of(await world.browser().get(link))
    mistyped = await confirms(world, link, "yes")

    assert "<dt>Examinations</dt><dd>2</dd>" in page
    assert "Type the word DELETE" in page
    assert mistyped.status_code == 422
    assert not await Leaving.exists()
    assert (await confirms(world, link, " delete ")).status_code == 200
    assert "Your account will be emptied" in await subjects(world, erika.mail)


async def test_nothing_happens_before_72_hours_and_then_everything_is_gone(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await erika.keeps_a_study()
    await asks_for_reset(world, erika.mail)
    await confirms(world, await link_in_mail(world, erika.mail))

    await time_passes(WAITED - timedelta(minutes=1))
    assert await leaving.end_what_is_due() == 0
    await time_passes(timedelta(minutes=1))
    assert await leaving.end_what_is_due() == 1

    assert (await erika.browser.get("/profile")).status_code == 303, "the session ended"
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 403
    assert (await forgets(world, erika.mail, erika.code)).status_code == 403
    assert "Your account was emptied" in await subjects(world, erika.mail)
    assert await accounts.departure_of(erika.actor.id) is None
    assert [await table.all().count() for table in (Account, Study, LocalKey)] == [0, 0, 0]


async def test_afterwards_the_same_address_registers_an_empty_account(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await erika.keeps_a_study("CT head")
    await resets(world, erika)

    code = await registers(world.browser(), mail=erika.mail)
    link = await link_in_mail(world, erika.mail, "/activate/")
    await world.browser().post(link, form={"code": code, "password": PASSWORD})
    actor, browser = await world.signs_in(erika.mail)

    assert actor.id != erika.actor.id
    assert "CT head" not in await text_of(await browser.get("/documents"))
    space = await storing.space(actor.id, world.settings.free_quota)
    assert (space.used, space.allowed) == (0, world.settings.free_quota)


async def test_u1_a_stranger_who_asks_gets_nothing_done(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    for _ in range(3):
        await asks_for_reset(world, erika.mail)
    answer = await world.browser().post("/forgotten/everything", form={"mail": erika.mail})
    assert answer.status_code == 429, "a mailbox is not flooded"

    await time_passes(timedelta(days=5))

    assert await leaving.end_what_is_due() == 0
    assert (await sign_in(world, erika.mail, PASSWORD)).status_code == 303
    asked = [each for each in await world.mails_to(erika.mail) if "/forgotten/link/" in each.text]
    assert len(asked) == 3
    for mail in asked:
        assert "If this was not you" in mail.text
        assert "Beispiel" not in mail.text


async def test_not_me_makes_the_link_dead(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    link = await link_in_mail(world, erika.mail)

    answer = await world.browser().post(link, form={"disown": "yes"})

    assert answer.status_code == 200
    assert (await confirms(world, link)).status_code == 410
    assert not await Leaving.exists()


async def test_u2_a_link_used_twice_says_so(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    link = await link_in_mail(world, erika.mail)
    await confirms(world, link)
    due = (await Leaving.get()).due_at

    again, looked = await confirms(world, link), await world.browser().get(link)

    assert again.status_code == looked.status_code == 410
    assert "already used" in await text_of(again)
    assert "already used" in await text_of(looked)
    assert (await Leaving.get()).due_at == due


async def test_u3_a_mail_scanner_that_follows_every_link_does_nothing(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    link = await link_in_mail(world, erika.mail)
    for _ in range(3):
        assert (await world.browser().get(link)).status_code == 200
    assert not await Leaving.exists()
    await confirms(world, link)
    stop = await link_in_mail(world, erika.mail, "/forgotten/stop/")
    for _ in range(3):
        assert (await world.browser().get(stop)).status_code == 200

    assert await Leaving.exists()


async def test_u4_whoever_signs_in_stops_it(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    link = await link_in_mail(world, erika.mail)
    await world.signs_in(erika.mail)
    assert (await confirms(world, link)).status_code == 410, "the link died with the sign-in"

    await asks_for_reset(world, erika.mail)
    await confirms(world, await link_in_mail(world, erika.mail))
    await time_passes(WAITED - timedelta(minutes=1))
    await world.signs_in(erika.mail)
    await time_passes(WAITED)

    assert await leaving.end_what_is_due() == 0
    assert "Your account stays as it is" in await subjects(world, erika.mail)
    assert (await erika.browser.get("/profile")).status_code == 200


async def test_a_wrong_password_does_not_stop_it(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    await confirms(world, await link_in_mail(world, erika.mail))

    assert (await sign_in(world, erika.mail, "not this one, surely")).status_code == 403

    assert await Leaving.exists()


async def test_a_password_set_with_the_code_stops_it_too(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    await confirms(world, await link_in_mail(world, erika.mail))

    assert (await forgets(world, erika.mail, erika.code)).status_code == 303

    assert not await Leaving.exists()


async def test_not_me_in_the_second_mail_stops_it(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    await confirms(world, await link_in_mail(world, erika.mail))
    stop = await link_in_mail(world, erika.mail, "/forgotten/stop/")

    assert (await world.browser().post(stop)).status_code == 200

    assert not await Leaving.exists()
    assert (await world.browser().post(stop)).status_code == 410
    assert "Your account stays as it is" in await subjects(world, erika.mail)


async def test_a_link_older_than_a_day_is_dead(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    await asks_for_reset(world, erika.mail)
    link = await link_in_mail(world, erika.mail)
    await time_passes(timedelta(hours=24))

    assert (await world.browser().get(link)).status_code == 410
    assert (await confirms(world, link)).status_code == 410
    await leaving.sweep()
    assert not await ResetLink.exists()


async def test_two_resets_at_once_are_one(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    links = []
    for _ in range(2):
        await asks_for_reset(world, erika.mail)
        links.append(await link_in_mail(world, erika.mail))

    answers = await asyncio.gather(*(confirms(world, link) for link in [*links, links[0]]))

    assert sorted(each.status_code for each in answers)[:2] == [200, 200]
    assert await Leaving.all().count() == 1
    await time_passes(WAITED)
    ended = await asyncio.gather(leaving.end_what_is_due(), leaving.end_what_is_due())
    assert sum(ended) == 1
    assert (await subjects(world, erika.mail)).count("Your account was emptied") == 1


@pytest.mark.one_engine
async def test_the_time_is_told_in_the_readers_zone_and_counted_in_utc(world: World) -> None:
    erika = await world.patient("Erika Beispiel", language="de")
    await asks_for_reset(world, erika.mail)
    page = await text_of(await confirms(world, await link_in_mail(world, erika.mail)))

    due = (await Leaving.get()).due_at
    assert abs(due - now() - WAITED) < timedelta(minutes=1)
    assert show_time(due) in page
    (mail, *_) = await world.mails_to(erika.mail)
    assert mail.subject == "Ihr Konto wird geleert"


async def test_u5_stored_files_of_an_emptied_account_are_undecryptable_and_go(
    world: World, app: Quart
) -> None:
    """Nobody has a key any more, and the sweeper removes what is left of the boxes."""
    erika = await world.patient("Erika Beispiel")
    shelf = app.extensions["hds"]["shelf"]
    key = await erika.keeps_an_object(shelf)
    (stored,) = await StoredObject.all()
    assert await shelf.boxes.read(stored.holding, key, "pack", stored.id) == b"pixels"

    await resets(world, erika)

    assert not await LocalKey.exists()
    assert not await Seal.exists()
    assert not await Usage.exists()
    assert (await StoredObject.get(id=stored.id)).gone_at is not None
    await storing.sweep(shelf.store, at=now() + timedelta(minutes=11))
    with pytest.raises(FileNotFoundError):
        await shelf.store.get(stored.id)
    assert await scan_for_ids(world, [erika.actor.id, stored.holding, stored.id]) == []


async def test_u7_a_community_whose_only_owner_resets_asks_for_a_new_one(world: World) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    cora = await world.physician("Cora Clasen")
    board = await ada.founds("Chest board")
    await ada.invites(ben, board)
    await ada.invites(cora, board)
    case = await ada.opens("Nodule", in_=board)
    await ada.posts("I would wait", on=case)

    await resets(world, ada)

    page = await ben.reads(case)
    assert "I would wait" in page
    assert "Former member" in page
    assert "Ahrens" not in page
    assert "A community needs a new owner" in await subjects(world, ben.mail)
    members = await text_of(await ben.browser.get(f"/communities/{board}/members"))
    assert "This community has no owner any more" in members
    assert (await ben.browser.post(f"/communities/{board}/own")).status_code == 303
    assert (await cora.browser.post(f"/communities/{board}/own")).status_code == 409
    opened = {each.id: each.role for each in await communities.mine(ben.actor)}
    assert opened == {board: "owner"}
    await ben.posts("I take over", on=case)
    assert (await Community.get(id=board)).epoch == 2, "a new root before the first new word"
    await audit()


async def test_a_community_without_other_members_is_shredded(world: World) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    alone, together = await ada.founds("Alone"), await ben.founds("Together")
    await ben.invites(ada, together)
    await ada.opens("Nodule", in_=alone)

    await resets(world, ada)

    assert [row.id for row in await Community.all()] == [together]
    assert await Member.all().count() == 1
    assert await communities.mine(ben.actor)
    await audit()


async def test_somebody_who_was_only_invited_takes_the_root_along(world: World) -> None:
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    board = await ada.founds("Chest board")
    await communities.invite(ada.actor, board, ben.actor.id)

    await resets(world, ben)

    assert (await Community.get(id=board)).rotation_due
    case = await ada.opens("Nodule", in_=board)
    assert (await reading.case_page(ada.actor, case)).threads
    await audit()


async def test_not_activated_yet_the_mail_says_what_can_be_done(world: World) -> None:
    """J7, step 8."""
    await registers(world.browser())
    await asks_for_reset(world, "erika@example.test")

    (mail, *_) = await world.mails_to("erika@example.test")

    born = (await Account.get()).created_at
    with_time = show_time(born + timedelta(days=28))
    assert f"It will be deleted on {with_time} with everything" in mail.text
    assert "another e-mail address" in mail.text
    assert "ask your practice for a new Pass" in " ".join(mail.text.split())


@pytest.mark.one_engine
async def test_no_link_is_in_a_log_or_readable_in_the_database(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    erika = await world.patient("Erika Beispiel")
    with caplog.at_level("INFO"):
        await asks_for_reset(world, erika.mail)
        link = await link_in_mail(world, erika.mail)
        await confirms(world, link)
    token = link.rpartition("/")[2]

    assert token not in caplog.text
    assert erika.mail not in caplog.text
    assert str(UUID(int=erika.actor.id.int)) not in str(await ResetLink.all().values("link_digest"))
    assert token not in str(await ResetLink.all().values())
    assert await mailing.newest()
