"""Much of everything: what a page costs does not grow with what there is."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cases import access, paging, reading, threads, unread
from cases.ids import CaseId, PostId, ThreadId
from cases.models import Member, Post
from portal.core.db import now
from tests.people import Person, World
from tests.queries import counting

MANY = 2_000
LONG = 300
ASKED_BY_A_POST = frozenset(
    (
        *("standing", "member", "seal", "principal_key", "community", "discussion_case", "thread"),
        *("post", "change", "read_mark", "reaction", "pin_image"),
    )
)
"""Sessions and what runs in the background ask of other tables, now and then."""


async def fill(author: Person, case: CaseId, thread: ThreadId, many: int) -> list[PostId]:
    """*many* posts as they would lie in the table after years, without sending each."""
    opened = await access.case_for(author.actor, case)
    community, start = opened.community, opened.community.seq
    rows = []
    for number in range(1, many + 1):
        row = Post(
            id=uuid4(), community_id=community.id, case_id=case, thread_id=thread,
            seq=start + number, author=author.actor.id, client_id=uuid4(), epoch=community.epoch,
            posted_at=now() - timedelta(minutes=many - number),
        )  # fmt: skip
        words = {"text": f"Post {number}", "mentions": []}
        row.body = community.box("post", "body", row.id, 1, words)
        rows.append(row)
    await Post.bulk_create(rows, batch_size=500)
    await access.community_row(community.id).update(next_seq=start + many)
    return [PostId(row.id) for row in rows]


def table_of(statement: str) -> str:
    found = re.search(r'(?:FROM|INTO|^UPDATE) "(\w+)"', statement)
    return found[1] if found else ""


async def cost(reader: Person, path: str) -> int:
    with counting() as sent:
        answer = await reader.browser.get(path)
    assert answer.status_code == 200
    return len(sent)


async def test_a_hundred_communities_cost_what_two_cost(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    boards = [await ada.founds(f"Board {number:03}") for number in range(2)]
    for board in boards:
        await ada.invites(ben, board)
        await ada.posts("Look", on=await ada.opens("Nodule", in_=board))
    few = await cost(ben, "/communities")

    for number in range(2, 100):
        board = await ben.founds(f"Board {number:03}")
        if number == 50:
            await ben.invites(ada, board)
            await ada.posts("Here, too", on=await ada.opens("Nodule", in_=board))
    many = await cost(ben, "/communities")

    assert many <= few + 1, "the roots of communities that never changed them need no chain"
    assert few < 20
    page = await (await ben.browser.get("/communities")).get_data(as_text=True)
    assert page.count("badge-count") == 3
    assert page.count("/communities/") >= 100


async def test_counts_of_all_communities_are_those_of_each(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board, other = await ada.founds("Board"), await ben.founds("Other")
    case = await ada.opens("Nodule", in_=board)
    await ada.posts("Before Ben came", on=case)
    await ada.invites(ben, board)
    first = await ada.posts("One", on=case)
    await ada.posts("Two", on=case)
    gone = await ada.posts("Gone", on=case)
    await threads.delete(ada.actor, gone.id)
    await ben.posts("Mine", on=case)
    await threads.mark_read(ben.actor, first.thread, first.seq)

    counts = await unread.by_community(ben.actor.id, [board, other])

    assert (counts[board], counts[other]) == (1, 0)
    opened = await access.community_for(ben.actor, board)
    assert (await unread.by_case(opened)).unread[case] == 1


async def test_one_bad_seal_hides_one_community_and_no_other(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    good, bad = await ada.founds("Good"), await ada.founds("Bad")
    for board in (good, bad):
        await ada.invites(ben, board)
    await Member.filter(account=ben.actor.id, community_id=bad).update(mac=b"\0" * 32)

    assert [each.name for each in await access.my_communities(ben.actor)] == ["Good"]


async def test_a_case_of_two_thousand_posts_loads_what_it_shows(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    small = await ada.opens("Small", in_=board)
    await ada.posts("One", on=small)
    big = await ada.opens("Big", in_=board)
    thread = await ada.first_thread(big)
    posts = await fill(ada, big, thread, MANY)

    assert await cost(ben, f"/cases/{big}") <= await cost(ben, f"/cases/{small}") + 2

    (shown,) = (await reading.case_page(ben.actor, big)).threads
    assert (shown.count, shown.unread, len(shown.posts)) == (MANY, MANY, paging.SHOWN_AT_ONCE)
    assert shown.first_unread == posts[0] == shown.posts[0].id
    assert shown.earlier == 0
    assert shown.later == shown.posts[-1].seq


async def test_a_post_costs_the_same_few_statements_whoever_hears_it(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    case = await ada.opens("Nodule", in_=board)
    thread = await ada.first_thread(case)

    async def posting() -> list[str]:
        said = {"client_id": str(uuid4()), "text": "Look"}
        with counting() as sent:
            answer = await ada.browser.post(
                f"/threads/{thread}/posts", json=said, headers={"Accept": "application/json"}
            )
        assert answer.status_code == 201
        return [each for each in sent if table_of(each) in ASKED_BY_A_POST]

    alone = len(await posting())
    for name in ("Ben", "Cleo", "Dora"):
        await ada.invites(await world.physician(name), board)
    sent = await posting()

    assert len(sent) == alone <= 26
    asked = [each for each in sent if 'FROM "standing"' in each]
    assert len(asked) == 3, "the author at two doors, and everybody else in one go"


async def test_catching_up_costs_the_same_for_one_post_and_for_ten(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    await ada.posts("One", on=case)
    few = await cost(ben, f"/cases/{case}/changes?since=0")

    for number in range(9):
        await ada.posts(f"Another {number}", on=case)

    assert await cost(ben, f"/cases/{case}/changes?since=0") <= few + 2


@pytest.mark.parametrize(
    ("read", "first", "last", "earlier", "later"),
    [
        (0, 1, 100, False, True),
        (100, 96, 195, True, True),
        (290, 201, 300, True, False),
        (300, 201, 300, True, False),
    ],
)
async def test_a_long_thread_opens_just_above_what_is_new(
    world: World, read: int, first: int, last: int, *, earlier: bool, later: bool
) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Big", in_=board)
    thread = await ada.first_thread(case)
    start = (await access.case_for(ada.actor, case)).community.seq
    posts = await fill(ada, case, thread, LONG)
    await threads.mark_read(ben.actor, thread, start + read)

    (shown,) = (await reading.case_page(ben.actor, case)).threads

    texts = [each.text for each in shown.posts]
    assert (texts[0], texts[-1], len(texts)) == (f"Post {first}", f"Post {last}", 100)
    assert (bool(shown.earlier), bool(shown.later)) == (earlier, later)
    assert shown.unread == LONG - read
    assert shown.first_unread == (posts[read] if read < LONG else None)
    unread_shown = [each.text for each in shown.posts if each.unread]
    assert unread_shown[:1] == ([f"Post {read + 1}"] if read < LONG else [])


async def test_threads_of_one_case_are_measured_apart(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Case", in_=board)
    other = await ada.starts("Therapy", in_=case)
    await ada.starts("Empty", in_=case)
    first = await ada.posts("One", on=case)
    await ada.posts("Two", thread=other)
    await ben.posts("Three", thread=other)
    await threads.delete(ada.actor, (await ada.posts("Four", thread=other)).id)
    await threads.mark_read(ben.actor, first.thread, first.seq)

    page = await reading.case_page(ben.actor, case)

    assert [(each.count, each.unread, len(each.posts)) for each in page.threads] == [
        (1, 0, 1),
        (2, 1, 3),
        (0, 0, 0),
    ]
    assert [bool(each.first_unread) for each in page.threads] == [False, True, False]
    assert all(isinstance(each.id, UUID) for each in page.threads)
