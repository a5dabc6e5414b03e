"""Principals and their public keys: who owns a pair, vouched for by a key outside the database."""

import logging
from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from tortoise.expressions import F

from portal import vault
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import transaction
from portal.core.errors import Conflict, SignInNeeded, Unknown
from portal.keys.custody import custody
from portal.keys.guards import guard_mark
from portal.keys.holders import Holder, PrincipalKind, PublicKey
from portal.keys.models import Principal, PrincipalKey

log = logging.getLogger(__name__)

FIRST_EPOCH = 1


async def create_principal(principal: UUID, kind: PrincipalKind, root: Secret) -> PublicKey:
    """Make *principal* the owner of *root*, generation 1; joins the caller's transaction."""
    holder = Holder(kind, principal, FIRST_EPOCH, root)
    async with transaction():
        mark = guard_mark(principal, 0) if kind == "user" else None
        await Principal.create(id=principal, kind=kind, epoch=FIRST_EPOCH, mark=mark)
        return await _publish(holder, chain_box=None)


async def public_key(kind: PrincipalKind, principal: UUID, epoch: int | None = None) -> PublicKey:
    """
    The public key of a principal, of today or of generation *epoch*.

    Raises `Unknown`, and `vault.Tampered` when the directory did not sign this very key.
    """
    if epoch is None:
        row = await Principal.get_or_none(id=principal, kind=kind)
        if row is None:
            raise Unknown
        epoch = row.epoch
    key = await PrincipalKey.get_or_none(principal=principal, epoch=epoch)
    if key is None:
        raise Unknown
    return _verified(kind, key)


async def public_keys(kind: PrincipalKind, principals: Iterable[UUID]) -> dict[UUID, PublicKey]:
    """Today's public keys; who has none, or only one that nobody vouches for, is left out."""
    wanted = list(principals)
    epochs = dict(await Principal.filter(id__in=wanted, kind=kind).values_list("id", "epoch"))
    found: dict[UUID, PublicKey] = {}
    for row in await PrincipalKey.filter(principal__in=wanted):
        if epochs.get(row.principal) == row.epoch:
            try:
                found[row.principal] = _verified(kind, row)
            except vault.Tampered:
                continue  # reported already; a forged key gets nothing
    return found


async def check_own_key(holder: Holder) -> None:
    """
    Compare the directory's key with the one that *holder*'s root gives.

    Raises `vault.Tampered` when they differ: somebody exchanged it, and others would seal to them.
    """
    row = await PrincipalKey.get_or_none(principal=holder.id, epoch=holder.epoch)
    must_be_published(holder, row)


def must_be_published(holder: Holder, row: PrincipalKey | None) -> None:
    """The same for the directory's *row* of that generation; none is as bad as a wrong one."""
    if row is None or _verified(holder.kind, row).pk != holder.pair().public:
        log.critical("public key exchanged: %s %s", holder.kind, holder.id)
        raise vault.Tampered


async def rotate_root(current: Holder, new_root: Secret) -> PublicKey:
    """
    Give a community its next generation and box the present root under it.

    Raises `Conflict` when somebody else was first.  The caller holds the community's row lock,
    seals *new_root* to those who stay, and drops the seals of the generation before.
    """
    following = Holder(current.kind, current.id, current.epoch + 1, new_root)
    context = vault.contexts.chain(following.id, following.epoch)
    chained = vault.box_secret(vault.sub_key(new_root, "chain"), current.root, context)
    async with transaction():
        today = Principal.filter(id=current.id, kind=current.kind, epoch=current.epoch)
        if not await today.update(epoch=following.epoch):
            raise Conflict
        return await _publish(following, chain_box=chained)


async def hold(actor: Actor) -> None:
    """
    Until the surrounding transaction ends nobody replaces the actor's root or deletes the account.

    For whoever writes something that only the root of today opens.  Raises `SignInNeeded` when the
    root was replaced since the actor was recognised.
    """
    today = Principal.filter(id=actor.id, kind="user", epoch=actor.epoch)
    if not await today.update(epoch=actor.epoch):
        raise SignInNeeded


async def hold_user(account: AccountId) -> PublicKey:
    """
    Today's public key of an account; until the surrounding transaction ends nobody replaces it.

    For whoever seals something to somebody who is not there.  Raises `Unknown` when the account
    has ended, and `vault.Tampered` when nobody vouches for the key.
    """
    today = Principal.filter(id=account, kind="user", epoch__gte=FIRST_EPOCH)
    if not await today.update(epoch=F("epoch")):
        raise Unknown
    return await public_key("user", account)


async def replace_root(before: Holder, after: Holder) -> PublicKey:
    """
    Give a person a new root; joins the caller's transaction.

    Nothing leads from the old root to the new one.  Raises `Conflict` when somebody was faster.
    """
    async with transaction():
        today = Principal.filter(id=before.id, kind=before.kind, epoch=before.epoch)
        if not await today.update(epoch=after.epoch):
            raise Conflict
        await PrincipalKey.filter(principal=before.id, epoch=before.epoch).delete()
        return await _publish(after, chain_box=None)


async def open_chain(
    community: UUID, epoch: int, root: Secret, down_to: int = FIRST_EPOCH
) -> Mapping[int, Secret]:
    """
    The roots of all generations from *epoch* down to *down_to*, given the newest one.

    Raises `vault.Tampered` when a link is missing or does not open.
    """
    rows = PrincipalKey.filter(principal=community, epoch__gt=down_to, epoch__lte=epoch)
    return chained(
        community, epoch, root, dict(await rows.values_list("epoch", "chain_box")), down_to
    )


def chained(
    community: UUID, epoch: int, root: Secret, links: Mapping[int, bytes | None], down_to: int
) -> Mapping[int, Secret]:
    """The same with the links (generation to box) already fetched."""
    roots = {epoch: root}
    for number in range(epoch, down_to, -1):
        link = links.get(number)
        if link is None:
            raise vault.Tampered
        key = vault.sub_key(roots[number], "chain")
        context = vault.contexts.chain(community, number)
        roots[number - 1] = vault.unbox_secret(key, link, context)
    return roots


async def _publish(holder: Holder, *, chain_box: bytes | None) -> PublicKey:
    public = holder.public()
    signature = custody().files.directory.sign(
        "dir", holder.kind, holder.id, holder.epoch, public.pk
    )
    await PrincipalKey.create(
        id=uuid4(),
        principal=holder.id,
        epoch=holder.epoch,
        public=public.pk,
        dir_sig=signature,
        chain_box=chain_box,
    )
    return public


def _verified(kind: PrincipalKind, row: PrincipalKey) -> PublicKey:
    directory = custody().files.directory.public
    try:
        vault.verify(directory, row.dir_sig, "dir", kind, row.principal, row.epoch, row.public)
    except vault.Tampered:
        log.critical("public key not vouched for: %s %s", kind, row.principal)
        raise
    fpr = vault.fingerprint(row.principal, row.epoch, row.public)
    return PublicKey(kind, row.principal, row.epoch, row.public, fpr)
