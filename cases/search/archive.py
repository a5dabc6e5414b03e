"""
Asking the archive.

Each community has an index of its own, sealed under its root.  A search first adds what changed
since the index was sealed, so a post is found as soon as it is stored, and asks only communities
whose door has just let the actor in.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID, uuid4

from cases import access
from cases.events import Shredded
from cases.ids import CommunityId
from cases.models import Case, Post
from cases.opened import OpenCommunity
from cases.people import colleagues
from cases.search import harvest
from cases.search.harvest import DescribeStudies
from cases.search.models import SearchIndex
from portal import storing, vault
from portal.core.actor import AccountId, Secret
from portal.core.db import transaction
from portal.core.errors import Busy, Full
from portal.core.events import listening
from portal.indexing import Answer, Name, NotOpen, Wanted, Worker

log = logging.getLogger(__name__)

SEAL_AFTER: Final = 25
"""Changes that may wait outside the sealed index; each search adds them again until then."""


class Archive:
    """The indexes of all communities: one process that searches, one store that keeps."""

    def __init__(self, store: storing.Store) -> None:
        self._store = store
        self._worker = Worker()
        self._newest: dict[CommunityId, Name] = {}
        self._locks: defaultdict[CommunityId, asyncio.Lock] = defaultdict(asyncio.Lock)

    def warm(self) -> None:
        """Somebody is about to search: the process may start while they type."""
        self._worker.warm()

    @contextmanager
    def hearing(self) -> Iterator[None]:
        """Drop what is in memory of a community that ends, while the block lasts."""
        with listening(Shredded, self._drop):
            yield

    async def _drop(self, event: Shredded) -> None:
        async with self._locks[event.community]:
            if self._newest.pop(event.community, None) is not None:
                await self._worker.forget(event.community.hex)
        del self._locks[event.community]

    def close(self) -> None:
        """Stop the searching process."""
        self._worker.close()

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
            return opened
        raw = None if opened else await self._unsealed(community, row)
        # An index that is missing or was exchanged is made anew from what it was made of.
        sealed_seq = row.seq if row and raw != b"" else 0
        start = opened or Name(community.id.hex, sealed_seq)
        fresh = await harvest.since(community, start.seq, describe)
        then = Name(community.id.hex, fresh.seq)
        await self._worker.extend(start, raw, then, fresh.put, fresh.remove)
        self._newest[community.id] = then
        if fresh.seq - sealed_seq >= SEAL_AFTER:
            try:
                await self._seal(community, row, fresh.seq, await self._worker.dump(then))
            except (Full, Busy) as error:  # the index in memory is whole; sealing it can wait
                log.warning("search index not sealed: %s", type(error).__name__)
        return then

    async def _unsealed(self, community: OpenCommunity, row: SearchIndex | None) -> bytes:
        """The bytes of the sealed index; nothing where there is none yet, or none that opens."""
        if row is None:
            return b""
        await access.settled(community, [row])
        try:
            key = _key(community.root_at(row.epoch))
            context = vault.contexts.index(community.id, row.epoch, row.generation)
            boxed = await self._store.get(row.object)
            return await asyncio.to_thread(vault.unbox, key, boxed, context)
        except (FileNotFoundError, vault.Tampered):
            log.critical("search index does not open: community %s", community.id)
            return b""

    async def _seal(
        self, community: OpenCommunity, before: SearchIndex | None, seq: int, raw: bytes
    ) -> None:
        """Keep the extended index as the next generation, unless another process was faster."""
        generation, object_id = before.generation + 1 if before else 1, uuid4()
        context = vault.contexts.index(community.id, community.epoch, generation)
        boxed = await asyncio.to_thread(vault.box, _key(community.root), raw, context)
        owner = AccountId(community.id)
        by = storing.Payer(owner, None)
        size = await storing.write(self._store, by, community.id, object_id, boxed)
        facts: dict[str, int | UUID] = {
            "epoch": community.epoch,
            "generation": generation,
            "seq": seq,
            "object": object_id,
        }
        async with transaction():
            if not await _replace(community.id, before, facts):
                return
            await storing.keep(owner, community.id, {object_id: size}, None)
            if before is not None:
                await storing.let_go([before.object])


async def forget(community: CommunityId) -> None:
    """The community is over: its index goes, row and object; joins the caller's transaction."""
    await SearchIndex.filter(community=community).delete()
    await storing.let_go_of(community)


async def _replace(
    community: CommunityId, before: SearchIndex | None, facts: dict[str, int | UUID]
) -> bool:
    """Point at the new generation; false when the old one is no longer the current one."""
    if before is None:
        _, created = await SearchIndex.get_or_create(community=community, defaults=facts)
        return created
    current = SearchIndex.filter(community=community, generation=before.generation)
    return bool(await current.update(**facts))


def _key(root: Secret) -> Secret:
    return vault.sub_key(root, "index")


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
