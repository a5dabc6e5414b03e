"""
A new root for a person whose old one may be in wrong hands: everything it opened moves under it.

Nothing leads from the old root to the new one: whoever has an old password, an old code and an old
copy of the database opens what that copy holds, and nothing that is written afterwards.
"""

import asyncio
from typing import Final
from uuid import UUID

from portal import vault
from portal.core.actor import Actor
from portal.core.db import transaction
from portal.keys.holders import Holder, PublicKey, Target
from portal.keys.models import HumanWrap, LocalKey, PasskeyWrap, Seal
from portal.keys.principals import FIRST_EPOCH, replace_root
from portal.keys.seals import blind_key, keep_study_key, opened, sealed
from portal.keys.sessions import end_sessions
from portal.keys.tokens import end_tokens
from portal.keys.wraps import Wrap, keep_wrap, must_still_open

AT_ONCE: Final = 200
"""Rows that are rewritten by one statement."""


async def renew_root(
    actor: Actor, after: Holder, wraps: list[Wrap], *, opened_by: UUID | None = None
) -> PublicKey:
    """
    Make *after* the actor's root, reached by *wraps* and by nothing else; joins the transaction.

    Study keys and whatever was sealed to the actor are handed on; every session ends, the actor's
    own, too, and every token.  Raises `Conflict` when somebody was faster or replaced *opened_by*,
    the wrap that let the actor do so, and `vault.Tampered` when a row of the actor's does not open:
    then nothing at all is changed.
    """
    before = Holder.of(actor)
    async with transaction():
        if actor.epoch == FIRST_EPOCH:
            await keep_study_key(actor, actor.id, await blind_key(actor))
        await must_still_open(actor.id, actor.epoch, opened_by)
        public = await replace_root(before, after)
        for wrap in wraps:
            await keep_wrap(wrap)  # before the others go: it takes over what they are bound to
        await HumanWrap.filter(principal=after.id, epoch__lt=after.epoch).delete()
        await PasskeyWrap.filter(principal=after.id).delete()
        await _study_keys(before, after)
        await _seals(before, after, public)
        await end_sessions(actor.id)
        await end_tokens(actor.id)
        return public


async def _study_keys(before: Holder, after: Holder) -> None:
    rows = await LocalKey.filter(owner=before.id, owner_epoch=before.epoch)
    old, new = vault.sub_key(before.root, "deks"), vault.sub_key(after.root, "deks")

    def move() -> None:
        for row in rows:
            was = vault.contexts.dek(row.study, "user", before.id, before.epoch)
            key = vault.unbox_secret(old, row.box, was)
            row.owner_epoch = after.epoch
            will = vault.contexts.dek(row.study, "user", after.id, after.epoch)
            row.box = vault.box_secret(new, key, will)

    await asyncio.to_thread(move)
    if rows:
        await LocalKey.bulk_update(rows, ["owner_epoch", "box"], batch_size=AT_ONCE)


async def _seals(before: Holder, after: Holder, public: PublicKey) -> None:
    rows = await Seal.filter(holder=before.id, holder_epoch=before.epoch)

    def move() -> None:
        for row in rows:
            target = Target(row.target_kind, row.target, row.target_epoch)  # type: ignore[arg-type]
            secret = opened(target, row.box, before)
            row.holder_epoch = after.epoch
            row.box = sealed(target, secret, public)

    await asyncio.to_thread(move)
    if rows:
        await Seal.bulk_update(rows, ["holder_epoch", "box"], batch_size=AT_ONCE)
