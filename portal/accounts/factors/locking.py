"""
The lock of a page: the session ends, and a new one in its place lets the page go on.

While it is locked, a half session in the browser says that the second factor was shown before, so
the password is enough until that session would have ended anyway.  It opens nothing.
"""

import hmac
from dataclasses import dataclass, field
from uuid import UUID

from portal import keys
from portal.accounts import guessing
from portal.accounts.errors import WrongPassword
from portal.accounts.factors import document, entering, proofs
from portal.accounts.factors.devices import Visit
from portal.accounts.factors.entering import Policy, SignedIn
from portal.accounts.factors.errors import HalfOver
from portal.accounts.factors.passkeys import Site
from portal.accounts.factors.proofs import Proof
from portal.accounts.models import Account
from portal.accounts.passwords import fold
from portal.accounts.unverified import UNVERIFIED
from portal.core.actor import AccountId, Actor
from portal.core.errors import Conflict, SignInNeeded


@dataclass(frozen=True, slots=True)
class Locked:
    """A page that somebody wants to see again."""

    account: AccountId
    """Whose page it is."""
    half: keys.Half | None = field(repr=False)
    """What the browser holds besides: locked by us, or half-way in."""


async def lock(actor: Actor) -> str:
    """
    End the session in use; the cookie that makes unlocking simple until it would have ended.

    Raises `SignInNeeded` when it was ended meanwhile.
    """
    own = await keys.sessions_of(actor)
    until = next((each.until for each in own if each.id == actor.session), None)
    if until is None:
        raise SignInNeeded
    return await keys.start_locked(actor, until)


async def unlock(
    locked: Locked, proof: Proof, visit: Visit, site: Site, policy: Policy
) -> SignedIn:
    """
    A session for the person whose page it is, or the half-way state when the factor is due.

    Raises `WrongPassword`, `TooManyTries`, `Stopped`, `HalfOver` and like `proofs.second_step`.
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
    half = locked.half
    account = await Account.get_or_none(id=locked.account, state__in=("active", UNVERIFIED))
    if half is None or account is None:
        return await _as_a_stranger(locked.account, account, typed, visit, policy)
    async with guessing.counted(guessing.PROOFS, account.id):
        found = await _opened(account, typed, asker=account.id)
        if found is None:
            raise WrongPassword
    if hmac.compare_digest(half.actor.root.reveal(), found.root.reveal()):
        proved = not (await document.read(half.actor)).present
        return await entering.finish(half, visit, half.until, proved=proved)
    return await _after_password(account, found, visit, policy)


async def _as_a_stranger(
    about: AccountId, account: Account | None, typed: str, visit: Visit, policy: Policy
) -> SignedIn:
    """Anybody may say whose page it is: then this is signing in, and counts as that."""
    mark = None if account is None else account.mail_mark or account.waiting_mark
    guess = await guessing.from_outside(mark or str(about), visit)
    try:
        found = await _opened(account, typed, asker=None)
    except Exception:
        await guess.not_made()
        raise
    if account is None or found is None:
        await guess.wrong()
        raise WrongPassword
    await guess.right(owner=account.mail_mark is not None)
    return await _after_password(account, found, visit, policy)


async def _opened(account: Account | None, typed: str, *, asker: UUID | None) -> keys.Found | None:
    """The root and the wrap that gave it; the same work for nobody's account."""
    known = None if account is None else account.id
    return await keys.unwrap_root("password", "user", known, fold(typed), asker=asker)


async def _after_password(
    account: Account, found: keys.Found, visit: Visit, policy: Policy
) -> SignedIn:
    try:
        return await entering.after_password(
            account, found.root, visit, policy, opened_by=found.wrap
        )
    except Conflict:  # the password was changed while this one was tried
        raise WrongPassword from None
