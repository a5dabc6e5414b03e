"""
The lock of a page: the session ends, and a new one in its place lets the page go on.

While it is locked, a half session in the browser says that the second factor was shown before, so
the password is enough until that session would have ended anyway.  It opens nothing.
"""

import hmac
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from portal import keys
from portal.accounts import throttles
from portal.accounts.errors import WrongPassword
from portal.accounts.factors import entering, proofs
from portal.accounts.factors.devices import Visit
from portal.accounts.factors.entering import Policy, SignedIn
from portal.accounts.factors.errors import HalfOver
from portal.accounts.factors.passkeys import Site
from portal.accounts.factors.proofs import Proof
from portal.accounts.models import Account
from portal.accounts.passwords import fold
from portal.accounts.unverified import UNVERIFIED
from portal.core.actor import AccountId, Actor
from portal.core.errors import Conflict

UNLOCKS: Final = throttles.Limit("unlock-account")


@dataclass(frozen=True, slots=True)
class Locked:
    """A page that somebody wants to see again."""

    account: AccountId
    """Whose page it is."""
    half: keys.Half | None = field(repr=False)
    """What the browser holds besides: locked by us, or half-way in."""


async def lock(actor: Actor) -> str:
    """End the session in use; the cookie that makes unlocking simple until it would have ended."""
    own = await keys.sessions_of(actor)
    until = next(each.until for each in own if each.id == actor.session)
    return await keys.start_locked(actor, until)


async def unlock(
    locked: Locked, proof: Proof, visit: Visit, site: Site, policy: Policy
) -> SignedIn:
    """
    A session for the person whose page it is, or the half-way state when the factor is due.

    Raises `WrongPassword`, `TooManyTries`, `HalfOver` and like `proofs.second_step`.
    """
    half = locked.half
    if half is not None and half.actor.id != locked.account:
        raise HalfOver
    if half is not None and half.stage == "second":
        return await entering.second_step(half, proof, visit, site)
    if proof.answer is not None:
        if half is None:
            raise HalfOver
        await proofs.second_step(half.actor, proof, site)
        return await entering.finish(half, visit)
    return await _by_password(locked, proof.password, visit, policy)


async def _by_password(locked: Locked, typed: str, visit: Visit, policy: Policy) -> SignedIn:
    await throttles.count(UNLOCKS, str(locked.account))
    account = await Account.get_or_none(id=locked.account, state__in=("active", UNVERIFIED))
    known = None if account is None else account.id
    wrap = await keys.wrap_of(known or uuid4(), "password")
    root = await keys.unwrap_root("password", "user", known, fold(typed))
    if account is None or root is None:
        raise WrongPassword
    await throttles.forget(UNLOCKS, str(locked.account))
    half = locked.half
    if half is not None and hmac.compare_digest(half.actor.root.reveal(), root.reveal()):
        return await entering.finish(half, visit, half.until)
    try:
        return await entering.after_password(account, root, visit, policy, opened_by=wrap)
    except Conflict:  # the password was changed while this one was tried
        raise WrongPassword from None
