"""A new root is handed on at a cost that does not grow with those who wait for an answer."""

import threading
from typing import Any

import pytest

from cases import access, communities, epochs, rotating
from cases.ids import CommunityId
from cases.models import Invitation
from portal import mailing
from portal.core.db import transaction
from tests.people import Person, World
from tests.queries import counting


async def rotates(owner: Person, board: CommunityId) -> int:
    """Gives the community a new root; how many statements it took."""
    with counting() as sent:
        async with transaction():
            await rotating.rotate(await access.community_for(owner.actor, board))
    return len(sent)


async def test_four_who_wait_cost_what_two_do(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")

    async def asks(name: str) -> None:
        known = await world.physician(name)
        await communities.invite(ada.actor, board, known.actor.id)
        address = mailing.read_address(f"{name.lower()}.later@example.test")
        await communities.invite(ada.actor, board, address)

    await asks("Ben")
    few = await rotates(ada, board)
    await asks("Cleo")

    assert await rotates(ada, board) == few
    opened = await access.community_for(ada.actor, board)
    assert len(await communities.pending(opened)) == 4
    assert {row.epoch for row in await Invitation.all()} == {3}


async def test_the_server_goes_on_while_invitations_are_sealed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    asked = await communities.invite(ada.actor, board, ben.actor.id)
    sealed_for, threads = epochs.sealed_for, []

    def noting(*parts: Any) -> bytes:
        threads.append(threading.current_thread())
        return sealed_for(*parts)

    monkeypatch.setattr(epochs, "sealed_for", noting)
    await rotates(ada, board)

    assert len(threads) == 1
    assert threading.main_thread() not in threads
    await communities.accept(ben.actor, asked)


async def test_a_visit_asks_once_for_all_who_were_invited_by_address(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")

    async def visits() -> int:
        opened = await access.community_for(ada.actor, board)
        with counting() as sent:
            await communities.complete(ada.actor, opened)
        return len(sent)

    costs = []
    for number in range(3):
        address = mailing.read_address(f"later{number}@example.test")
        await communities.invite(ada.actor, board, address)
        costs.append(await visits())

    assert costs == [costs[0]] * 3
