"""The index of a community as it lies in the store: opened, followed by the next, forgotten."""

import asyncio
import logging
from uuid import UUID, uuid4

from tortoise.expressions import F

from cases import access
from cases.ids import CommunityId
from cases.opened import OpenCommunity
from cases.search.models import SearchIndex
from portal import storing, vault
from portal.core.actor import AccountId, Secret
from portal.core.db import transaction

log = logging.getLogger(__name__)


async def load(store: storing.Store, community: OpenCommunity, row: SearchIndex | None) -> bytes:
    """The bytes of the sealed index; nothing where there is none yet, or none that opens."""
    if row is None:
        return b""
    await access.settled(community, [row])
    try:
        key = _key(community.root_at(row.epoch))
        context = vault.contexts.index(community.id, row.epoch, row.generation)
        boxed = await store.get(row.object)
        return await asyncio.to_thread(vault.unbox, key, boxed, context)
    except (FileNotFoundError, vault.Tampered):
        log.critical("search index does not open: community %s", community.id)
        return b""


async def keep(store: storing.Store, community: OpenCommunity, seq: int, raw: bytes) -> None:
    """
    Make *raw*, which reaches change *seq*, the next generation, unless somebody was faster.

    Raises `storing.StillLeaving`, `storing.DiskFull` and OSError; the one before stays then.
    """
    before = await SearchIndex.get_or_none(community=community.id)
    generation, object_id = before.generation + 1 if before else 1, uuid4()
    context = vault.contexts.index(community.id, community.epoch, generation)
    boxed = await asyncio.to_thread(vault.box, _key(community.root), raw, context)
    owner = AccountId(community.id)
    by = storing.Payer(owner, None)
    size = await storing.write(store, by, community.id, object_id, boxed)
    facts: dict[str, int | UUID] = {
        "epoch": community.epoch,
        "generation": generation,
        "seq": seq,
        "object": object_id,
    }
    async with transaction():
        # Under the community's lock: one that ended meanwhile leaves nothing behind.
        if not await access.community_row(community.id).update(next_seq=F("next_seq")):
            return
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
