"""Posts: written, answered, edited, deleted, reacted to, counted; by members and nobody else."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from cases import access, casework, catching_up, paging, reading, threads, unread
from cases.errors import CaseClosed, NotYours, Outdated, PostDeleted
from cases.events import Changed, ReadFurther
from cases.forms import NewPost, PostEdit
from cases.ids import CaseId, CommunityId
from cases.models import Change, Post
from cases.views import PostView
from portal.core.db import transaction
from portal.core.errors import Invalid, Unknown
from tests.people import Person, World, hearing


@dataclass
class Board:
    """Ada founded it, Ben is a member, Mallory belongs elsewhere; there is one case."""

    ada: Person
    ben: Person
    mallory: Person
    community: CommunityId
    case: CaseId


@pytest.fixture
async def board(world: World) -> Board:
    ada = await world.physician("Dr. Ada Lindqvist")
    ben = await world.physician("Dr. Ben Okafor")
    mallory = await world.physician("Mallory Moor")
    community = await ada.founds("Neuro Board North")
    await ada.invites(ben, community)
    await mallory.founds("Heart")
    case = await ada.opens("Dense vessel", in_=community)
    return Board(ada, ben, mallory, community, case)


async def posts_of(reader: Person, case: CaseId) -> list[PostView]:
    page = await reading.case_page(reader.actor, case)
    return [post for thread in page.threads for post in thread.posts]


async def seqs_of(community: CommunityId) -> list[int]:
    rows = await Change.filter(community_id=community).order_by("seq")
    return [row.seq for row in rows]


def texts(posts: Iterable[PostView]) -> list[str]:
    return [post.text for post in posts]


async def test_a_colleague_answers_in_a_thread(board: Board) -> None:
    question = await board.ada.posts("Follow up or biopsy?", on=board.case)
    answer = await board.ben.replies("Follow up in three months.", to=question)

    seen = await posts_of(board.ada, board.case)
    assert texts(seen) == ["Follow up or biopsy?", "Follow up in three months."]
    assert seen[1].reply is not None
    assert seen[1].reply.id == question.id
    assert seen[1].reply.excerpt == "Follow up or biopsy?"
    assert seen[1].author.name == "Dr. Ben Okafor"
    assert answer.thread == question.thread


async def test_only_the_community_is_told(board: Board) -> None:
    with hearing(Changed) as heard:
        posted = await board.ada.posts("Dense vessel?", on=board.case)

    assert heard == [
        Changed(
            frozenset({board.ada.actor.id, board.ben.actor.id}),
            board.community,
            board.case,
            posted.seq,
        )
    ]


async def test_a_stranger_writes_nothing_and_is_told_nothing(board: Board) -> None:
    posted = await board.ada.posts("Confidential", on=board.case)
    mallory = board.mallory.actor

    for attempt in (
        threads.post(mallory, NewPost(posted.thread, uuid4(), "me too")),
        threads.edit(mallory, PostEdit(posted.id, "changed", 1)),
        threads.delete(mallory, posted.id),
        threads.react(mallory, posted.id, "agree", on=True),
        threads.mark_read(mallory, posted.thread, posted.seq),
        reading.history(mallory, posted.id),
        catching_up.since(mallory, board.case, 0),
        paging.stretch(mallory, posted.thread),
        reading.pin_image(mallory, posted.id),
        casework.close(mallory, board.case),
    ):
        with pytest.raises(Unknown):
            await attempt

    assert texts(await posts_of(board.ben, board.case)) == ["Confidential"]
    assert await seqs_of(board.community) == list(range(1, posted.seq + 1))


async def test_sending_again_after_a_lost_answer_posts_once(board: Board) -> None:
    thread = await board.ada.first_thread(board.case)
    new = NewPost(thread, uuid4(), "Once")

    with hearing(Changed) as heard:
        first = await threads.post(board.ada.actor, new)
        again = await threads.post(board.ada.actor, new)

    assert first == again
    assert len(heard) == 1
    assert texts(await posts_of(board.ben, board.case)) == ["Once"]
    assert await seqs_of(board.community) == list(range(1, first.seq + 1))


async def test_nobody_is_told_of_what_was_rolled_back(board: Board) -> None:
    before = await seqs_of(board.community)

    with hearing(Changed) as heard, pytest.raises(PowerCut):
        async with transaction():
            await board.ada.posts("Never happened", on=board.case)
            raise PowerCut

    assert heard == []
    assert await posts_of(board.ada, board.case) == []
    assert await seqs_of(board.community) == before


class PowerCut(Exception): ...


async def test_a_reply_stays_in_its_own_thread(board: Board) -> None:
    question = await board.ada.posts("Follow up?", on=board.case)
    other = await board.ada.starts("Clot or calcification?", in_=board.case)

    with pytest.raises(Unknown):
        await board.ben.posts("Wrong thread", thread=other, reply_to=question.id)


async def test_an_edit_keeps_what_was_said_before(board: Board) -> None:
    posted = await board.ada.posts("Calcification", on=board.case)

    await threads.edit(board.ada.actor, PostEdit(posted.id, "Clot, not calcification", 1))

    (seen,) = await posts_of(board.ben, board.case)
    assert seen.text == "Clot, not calcification"
    assert seen.edited_at is not None
    history = await reading.history(board.ben.actor, posted.id)
    assert [each.text for each in history.revisions] == ["Calcification", "Clot, not calcification"]


async def test_two_windows_do_not_overwrite_each_other(board: Board) -> None:
    posted = await board.ada.posts("Draft", on=board.case)
    await threads.edit(board.ada.actor, PostEdit(posted.id, "First window", 1))

    with pytest.raises(Outdated) as told:
        await threads.edit(board.ada.actor, PostEdit(posted.id, "Second window", 1))
    assert told.value.details == {"rev": 2, "now": "First window"}
    assert "First" not in repr(told.value)

    await threads.edit(board.ada.actor, PostEdit(posted.id, "Second window", 2))
    assert texts(await posts_of(board.ben, board.case)) == ["Second window"]


async def test_reading_on_is_told_once_and_only_to_the_reader(board: Board) -> None:
    posted = await board.ada.posts("Look", on=board.case)
    ben = board.ben.actor

    with hearing(ReadFurther) as heard:
        await threads.mark_read(ben, posted.thread, posted.seq)
        await threads.mark_read(ben, posted.thread, posted.seq)
        await threads.mark_read(ben, posted.thread, posted.seq - 1)

    assert heard == [ReadFurther(ben.id, board.community, board.case, posted.thread, posted.seq)]


async def test_nobody_edits_what_another_wrote(board: Board) -> None:
    posted = await board.ben.posts("Mine", on=board.case)

    with pytest.raises(NotYours):
        await threads.edit(board.ada.actor, PostEdit(posted.id, "Yours?", 1))


async def test_a_deleted_post_leaves_a_trace_and_no_words(board: Board) -> None:
    posted = await board.ben.posts("Typed into the wrong window", on=board.case)
    await threads.edit(board.ben.actor, PostEdit(posted.id, "Still wrong", 1))
    await threads.react(board.ada.actor, posted.id, "seen", on=True)

    await threads.delete(board.ben.actor, posted.id)

    (seen,) = await posts_of(board.ada, board.case)
    assert seen.text == ""
    assert seen.deleted_at is not None
    assert seen.deleted_by is not None
    assert seen.deleted_by.name == "Dr. Ben Okafor"
    assert (await reading.history(board.ada.actor, posted.id)).revisions == []
    row = await Post.get(id=posted.id).prefetch_related("revisions", "reactions")
    assert row.body is None
    assert (list(row.revisions), list(row.reactions)) == ([], [])  # type: ignore[attr-defined]
    with pytest.raises(PostDeleted):
        await threads.react(board.ada.actor, posted.id, "agree", on=True)


async def test_an_owner_takes_down_what_a_member_wrote_but_not_the_reverse(board: Board) -> None:
    hers = await board.ada.posts("By the owner", on=board.case)
    his = await board.ben.posts("By a member", on=board.case)

    with pytest.raises(NotYours):
        await threads.delete(board.ben.actor, hers.id)
    await threads.delete(board.ada.actor, his.id)

    seen = await posts_of(board.ben, board.case)
    assert [post.deleted_at is None for post in seen] == [True, False]


async def test_a_reaction_counts_once_for_each_person(board: Board) -> None:
    posted = await board.ada.posts("Clot?", on=board.case)

    for _ in "twice", "is once":
        await threads.react(board.ben.actor, posted.id, "agree", on=True)
    await threads.react(board.ada.actor, posted.id, "agree", on=True)
    await threads.react(board.ada.actor, posted.id, "agree", on=False)
    await threads.react(board.ada.actor, posted.id, "doubt", on=True)

    (seen,) = await posts_of(board.ben, board.case)
    counts = {each.kind: (each.count, each.mine) for each in seen.reactions}
    assert counts["agree"] == (1, True)
    assert counts["doubt"] == (1, False)
    with pytest.raises(Invalid):
        await threads.react(board.ben.actor, posted.id, "<b>", on=True)


async def test_a_forged_reaction_is_not_counted(board: Board) -> None:
    posted = await board.ada.posts("Clot?", on=board.case)
    await threads.react(board.ben.actor, posted.id, "agree", on=True)
    row = (await Post.get(id=posted.id).prefetch_related("reactions")).reactions[0]  # type: ignore[attr-defined]

    await type(row).filter(id=row.id).update(account=board.mallory.actor.id)

    (seen,) = await posts_of(board.ada, board.case)
    assert sum(each.count for each in seen.reactions) == 0


async def test_unread_counts_belong_to_each_thread_and_each_reader(board: Board) -> None:
    await board.ada.posts("Question", on=board.case)
    calcified = await board.ada.starts("Clot or calcification?", in_=board.case)
    replies = [await board.ben.posts(f"Reply {n}", thread=calcified) for n in range(3)]

    def counts(page: reading.CasePage) -> list[int]:
        return [thread.unread for thread in page.threads]

    hers = await reading.case_page(board.ada.actor, board.case)
    his = await reading.case_page(board.ben.actor, board.case)
    assert counts(hers) == [0, 3]
    assert counts(his) == [1, 0]
    assert hers.threads[1].first_unread == replies[0].id

    await threads.mark_read(board.ada.actor, calcified, replies[1].seq)
    await threads.mark_read(board.ada.actor, calcified, replies[0].seq)  # a mark never goes back

    hers = await reading.case_page(board.ada.actor, board.case)
    assert counts(hers) == [0, 1]
    assert hers.threads[1].first_unread == replies[2].id
    (card,) = await casework.overview(hers.case.community)
    assert (card.posts, card.unread) == (4, 1)


async def test_what_was_said_before_joining_is_no_news(world: World, board: Board) -> None:
    await board.ada.posts("Long ago", on=board.case)
    chiara = await world.physician("Dr. Chiara Rossi")
    await board.ada.invites(chiara, board.community)
    await board.ben.posts("Welcome", on=board.case)

    page = await reading.case_page(chiara.actor, board.case)
    assert [post.text for post in page.threads[0].posts if post.unread] == ["Welcome"]


async def test_calling_a_member_by_name(board: Board) -> None:
    await board.ada.posts("Please look, @dr. ben okafor — and @Mallory Moor", on=board.case)

    (seen,) = await posts_of(board.ben, board.case)
    assert seen.calls_me
    assert [text for text, name in seen.pieces if name] == ["@dr. ben okafor"]
    page = await reading.case_page(board.ben.actor, board.case)
    (card,) = await casework.overview(page.case.community)
    assert card.mentioned
    page = await reading.case_page(board.ada.actor, board.case)
    (card,) = await casework.overview(page.case.community)
    assert not card.mentioned


async def test_a_closed_case_takes_no_more_posts_until_it_is_reopened(board: Board) -> None:
    posted = await board.ada.posts("Resolved.", on=board.case)

    await casework.close(board.ada.actor, board.case)

    page = await reading.case_page(board.ben.actor, board.case)
    assert page.closed_by is not None
    assert page.closed_by.name == "Dr. Ada Lindqvist"
    with pytest.raises(CaseClosed):
        await board.ben.posts("One more thing", on=board.case)
    with pytest.raises(CaseClosed):
        await threads.edit(board.ada.actor, PostEdit(posted.id, "Not resolved.", 1))
    with pytest.raises(NotYours):
        await casework.reopen(board.ben.actor, board.case)

    await casework.reopen(board.ada.actor, board.case)
    await board.ben.posts("One more thing", on=board.case)
    assert len(await posts_of(board.ada, board.case)) == 2


async def test_catching_up_gives_each_post_once_as_it_is_now(board: Board) -> None:
    first = await board.ada.posts("One", on=board.case)
    second = await board.ben.posts("Two", on=board.case)
    await threads.edit(board.ada.actor, PostEdit(first.id, "One, corrected", 1))
    await threads.react(board.ben.actor, first.id, "agree", on=True)

    missed = await catching_up.since(board.ben.actor, board.case, first.seq - 1)

    assert [(each.post, each.kind) for each in missed.changes] == [
        (second.id, "post"),
        (first.id, "reaction"),
    ]
    assert missed.changes[1].view is not None
    assert missed.changes[1].view.text == "One, corrected"
    assert not missed.more
    assert (await catching_up.since(board.ben.actor, board.case, missed.seq)).changes == []


async def test_catching_up_goes_on_where_it_stopped(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "CHANGES_AT_ONCE", 3)
    for number in range(8):
        await board.ada.posts(f"Post {number}", on=board.case)

    seq, found, more = 0, [], True
    while more:
        missed = await catching_up.since(board.ben.actor, board.case, seq)
        found += [each.view.text for each in missed.changes if each.view]
        seq, more = missed.seq, missed.more

    assert found == [f"Post {number}" for number in range(8)]


async def test_a_long_thread_opens_where_the_reader_stopped(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "SHOWN_AT_ONCE", 10)
    sent = [await board.ada.posts(f"Post {number}", on=board.case) for number in range(40)]
    await threads.mark_read(board.ben.actor, sent[0].thread, sent[19].seq)

    (thread,) = (await reading.case_page(board.ben.actor, board.case)).threads

    assert texts(thread.posts) == [f"Post {number}" for number in range(15, 25)]
    assert (thread.unread, thread.first_unread) == (20, sent[20].id)
    earlier = await paging.stretch(board.ben.actor, thread.id, before=thread.earlier)
    assert (texts(earlier.posts)[-1], earlier.more) == ("Post 14", True)
    later = await paging.stretch(board.ben.actor, thread.id, after=thread.later)
    assert (texts(later.posts)[0], later.more) == ("Post 25", True)


async def test_a_case_of_somebody_else_is_new_until_it_is_looked_at(
    world: World, board: Board
) -> None:
    case = await board.ada.opens("One more", in_=board.community)
    community = await access.community_for(board.ben.actor, board.community)

    def fresh(cards: Iterable[casework.CaseCard]) -> set[CaseId]:
        return {card.id for card in cards if card.fresh}

    assert fresh(await casework.overview(community)) == {case, board.case}
    assert (await unread.by_community(board.ben.actor.id, [board.community])).total() == 2
    hers = await access.community_for(board.ada.actor, board.community)
    assert fresh(await casework.overview(hers)) == set()

    page = await (await board.ben.browser.get(f"/cases/{case}")).get_data(as_text=True)
    assert "data-fresh" in page
    await threads.mark_read(board.ben.actor, await board.ben.first_thread(case), 0)

    page = await (await board.ben.browser.get(f"/cases/{case}")).get_data(as_text=True)
    assert "data-fresh" not in page
    assert fresh(await casework.overview(community)) == {board.case}
    newcomer = await world.physician("Dr. Chiara Rossi")
    await board.ada.invites(newcomer, board.community)
    theirs = await access.community_for(newcomer.actor, board.community)
    assert fresh(await casework.overview(theirs)) == set()  # what was there before is no news
