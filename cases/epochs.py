"""
The generations of a community's root: opening them, vouching under them, handing them on.

Nothing here decides who belongs; it says what the present root can open and what it has marked.
"""

import hmac
import logging
from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from cases.ids import CommunityId
from portal import keys, vault
from portal.core.actor import AccountId, Actor, Secret
from portal.keys import Holder, PublicKey, Target

log = logging.getLogger(__name__)

FIRST: Final = keys.FIRST_EPOCH


async def open_roots(
    actor: Actor, communities: Mapping[UUID, int]
) -> dict[CommunityId, Mapping[int, Secret]]:
    """
    Every root of each community from its given generation down, through the actor's one seal.

    Who has no seal of it, or a wrong one, gets none; the number of statements does not grow.
    """
    found = await keys.unseal_generations(communities, Holder.of(actor))
    return {CommunityId(each): roots for each, roots in found.items()}


async def older(community: CommunityId, epoch: int, root: Secret) -> Mapping[int, Secret]:
    """The chain of roots below *root*; no query for a community that never changed it."""
    if epoch == FIRST:
        return {epoch: root}
    return await keys.open_chain(community, epoch, root)


def own_fingerprint(actor: Actor) -> bytes:
    """Fingerprint of the actor's public key, from the root alone."""
    return Holder.of(actor).fingerprint()


def mark(root: Secret, context: bytes) -> bytes:
    """What only holders of the community's root can write beside a row."""
    return vault.mac(vault.sub_key(root, "member"), context)


def membership_mark(root: Secret, community: UUID, to: PublicKey, role: str, epoch: int) -> bytes:
    """The mark of a member row: this account, with this very public key, in this role."""
    return mark(root, vault.contexts.member(community, epoch, to.id, to.fpr, role))


def vouched(  # noqa: PLR0913, PLR0917 -- each part is bound into the mark
    root: Secret, community: UUID, epoch: int, account: UUID, fpr: bytes, role: str, found: bytes
) -> bool:
    """Whether *found* is the mark of that membership under that root."""
    right = mark(root, vault.contexts.member(community, epoch, account, fpr, role))
    return hmac.compare_digest(right, found)


async def public_keys(accounts: Collection[AccountId]) -> dict[AccountId, PublicKey]:
    """The directory's keys of these accounts; a key that nobody signed is left out and reported."""
    found = await keys.public_keys("user", accounts)
    return {AccountId(account): key for account, key in found.items()}


async def begin(community: CommunityId, root: Secret) -> None:
    """Make the community the owner of its first root."""
    await keys.create_principal(community, "community", root)


async def advance(community: CommunityId, epoch: int, old: Secret, new: Secret) -> None:
    """From now on *new* is the root of generation *epoch* + 1, and *old* is boxed under it."""
    await keys.rotate_root(Holder("community", community, epoch, old), new)


async def seal_root(
    community: CommunityId, epoch: int, root: Secret, to: Collection[PublicKey]
) -> None:
    """Hand the root of *epoch* to members."""
    await keys.seal_root(Target("community", community, epoch), root, to)


async def drop_seals(community: CommunityId, epoch: int, account: AccountId | None = None) -> None:
    """Take every generation up to *epoch* back from *account*, or from everybody."""
    await keys.drop_seals(Target("community", community, epoch), account)


def sealed_for(community: CommunityId, epoch: int, root: Secret, to: PublicKey) -> bytes:
    """The root as an invitation carries it."""
    return keys.sealed(Target("community", community, epoch), root, to)


async def open_carried(
    actor: Actor, community: CommunityId, epoch: int, carried: bytes
) -> Secret | None:
    """The root in an invitation to the actor; None when it is not the community's root."""
    try:
        root = keys.opened(Target("community", community, epoch), carried, Holder.of(actor))
        await keys.check_own_key(Holder("community", community, epoch, root))
    except vault.Tampered:
        log.critical("invitation does not open the community's root: community %s", community)
        return None
    return root


async def forget(community: CommunityId) -> None:
    """Delete every key of the community: what was boxed under them stays noise."""
    await keys.delete_principal("community", community)
