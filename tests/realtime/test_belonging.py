"""What a process notices by itself about its sockets' people, though nobody told it."""

from cases import communities
from portal.core.actor import AccountId
from realtime.belonging import Belonging, communities_of
from realtime.connections import Connection
from tests.people import World


async def test_who_joins_after_connecting_and_leaves_is_noticed_once(world: World) -> None:
    alice, carol = await world.physician("Alice Ahrens"), await world.physician("Carol Cordes")
    chest = await alice.founds("Chest")
    belonging, early, late = (
        Belonging(),
        _socket("early", carol.actor.id),
        _socket("late", carol.actor.id),
    )
    belonging.meet(early, await communities_of(carol.actor.id))

    await alice.invites(carol, chest)
    assert not await belonging.left([early])
    await communities.leave(carol.actor, chest)
    belonging.meet(late, await communities_of(carol.actor.id))

    assert await belonging.left([early, late]) == {early: {chest}}
    belonging.forget("early")
    assert not await belonging.left([early, late])


def _socket(sid: str, account: AccountId) -> Connection:
    return Connection(sid, account, b"")
