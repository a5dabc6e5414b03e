"""Who searches in the tests of the archive."""

from collections.abc import Mapping
from uuid import UUID

import pytest
from quart import Quart

from cases.ids import CaseId, CommunityId
from cases.search.archive import Archive
from cases.search.finding import Results, search
from cases.search.harvest import DescribeStudies
from portal import wiring
from portal.core.actor import Secret
from tests.people import Person, World

Chest = tuple[Person, Person, Person, CommunityId, CaseId]


async def described(opened: Mapping[UUID, Secret]) -> dict[UUID, str]:
    return dict.fromkeys(opened, "CT head without contrast")


@pytest.fixture
def describe(app: Quart) -> DescribeStudies:
    """What the portal itself knows of examinations."""
    return wiring.describing(app.extensions["hds"]["shelf"])


@pytest.fixture
def archive(app: Quart) -> Archive:
    found: Archive = app.extensions["hds"]["archive"]
    return found


@pytest.fixture
async def chest(world: World) -> Chest:
    """Alice owns a community with Bob in it; Carol is a member elsewhere."""
    alice = await world.physician("Alice Ahrens")
    bob = await world.physician("Bob Brandt")
    carol = await world.physician("Carol Cordes")
    chest = await alice.founds("Chest")
    await alice.invites(bob, chest)
    await carol.founds("Heart")
    return alice, bob, carol, chest, await alice.opens("Nodule, left lung", in_=chest)


async def finds(
    person: Person, archive: Archive, text: str, community: CommunityId | None = None
) -> Results:
    return await search(person.actor, archive, described, text, community=community)
