"""
Roots under what a passkey computes (WebAuthn, extension PRF).

The browser derives 32 bytes from the authenticator's answer and sends those; what the authenticator
said itself never leaves it.  They are as strong as a root, so nothing slow is needed.
"""

from uuid import UUID, uuid4

from portal import vault
from portal.core.actor import Secret
from portal.core.db import transaction
from portal.keys.custody import custody, pepper_key
from portal.keys.guards import close_outer, guard_of, open_outer
from portal.keys.holders import Holder
from portal.keys.models import PasskeyWrap
from portal.keys.wraps import must_still_open


async def keep_passkey(holder: Holder, credential: bytes, secret: Secret) -> None:
    """
    Put the root of *holder* under the *secret* of a passkey; replaces the wrap before.

    Raises `Conflict` when the root was replaced meanwhile, and `vault.Tampered` like `guard_of`.
    """
    row, mark, pepper_id = uuid4(), _mark(credential), custody().files.pepper_id
    context = _context(holder.id, holder.epoch, credential)
    inner = vault.box_secret(_key(secret), holder.root, context)
    async with transaction():
        await must_still_open(holder.id, holder.epoch, None)
        guard = await guard_of(holder.id)
        await PasskeyWrap.filter(mark=mark, principal=holder.id).delete()
        await PasskeyWrap.create(
            id=row,
            principal=holder.id,
            epoch=holder.epoch,
            mark=mark,
            pepper_id=pepper_id,
            guard=guard,
            box=close_outer(row, pepper_id, guard, inner),
        )


async def unwrap_by_passkey(principal: UUID, credential: bytes, secret: Secret) -> Secret | None:
    """
    The root of *principal* under a passkey, or None: no such wrap, or *secret* is another one's.

    Others may claim the same credential; what they keep for it is never looked at.
    """
    row = await PasskeyWrap.get_or_none(mark=_mark(credential), principal=principal)
    if row is None:
        return None
    try:
        box = open_outer(row)
        context = _context(row.principal, row.epoch, credential)
        return vault.unbox_secret(_key(secret), box, context)
    except vault.Tampered:
        return None


async def drop_passkey(principal: UUID, credential: bytes) -> None:
    """Forget the wrap of one passkey; it opens nothing from the commit on."""
    async with transaction():
        await PasskeyWrap.filter(mark=_mark(credential), principal=principal).delete()


async def drop_passkeys(principal: UUID) -> None:
    """Forget all of them, for example because the root is a new one."""
    async with transaction():
        await PasskeyWrap.filter(principal=principal).delete()


def _key(secret: Secret) -> Secret:
    return vault.sub_key(secret, "passkey")


def _context(principal: UUID, epoch: int, credential: bytes) -> bytes:
    return vault.contexts.root_wrap("passkey", "user", principal, epoch, credential)


def _mark(credential: bytes) -> str:
    return vault.mac(pepper_key("passkey"), vault.ctx("credential", credential)).hex()
