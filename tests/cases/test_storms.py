"""Many at once: exactly once and in order (T42), never under a root that is over (T16)."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from uuid import uuid4

import pytest

from cases import communities, threads
from cases.forms import NewPost
from cases.ids import CaseId, CommunityId, InvitationId
from cases.models import Change, Community, Invitation, Post
from portal.core.errors import PortalError, Unknown
from tests.cases.auditing import audit
from tests.people import Person, World


@pytest.fixture
def many(engine: str) -> int:
    """How many posts: SQLite has one connection, so fewer say as much."""
    return 150 if engine == "sqlite" else 300


async def test_posts_sent_three_times_in_any_order_arrive_once(world: World, many: int) -> None:
    ada, ben, chiara = [await world.physician(name) for name in ("Ada", "Ben", "Chiara")]
    board = await ada.founds("Board")
    for guest in (ben, chiara):
        await ada.invites(guest, board)
    case = await ada.opens("Nodule", in_=board)
    thread = await ada.first_thread(case)
    before = (await Community.get(id=board)).next_seq
    people = (ada, ben, chiara)
    sends = [
        (people[number % 3], NewPost(thread, uuid4(), f"Post {number}")) for number in range(many)
    ] * 3
    random.Random(7).shuffle(sends)
    answers: dict[object, set[threads.Posted]] = {new.client_id: set() for _, new in sends}

    async def line(mine: list[tuple[Person, NewPost]]) -> None:
        for person, new in mine:
            answers[new.client_id].add(await threads.post(person.actor, new))

    await asyncio.gather(*(line(sends[start::12]) for start in range(12)))

    assert {len(each) for each in answers.values()} == {1}, "a repeat was answered differently"
    seqs = sorted(row.seq for row in await Post.filter(community_id=board))
    assert seqs == list(range(before + 1, before + many + 1))
    changes = [row.seq for row in await Change.filter(community_id=board).order_by("seq")]
    assert changes == list(range(1, before + many + 1))
    await audit()


@dataclass
class Stay:
    """One membership of a guest: from which change to which, and the first root after it."""

    guest: Person
    joined: int
    left: int
    epoch_after: int


async def test_no_post_is_readable_with_a_root_a_removed_member_held(world: World) -> None:
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
    stays = [await come_and_go(ada, guest, board) for _ in range(3) for guest in guests]
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
