"""Handing keys to somebody absent, and opening what was handed over."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID, uuid4

from tortoise.queryset import QuerySet

from portal import vault
from portal.core.actor import Actor, Secret
from portal.core.db import transaction
from portal.core.errors import SignInNeeded
from portal.keys.holders import Holder, PrincipalKind, PublicKey, Target, TargetKind
from portal.keys.models import LocalKey, Seal
from portal.keys.principals import FIRST_EPOCH, hold, public_key

AT_ONCE: Final = 500
"""Keys that are read, and opened beside the event loop, in one go."""


def sealed(target: Target, secret: Secret, to: PublicKey) -> bytes:
    """The seal that hands *secret* to the owner of *to*, for a row of the caller's own."""
    return vault.seal(to.pk, secret, _info(target, to.kind, to.id, to.epoch, to.fpr))


def opened(target: Target, seal: bytes, holder: Holder) -> Secret:
    """What `sealed` sealed.  Raises `vault.Tampered`."""
    pair = holder.pair()
    fpr = vault.fingerprint(holder.id, holder.epoch, pair.public)
    return vault.unseal(pair, seal, _info(target, holder.kind, holder.id, holder.epoch, fpr))


async def seal_root(target: Target, root: Secret, to: Collection[PublicKey]) -> None:
    """
    Hand the root of *target* to everybody in *to*; a seal that is there is replaced.

    For a community inside the transaction that holds its row lock, so that nobody is handed a
    generation that is already over.
    """
    made = await asyncio.to_thread(lambda: [sealed(target, root, each) for each in to])
    rows = [_row(target, each, box) for each, box in zip(to, made, strict=True)]
    async with transaction():
        await Seal.bulk_create(rows, on_conflict=UNIQUE, update_fields=["box"])


async def drop_seals(target: Target, holder: UUID | None = None) -> None:
    """Take *target* back from *holder*, or from everybody; of a root, every generation so far."""
    rows = Seal.filter(target=target.id, target_kind=target.kind)
    rows = rows.filter(target_epoch__lte=target.epoch)
    await (rows if holder is None else rows.filter(holder=holder)).delete()


async def handed(kind: TargetKind, targets: Collection[UUID]) -> dict[UUID, set[tuple[UUID, int]]]:
    """Who was handed which generation of each: pairs of holder and generation."""
    found: dict[UUID, set[tuple[UUID, int]]] = {each: set() for each in targets}
    rows = Seal.filter(target_kind=kind, target__in=list(targets))
    for target, holder, epoch in await rows.values_list("target", "holder", "target_epoch"):
        found[target].add((holder, epoch))
    return found


async def seal_study_key(study: UUID, key: Secret, to: tuple[PrincipalKind, UUID]) -> None:
    """
    Hand a study's key to a principal under its public key of today.

    For a community inside the transaction that holds its row lock.  Raises `Unknown`, and
    `vault.Tampered` when nobody vouches for the public key.
    """
    await seal_root(Target("study", study), key, [await public_key(*to)])


async def unseal_study_key(
    study: UUID, holder: tuple[PrincipalKind, UUID], roots: Mapping[int, Secret]
) -> Secret | None:
    """The key of *study* that was handed to *holder*, whose *roots* (by generation) are known."""
    return (await unseal_study_keys([study], holder, roots)).get(study)


async def unseal_study_keys(
    studies: Iterable[UUID], holder: tuple[PrincipalKind, UUID], roots: Mapping[int, Secret]
) -> dict[UUID, Secret]:
    """
    The same for several; those that were not handed over are left out, and so are those whose seal
    somebody exchanged: one row must not close a list.
    """
    kind, owner = holder
    rows = await Seal.filter(
        target__in=list(studies),
        target_kind="study",
        holder=owner,
        holder_kind=kind,
        holder_epoch__in=list(roots),
    )
    newest = {row.target: row for row in sorted(rows, key=lambda row: row.holder_epoch)}
    found = {}
    for study, row in newest.items():
        as_holder = Holder(kind, owner, row.holder_epoch, roots[row.holder_epoch])
        try:
            found[study] = opened(Target("study", study), row.box, as_holder)
        except vault.Tampered:
            vault.report("key of a study does not open: row", row.id)
    return found


async def keep_study_key(actor: Actor, study: UUID, key: Secret) -> None:
    """
    Put a study's key into the actor's own keeping; joins the caller's transaction.

    Raises `SignInNeeded` when the actor's root was replaced meanwhile.
    """
    context = vault.contexts.dek(study, "user", actor.id, actor.epoch)
    row = LocalKey(
        id=uuid4(),
        study=study,
        owner=actor.id,
        owner_epoch=actor.epoch,
        box=vault.box_secret(vault.sub_key(actor.root, "deks"), key, context),
    )
    async with transaction():
        await hold(actor)
        await LocalKey.bulk_create(
            [row], on_conflict=["study", "owner"], update_fields=["owner_epoch", "box"]
        )


async def open_study_key(actor: Actor, study: UUID) -> Secret | None:
    """The key of *study* in the actor's own keeping, or None.  Raises `vault.Tampered`."""
    rows = await _local_keys(actor, [study])
    if not rows:
        return None
    return _open_local(actor, _local_root(actor), rows[0].study, rows[0].box)


async def open_study_keys(
    actor: Actor, studies: Iterable[UUID], damaged: set[UUID] | None = None
) -> dict[UUID, Secret]:
    """
    The same for several; those that the actor does not keep are left out.

    So are those whose box somebody exchanged: they are reported, and added to *damaged*.
    """
    wanted, root, found = list(studies), _local_root(actor), dict[UUID, Secret]()
    for start in range(0, len(wanted), AT_ONCE):  # a list may have thousands
        mine = _local_keys(actor, wanted[start : start + AT_ONCE])
        rows = await mine.values_list("id", "study", "box")
        found |= await asyncio.to_thread(_open_all, actor, root, rows, damaged)
    return found


def _open_all(
    actor: Actor, root: Secret, rows: Iterable[Any], damaged: set[UUID] | None
) -> dict[UUID, Secret]:
    found = {}
    for row, study, box in rows:
        try:
            found[study] = _open_local(actor, root, study, box)
        except vault.Tampered:
            vault.report("key of a study does not open: row", row)
            if damaged is not None:
                damaged.add(study)
    return found


def _local_keys(actor: Actor, studies: Iterable[UUID]) -> QuerySet[LocalKey]:
    mine = LocalKey.filter(owner=actor.id, owner_epoch=actor.epoch)
    return mine.filter(study__in=list(studies))


def _local_root(actor: Actor) -> Secret:
    return vault.sub_key(actor.root, "deks")


def _open_local(actor: Actor, root: Secret, study: UUID, box: bytes) -> Secret:
    context = vault.contexts.dek(study, "user", actor.id, actor.epoch)
    return vault.unbox_secret(root, box, context)


async def blind_key(actor: Actor) -> Secret:
    """
    The key of the actor's marks, by which equal things of one account find each other.

    It outlives the root it was derived from: otherwise nothing that is stored would be recognised
    after the account was secured.  Then it lies beside the study keys, under the account's own id.
    Raises `SignInNeeded` when the root was replaced since the actor was recognised.
    """
    if actor.epoch == FIRST_EPOCH:
        return vault.sub_key(actor.root, "blind")
    kept = await open_study_key(actor, actor.id)
    if kept is None:
        raise SignInNeeded
    return kept


async def drop_study_keys(study: UUID) -> None:
    """Delete every key to *study* that anybody has: from the commit on nobody opens it."""
    async with transaction():
        await LocalKey.filter(study=study).delete()
        await drop_seals(Target("study", study))


UNIQUE = ("target", "target_kind", "target_epoch", "holder", "holder_epoch")


def _row(target: Target, to: PublicKey, box: bytes) -> Seal:
    return Seal(
        id=uuid4(),
        target_kind=target.kind,
        target=target.id,
        target_epoch=target.epoch,
        holder_kind=to.kind,
        holder=to.id,
        holder_epoch=to.epoch,
        box=box,
    )


def _info(target: Target, holder_kind: str, holder: UUID, holder_epoch: int, fpr: bytes) -> bytes:
    return vault.contexts.seal(
        target.kind, target.id, target.epoch, holder_kind, holder, holder_epoch, fpr
    )
