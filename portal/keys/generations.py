"""The roots of communities, all generations, through the one seal that a member holds of each."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from portal import vault
from portal.core.actor import Secret
from portal.keys.holders import Holder, Target
from portal.keys.models import PrincipalKey, Seal
from portal.keys.principals import FIRST_EPOCH, chained, must_be_published
from portal.keys.seals import opened

log = logging.getLogger(__name__)


async def unseal_generations(
    communities: Mapping[UUID, int], holder: Holder
) -> dict[UUID, Mapping[int, Secret]]:
    """
    For each of the *communities* (id to present generation) its roots, down to the first one.

    Two statements for any number.  Who was handed no seal is left out; so is, after a report, a
    community whose seal, directory key (F3) or chain is not what its root says.
    """
    if not communities:
        return {}
    seals = await Seal.filter(
        target__in=list(communities),
        target_kind="community",
        holder=holder.id,
        holder_epoch=holder.epoch,
    )
    published: defaultdict[UUID, list[PrincipalKey]] = defaultdict(list)
    for row in await PrincipalKey.filter(principal__in=list(communities)):
        published[row.principal].append(row)
    present = [each for each in seals if communities[each.target] == each.target_epoch]

    def open_all() -> dict[UUID, Mapping[int, Secret]]:
        found = ((each.target, _roots(each, holder, published[each.target])) for each in present)
        return {community: roots for community, roots in found if roots is not None}

    return await asyncio.to_thread(open_all)


def _roots(
    seal: Seal, holder: Holder, published: Iterable[PrincipalKey]
) -> Mapping[int, Secret] | None:
    community, epoch = seal.target, seal.target_epoch
    by_epoch = {row.epoch: row for row in published if row.epoch <= epoch}
    try:
        root = opened(Target("community", community, epoch), seal.box, holder)
        must_be_published(Holder("community", community, epoch, root), by_epoch.get(epoch))
        links = {number: row.chain_box for number, row in by_epoch.items() if number > FIRST_EPOCH}
        return chained(community, epoch, root, links, FIRST_EPOCH)
    except vault.Tampered:
        log.critical("seal does not open the community's root: community %s", community)
        return None
