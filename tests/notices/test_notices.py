"""What people are told, and what they are not."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from cases import casework, communities, threads
from cases.forms import NewPost, PostEdit
from portal import notices, studies
from portal.accounts.papers import issuing
from portal.core.db import now, transaction
from portal.notices import sweeping
from portal.notices.kinds import KINDS
from portal.notices.models import Notice, NoticeDue
from tests.architecture.sources import ROOT
from tests.notices.conftest import Reads
from tests.people import Person, World, hearing
from tests.queries import counting


async def unread(person: Person) -> int:
    answer = await person.browser.get("/notices/count", headers={"Accept": "application/json"})
    return int((await answer.get_json())["unread"])


async def test_a_new_case_is_told_to_every_other_member(world: World, told: Reads) -> None:
    ada, ben = await world.physician("Dr. Ada Lindqvist"), await world.physician("Ben")
    board = await ada.founds("Neuro Board")
    await ada.invites(ben, board)

    await ada.opens("A bleeding?", in_=board)

    assert await told(ben) == ["Dr. Ada Lindqvist opened a case: A bleeding?"]
    assert await unread(ben) == 1
    assert await told(ada) == ["Ben joined the community"]


async def test_posts_collapse_until_somebody_looks(world: World, told: Reads) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)

    for text in ("One", "Two", "Three"):
        posted = await ben.posts(text, on=case)
    before = await told(ada)
    await threads.mark_read(ada.actor, posted.thread, posted.seq)
    seen = await unread(ada)
    await ben.posts("Four", on=case)

    assert before[0] == "3 new posts, the last one by Ben: Nodule"
    assert seen == 1  # that Ben joined
    assert (await told(ada))[0] == "Ben wrote: Nodule"


async def test_what_one_upload_brought_is_one_notice(
    world: World, told: Reads, links: Reads
) -> None:
    erika = await world.patient("Erika")
    head, knee, spine = [await erika.keeps_a_study(each) for each in ("Head", "Knee", "Spine")]

    for study in (head, knee, head, spine):  # the head came in two parts
        await notices.tell(notices.News([erika.actor.id], "prepared", study))
    assert await told(erika) == ["3 examinations can be opened"]
    assert await unread(erika) == 1
    await studies.delete(erika.actor, knee)
    assert await told(erika) == ["2 examinations can be opened"]

    (link,) = await links(erika)
    opened = await erika.browser.get(link)
    assert opened.headers["Location"] == "/documents"
    assert await unread(erika) == 0
    foot = await erika.keeps_a_study("Foot")
    await notices.tell(notices.News([erika.actor.id], "prepared", foot))

    assert await told(erika) == ["Can be opened: Foot", "2 examinations can be opened"]
    await erika.browser.post(f"/notices/{(await links(erika))[0].rsplit('/', 1)[-1]}/read")
    assert await told(erika) == ["Can be opened: Foot", "2 examinations can be opened"]


async def test_a_post_sent_twice_is_told_once(world: World, told: Reads) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    thread = await ben.first_thread(case)
    new = NewPost(thread, uuid4(), "Once")

    await threads.post(ben.actor, new)
    await threads.post(ben.actor, new)

    assert (await told(ada))[0] == "Ben wrote: Nodule"


async def test_each_post_is_told_to_each_in_the_nearest_way(world: World, told: Reads) -> None:
    ada, ben, eve = [await world.physician(name) for name in ("Ada", "Ben", "Eve Stone")]
    board = await ada.founds("Board")
    for each in (ben, eve):
        await ada.invites(each, board)
    case = await ada.opens("Nodule", in_=board)
    asked = await ben.posts("Is it old?", on=case)

    await eve.replies("Yes. @Ada, please look", to=asked)

    assert (await told(ben))[0] == "Eve Stone answered you: Nodule"
    assert "Eve Stone calls you by name: Nodule" in await told(ada)
    assert "Ben wrote: Nodule" in await told(ada)


async def test_somebody_called_in_an_edited_post_is_told(world: World, told: Reads) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    posted = await ada.posts("Please look", on=case)

    await threads.edit(ada.actor, PostEdit(posted.id, "Please look, @Ben", 1))

    assert "Ada calls you by name: Nodule" in await told(ben)


async def test_followers_hear_that_a_case_was_closed_and_reopened(
    world: World, told: Reads
) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    await ben.posts("Benign", on=case)

    await casework.close(ada.actor, case)
    closed = await told(ben)
    await casework.reopen(ada.actor, case)

    assert closed[0] == "Ada closed a case: Nodule"
    assert (await told(ben))[0] == "Ada reopened a case: Nodule"


async def test_an_invitation_is_told_until_it_is_answered(world: World, told: Reads) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Neuro Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)

    before = await told(ben)
    await communities.decline(ben.actor, asked)

    assert before == ["Ada invites you to a community: Neuro Board"]
    assert await told(ben) == []
    assert await unread(ben) == 0


async def test_who_left_keeps_no_notice_and_owners_hear_of_it(world: World, told: Reads) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await ada.opens("Nodule", in_=board)

    await communities.leave(ben.actor, board)

    assert await told(ben) == []
    assert not await Notice.filter(account=ben.actor.id).exists()
    assert "Ben is no longer a member of the community" in await told(ada)


async def test_who_was_removed_hears_that_and_by_whom_and_nothing_of_the_community(
    world: World, told: Reads, links: Reads
) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Neuro Board")
    await ada.invites(ben, board)
    await ada.opens("Nodule", in_=board)

    await communities.remove(ada.actor, board, ben.actor.id)
    asked = await communities.invite(ada.actor, board, ben.actor.id)
    before = await told(ben)
    await communities.accept(ben.actor, asked)

    ended = "You are no longer a member of one of your communities; Ada ended your membership"
    assert before == ["Ada invites you to a community: Neuro Board", ended]
    assert await told(ben) == [], "who is back need not hear it any more"


async def test_a_notice_left_behind_says_nothing_to_who_lost_access(
    world: World, told: Reads, links: Reads
) -> None:
    """As if a row had survived: the doors decide, not the row."""
    ada, eve = await world.physician("Ada"), await world.physician("Eve")
    board = await ada.founds("Board")
    case = await ada.opens("Nodule", in_=board)
    async with transaction():
        await notices.tell(
            notices.News([eve.actor.id], "case", case, community=board, by=ada.actor.id)
        )
    row = await Notice.get(account=eve.actor.id)

    assert await told(eve) == []
    assert (await eve.browser.get(f"/notices/{row.id}")).status_code == 404


async def test_the_last_member_takes_the_notices_along(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    async with transaction():
        await notices.tell(
            notices.News([ada.actor.id], "joined", board, community=board, by=ada.actor.id)
        )

    await communities.leave(ada.actor, board)

    assert not await Notice.exists()


async def test_opening_a_notice_leads_there_and_reads_it(world: World, links: Reads) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    (link,) = await links(ben)

    answer = await ben.browser.get(link)
    stranger = await ada.browser.get(link)

    assert answer.headers["Location"] == f"/cases/{case}"
    assert await unread(ben) == 0
    assert stranger.status_code == 404


async def test_looking_at_the_case_itself_is_reading_its_notice(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)

    await ben.reads(case)

    assert await unread(ben) == 0


async def test_all_are_read_at_once_but_not_what_came_meanwhile(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await ada.opens("First", in_=board)
    seen = now()
    await ada.opens("Second", in_=board)

    answer = await ben.browser.post("/notices/read", form={"until": seen.isoformat()})

    assert answer.status_code == 303
    assert await unread(ben) == 1


async def test_a_notice_that_was_never_committed_is_told_to_nobody(world: World) -> None:
    ada = await world.physician("Ada")
    with hearing(notices.Noticed) as heard, pytest.raises(RuntimeError):
        async with transaction():
            await notices.tell(notices.News([ada.actor.id], "left", uuid4()))
            raise RuntimeError

    assert heard == []
    assert not await Notice.exists()


async def test_a_changed_password_is_told_in_the_portal_too(world: World, told: Reads) -> None:
    ada = await world.physician("Ada")
    fresh = "another four unrelated Words, 92"
    form = {"present": "four unrelated Words, 81 of them", "password": fresh}

    answer = await ada.browser.post("/profile/password", form=form)

    assert answer.status_code == 303
    assert await told(ada) == ["Your password was changed."]


async def test_notices_are_forgotten_after_ninety_days_and_with_their_account(
    world: World,
) -> None:
    ada, gone = await world.physician("Ada"), uuid4()
    async with transaction():
        await notices.tell(
            notices.News([ada.actor.id, gone], "left", uuid4())  # type: ignore[list-item]
        )
    await sweeping.sweep(now())
    kept = await Notice.all().values_list("account", flat=True)

    await sweeping.sweep(now() + timedelta(days=89))
    late = await Notice.all().count()
    await sweeping.sweep(now() + timedelta(days=90, seconds=1))

    assert kept == [ada.actor.id]
    assert late == 1
    assert not await Notice.exists()


async def test_german_readers_read_german(world: World, told: Reads) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben", language="de")
    board = await ada.founds("Board")
    await ada.invites(ben, board)

    await ada.opens("Herd", in_=board)

    assert await told(ben) == ["Ada hat einen Fall eröffnet: Herd"]


def test_every_change_of_safety_that_is_announced_is_a_kind_of_notice() -> None:
    """A kind that this room does not know would be told to nobody."""
    found = set()
    for file in (ROOT / "portal" / "accounts").rglob("*.py"):
        for name in re.findall(r'SafetyChanged\([^"\n]*"(\w+)"', file.read_text()):
            found.add(name)
    fixed = {name for name, kind in KINDS.items() if kind.fixed}

    assert found >= {"password_changed", "new_device"}
    assert found <= fixed
    assert {*issuing.LETTERS.values(), "recovery_revoked", "reset_set", "delete_set"} <= fixed


async def test_urgent_news_cost_the_same_for_two_who_hear_and_for_six(world: World) -> None:
    people = [await world.physician(f"Reader {number}") for number in range(6)]
    costs = []
    for hearing_it in (people[:2], people):
        to = [each.actor.id for each in hearing_it]
        await notices.tell(notices.News(to, "post", uuid4()))
        with counting() as sent:
            await notices.tell(notices.News(to, "mention", uuid4(), urgent=True))
        costs.append(len(sent))
        rows = await NoticeDue.filter(account__in=to, channel="mail")
        assert len(rows) == len(to)
        assert all(row.urgent for row in rows)

    assert costs[0] == costs[1]
