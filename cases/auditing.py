"""
The box audit, once an hour: what can be opened is exactly what membership says.

It holds no secret, so it compares what the tables say: whom a community's present root was handed
to, who is a member, and whose public key the directory has signed.  Whether the root vouches for a
membership is asked by whoever opens or changes it.  That no key outlives its examination is the
other half of it (`studies.stray_keys`).
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from tortoise.expressions import F

from cases import access, epochs
from cases.ids import CommunityId
from cases.models import Community, Member
from portal import keys, studies
from portal.core.actor import AccountId
from portal.core.background import background
from portal.core.db import transaction

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 3600.0
PAGE: Final = 100
"""Communities that are compared in one look."""


async def audit() -> list[CommunityId]:
    """The communities in which seals and members differ; each is reported, by its id alone."""
    wrong = []
    after = UUID(int=0)
    while page := await Community.filter(id__gt=after).order_by("id").limit(PAGE):
        after = page[-1].id
        for suspect in await _differing(page):
            if await _differs_for_certain(suspect):
                log.critical("seals are not members: community %s", suspect)
                wrong.append(suspect)
    return wrong + [CommunityId(each) for each in await keys.stray_keys("community", access.known)]


@asynccontextmanager
async def keeping_watch() -> AsyncIterator[None]:
    """Audit once an hour while the block lasts."""
    async with background(_audit_for_ever()):
        yield


async def _audit_for_ever() -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await audit()
            await studies.stray_keys()
        except Exception as error:  # noqa: BLE001 -- outlives a database that is away
            log.warning("the box audit did not end: %s", type(error).__name__)


async def _differs_for_certain(community: CommunityId) -> bool:
    """Once more under the lock: somebody may have come or gone between the questions."""
    async with transaction():
        await access.community_row(community).update(epoch=F("epoch"))  # takes its row lock
        return bool(await _differing(await access.community_row(community)))


async def _differing(communities: Sequence[Community]) -> list[CommunityId]:
    ids = [row.id for row in communities]
    members: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for row in await Member.filter(community_id__in=ids):
        members[row.community_id].add(row.account)
    everybody = [AccountId(each) for each in set().union(*members.values())]
    signed = await epochs.public_keys(everybody)
    handed = await keys.handed("community", ids)
    return [
        CommunityId(row.id)
        for row in communities
        if handed[row.id] != {(each, row.epoch) for each in members[row.id]}
        or not members[row.id] <= signed.keys()
    ]
