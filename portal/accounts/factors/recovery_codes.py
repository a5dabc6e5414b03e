"""
Ten codes on paper, for the day the phone is lost.  Each works once.

A code has 50 random bits (ten Crockford characters).  What is kept is its HMAC under a key of the
account's root, inside the account's document: nothing to guess against without the password, and
at the door one guess in 10^14 is right, of which the throttle takes a handful a minute at first
and four an hour later.
"""

from dataclasses import replace
from typing import Final

from portal import vault
from portal.accounts.factors.contents import Factors
from portal.accounts.factors.errors import WrongProof
from portal.core.actor import Actor

COUNT: Final = 10
GROUP: Final = 5


def issue(owner: Actor, factors: Factors) -> tuple[Factors, list[str]]:
    """Ten new codes, to be shown this once; those before work no more."""
    codes = [vault.share_password() for _ in range(COUNT)]
    kept = tuple(_digest(owner, code) for code in codes)
    return replace(factors, recovery=kept), [_spelled(code) for code in codes]


def use(owner: Actor, factors: Factors, typed: str) -> Factors:
    """Without the code *typed*.  Raises `WrongProof` when it is none of those left."""
    digest = _digest(owner, typed)
    if digest not in factors.recovery:
        raise WrongProof
    return replace(factors, recovery=tuple(each for each in factors.recovery if each != digest))


def _digest(owner: Actor, code: str) -> str:
    key = vault.sub_key(owner.root, "recovery")
    return vault.mac(key, vault.ctx("recovery", owner.id, vault.fold_code(code))).hex()


def _spelled(code: str) -> str:
    plain = vault.fold_code(code)
    return "-".join(plain[at : at + GROUP] for at in range(0, len(plain), GROUP))
