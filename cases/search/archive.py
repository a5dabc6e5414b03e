"""
Asking the archive.

Each community has an index of its own, sealed under its root.  A search first adds what changed
since the index was sealed, so a post is found as soon as it is stored, and asks only communities
whose door has just let the actor in.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Final, Self
from uuid import UUID

from cases.events import Shredded
from cases.ids import CommunityId
from cases.models import Case, Post
from cases.opened import OpenCommunity
from cases.people import colleagues
from cases.search import harvest, sealed
from cases.search.harvest import DescribeStudies
from cases.search.models import SearchIndex
from portal import storing
from portal.core.actor import AccountId
from portal.core.background import background
from portal.core.events import listening
from portal.indexing import Answer, Name, NotOpen, Wanted, Worker

log = logging.getLogger(__name__)

SEAL_AFTER: Final = 25
"""Changes that may wait outside the sealed index; a restarted portal adds them again."""
RETRY_SECONDS: Final = 60.0
"""From a sealing that failed to the next."""
STOP_SECONDS: Final = 5.0
"""For what is still to be sealed when the portal stops; else its changes are added again."""


class Archive:
    """The indexes of all communities: one process that searches, one store that keeps."""

    def __init__(self, store: storing.Store) -> None:
        self._store = store
        self._worker = Worker()
        self._newest: dict[CommunityId, Name] = {}
        self._locks: defaultdict[CommunityId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._looks: dict[CommunityId, OpenCommunity] = {}
        self._due: asyncio.Queue[CommunityId] = asyncio.Queue()
        self._failed: dict[CommunityId, float] = {}

    def warm(self) -> None:
        """Somebody is about to search: the process may start while they type."""
        self._worker.warm()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Self]:
        """
        While the block lasts: seal what has grown, and drop what is in memory of a community that
        ends.  What waits to be sealed at its end is, within `STOP_SECONDS`.
        """
        try:
            with listening(Shredded, self._drop):
                async with background(self._seal_for_ever()):
                    try:
                        yield self
                    finally:
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self.sealed(), STOP_SECONDS)
        finally:
            self._worker.close()

    async def sealed(self) -> None:
        """Return once nothing waits to be sealed any more, whether it could be or not."""
        await self._due.join()

    async def _drop(self, event: Shredded) -> None:
        async with self._locks[event.community]:
            self._looks.pop(event.community, None)
            self._failed.pop(event.community, None)
            if self._newest.pop(event.community, None) is not None:
                await self._worker.forget(event.community.hex)
        del self._locks[event.community]

    async def ask(
        self, community: OpenCommunity, wanted: Wanted, describe: DescribeStudies
    ) -> Answer:
        """What *community* knows about it, everything stored until now included."""
        authors = await _authors(community, wanted) if wanted.from_ else None
        cases = await _with_status(community, wanted.status) if wanted.status else None
        async with self._locks[community.id]:
            try:
                name = await self._current(community, describe)
                return await self._worker.find(name, wanted, authors=authors, cases=cases)
            except NotOpen:
                # The process was replaced, or has dropped the index meanwhile: once more from disk.
                self._newest.pop(community.id, None)
                name = await self._current(community, describe)
                return await self._worker.find(name, wanted, authors=authors, cases=cases)

    async def _current(self, community: OpenCommunity, describe: DescribeStudies) -> Name:
        """The name of an opened index that reaches the community's last change."""
        row = await SearchIndex.get_or_none(community=community.id)
        opened = self._newest.get(community.id)
        if opened is not None and opened.seq >= community.seq:
            self._consider(community, opened, row.seq if row else 0)
            return opened
        raw = None if opened else await sealed.load(self._store, community, row)
        # An index that is missing or was exchanged is made anew from what it was made of.
        sealed_seq = row.seq if row and raw != b"" else 0
        start = opened or Name(community.id.hex, sealed_seq)
        fresh = await harvest.since(community, start.seq, describe)
        then = Name(community.id.hex, fresh.seq)
        await self._worker.extend(start, raw, then, fresh.put, fresh.remove)
        self._newest[community.id] = then
        self._consider(community, then, sealed_seq)
        return then

    def _consider(self, community: OpenCommunity, name: Name, sealed_seq: int) -> None:
        """Have the index sealed after the answer, when much waits outside or it failed before."""
        failed = self._failed.get(community.id)
        due = name.seq - sealed_seq >= SEAL_AFTER
        if failed is not None:
            due = monotonic() - failed >= RETRY_SECONDS
        # Only by a look that reaches as far: it knows the root for all that the index holds.
        if not due or community.seq != name.seq:
            return
        if community.id not in self._looks:
            self._due.put_nowait(community.id)
        self._looks[community.id] = community

    async def _seal_for_ever(self) -> None:
        while True:
            community = await self._due.get()
            try:
                await self._seal(community)
            except Exception as error:  # noqa: BLE001 -- the index in memory is whole; sealing it can wait
                self._failed[community] = monotonic()
                log.warning("search index not sealed: %s", type(error).__name__)
            finally:
                self._due.task_done()

    async def _seal(self, community: CommunityId) -> None:
        """Seal what is in memory, under the root of the last look that reached it."""
        if community not in self._looks:
            return  # it has ended meanwhile
        async with self._locks[community]:
            look, name = self._looks.pop(community, None), self._newest.get(community)
            if look is None or name is None or name.seq != look.seq:
                return  # whoever made the newer state has asked again, if it was due
            await sealed.keep(self._store, look, name.seq, await self._worker.dump(name))
            self._failed.pop(community, None)


async def _authors(community: OpenCommunity, wanted: Wanted) -> list[str]:
    """Hex ids of everybody who ever wrote here and whose name holds what `from:` says."""
    wrote = [
        *await Post.filter(community_id=community.id).distinct().values_list("author", flat=True),
        *await Case.filter(community_id=community.id).distinct().values_list("author", flat=True),
    ]
    ids = {AccountId(UUID(str(each))) for each in wrote}
    names = await colleagues(list(ids))
    parts = [each.casefold() for each in wanted.from_]
    return [
        account.hex
        for account, colleague in names.items()
        if any(part in colleague.name.casefold() for part in parts)
    ]


async def _with_status(community: OpenCommunity, status: str) -> list[str]:
    ids = await Case.filter(community_id=community.id, status=status).values_list("id", flat=True)
    return [UUID(str(each)).hex for each in ids]
