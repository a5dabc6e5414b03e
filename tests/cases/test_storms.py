"""Many at once: exactly once and in order (T42), never under a root that is over (T16)."""

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Final, Self
from uuid import UUID, uuid4

import pytest

from cases import communities, sparing, threads
from cases.forms import NewPost
from cases.ids import CaseId, CommunityId, InvitationId, ThreadId
from cases.models import Change, Community, Invitation, Post
from portal import keys
from portal.core.errors import PortalError, Unknown
from portal.core.web import cookie_name
from tests.boxes import audit
from tests.people import Browser, Person, World

JSON: Final = {"Accept": "application/json"}
LINES: Final = 12
"""Connections over which the posts come, four of each person."""


@pytest.fixture
def many(engine: str) -> int:
    """How many posts: SQLite has one connection, so fewer say as much."""
    return 150 if engine == "sqlite" else 1000


@dataclass
class Sending:
    """Posts of three people into one thread, each to be sent three times in no order."""

    people: tuple[Person, ...]
    thread: ThreadId
    board: CommunityId
    before: int
    """The last place that was taken when it began."""
    many: int
    answers: defaultdict[UUID, set[tuple[str, int]]] = field(
        default_factory=lambda: defaultdict(set)
    )

    @classmethod
    async def begins(cls, world: World, many: int) -> Self:
        ada, ben, chiara = [await world.physician(name) for name in ("Ada", "Ben", "Chiara")]
        board = await ada.founds("Board")
        for guest in (ben, chiara):
            await ada.invites(guest, board)
        thread = await ada.first_thread(await ada.opens("Nodule", in_=board))
        before = (await Community.get(id=board)).next_seq
        return cls((ada, ben, chiara), thread, board, before, many)

    def lines(self) -> list[tuple[Person, list[tuple[UUID, str]]]]:
        """Who sends what, over each of the twelve connections."""
        said = [(number % 3, uuid4(), f"Post {number}") for number in range(self.many)] * 3
        random.Random(7).shuffle(said)
        return [
            (
                self.people[line % 3],
                [(post, text) for who, post, text in said if who == line % 3][line // 3 :: 4],
            )
            for line in range(LINES)
        ]

    async def arrived_once(self) -> None:
        """Each is there once, without a gap, and every answer about it was the same."""
        assert len(self.answers) == self.many
        assert {len(each) for each in self.answers.values()} == {1}, "a repeat, another answer"
        rows = await Post.filter(community_id=self.board).values_list("id", "seq")
        places = range(self.before + 1, self.before + self.many + 1)
        assert sorted(seq for _, seq in rows) == list(places)
        told = set[tuple[str, int]]().union(*self.answers.values())
        assert {(str(post), seq) for post, seq in rows} == told
        changes = [row.seq for row in await Change.filter(community_id=self.board).order_by("seq")]
        assert changes == list(range(1, self.before + self.many + 1))
        await audit()


async def test_posts_sent_three_times_in_any_order_arrive_once(world: World, many: int) -> None:
    sending = await Sending.begins(world, many)

    async def line(person: Person, mine: list[tuple[UUID, str]]) -> None:
        for post, text in mine:
            posted = await threads.post(person.actor, NewPost(sending.thread, post, text))
            sending.answers[post].add((str(posted.id), posted.seq))

    await asyncio.gather(*(line(*each) for each in sending.lines()))

    await sending.arrived_once()


@pytest.mark.one_engine
async def test_whose_connection_breaks_sends_again_in_a_new_one(world: World) -> None:
    """Sessions end on the way; what was refused, and what nobody saw answered, is sent anew."""
    sending = await Sending.begins(world, 48)
    path = f"/threads/{sending.thread}/posts"

    async def connects(person: Person) -> tuple[bytes, Browser]:
        actor, browser = person.actor, world.browser()
        cookie = await keys.start_session(actor.id, actor.kind, "en", actor.root)
        browser.client.set_cookie("localhost", cookie_name(world.settings), cookie)
        browser.csrf = keys.csrf_token(cookie)
        found = await keys.actor_by_cookie(cookie)
        assert found is not None
        return found.session, browser

    async def line(person: Person, mine: list[tuple[UUID, str]]) -> None:
        session, browser = await connects(person)
        for count, (post, text) in enumerate(mine):
            said = {"client_id": str(post), "text": text}
            answer = await browser.post(path, json=said, headers=JSON)
            if count % 4 == 1:  # arrived, and the answer was lost
                session, browser = await connects(person)
                answer = await browser.post(path, json=said, headers=JSON)
            if count % 4 == 3:  # ended by another window; the next one is refused
                await keys.end_own_session(person.actor, session)
                refused = await browser.post(path, json=said, headers=JSON)
                assert refused.status_code == 401
                session, browser = await connects(person)
            assert answer.status_code == 201, await answer.get_data(as_text=True)
            posted = await answer.get_json()
            sending.answers[post].add((posted["id"], posted["seq"]))

    await asyncio.gather(*(line(*each) for each in sending.lines()))

    await sending.arrived_once()


@dataclass
class Stay:
    """One membership of a guest: from which change to which, and the first root after it."""

    guest: Person
    joined: int
    left: int
    epoch_after: int


async def test_no_post_is_readable_with_a_root_a_removed_member_held(
    world: World, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many posts as there are, while guests come and go: a hundred times on PostgreSQL."""
    monkeypatch.setattr(sparing, "TO_ONE", replace(sparing.TO_ONE, free=100))
    rounds = 3 if many < 1000 else 17
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    guests = [await world.physician(f"Guest {number}") for number in range(6)]
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    thread = await ada.first_thread(await ada.opens("Nodule", in_=board))
    done = asyncio.Event()

    async def write(person: Person) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        while not done.is_set():
            try:
                await threads.post(person.actor, NewPost(thread, uuid4(), f"by {person.name}"))
                outcomes["written"] += 1
            except Unknown:
                outcomes["turned away"] += 1
            await asyncio.sleep(0.001)
        return outcomes

    writers = [asyncio.create_task(write(person)) for person in (ada, ben, *guests)]
    stays = [await come_and_go(ada, guest, board) for _ in range(rounds) for guest in guests]
    async with asyncio.timeout(120):
        while await Post.filter(community_id=board).count() < many:
            await asyncio.sleep(0.1)
    done.set()
    hers, his, *theirs = await asyncio.gather(*writers)

    assert hers["written"] > 0
    assert his["written"] > 0
    assert "turned away" not in hers | his
    assert sum(each["turned away"] for each in theirs) > 0
    rows = await Post.filter(community_id=board)
    leaked = [
        row.seq for row in rows for stay in stays
        if row.seq > stay.left and row.epoch < stay.epoch_after
    ]  # fmt: skip
    assert leaked == []
    for guest in guests:
        mine = [stay for stay in stays if stay.guest is guest]
        late = [
            row.seq for row in rows
            if row.author == guest.actor.id
            and not any(stay.joined < row.seq < stay.left for stay in mine)
        ]  # fmt: skip
        assert late == []
    await audit()


async def come_and_go(owner: Person, guest: Person, board: CommunityId) -> Stay:
    await owner.invites(guest, board)
    joined = await last_coming_or_going(board)
    await asyncio.sleep(0.005)
    await communities.remove(owner.actor, board, guest.actor.id)
    left = await last_coming_or_going(board)
    return Stay(guest, joined, left, (await Community.get(id=board)).epoch)


async def last_coming_or_going(board: CommunityId) -> int:
    change = await Change.filter(community_id=board, kind="member").order_by("-seq").first()
    assert change is not None
    return int(change.seq)


async def test_coming_going_and_inviting_at_once_leaves_seals_equal_to_members(
    world: World,
) -> None:
    ada = await world.physician("Ada")
    guests = [await world.physician(f"Guest {number}") for number in range(4)]
    board = await ada.founds("Board")
    case = await ada.opens("Nodule", in_=board)
    outcomes: Counter[str] = Counter()

    async def live(guest: Person, seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(12):
            choice = dice.choice(["invite", "accept", "decline", "leave", "remove", "write"])
            try:
                await act(choice, ada, guest, board, case)
                outcomes[choice] += 1
            except PortalError:
                outcomes["refused"] += 1

    await asyncio.gather(*(live(guest, seed) for seed, guest in enumerate(guests)))

    assert outcomes["invite"] > 0
    assert outcomes["refused"] > 0
    await ada.posts("The last word", on=case)
    await audit()


async def act(choice: str, ada: Person, guest: Person, board: CommunityId, case: CaseId) -> None:
    waiting = await Invitation.get_or_none(account=guest.actor.id, state="pending")
    asked = InvitationId(waiting.id if waiting else uuid4())
    match choice:
        case "invite":
            await communities.invite(ada.actor, board, guest.actor.id)
        case "accept":
            await communities.accept(guest.actor, asked)
        case "decline":
            await communities.decline(guest.actor, asked)
        case "leave":
            await communities.leave(guest.actor, board)
        case "remove":
            await communities.remove(ada.actor, board, guest.actor.id)
        case _:
            await guest.starts("A thread", in_=case)
