"""
Who says that they are somebody shows it: a second step, or the same again before what matters.

Every proof uses something up (a challenge, a 30-second step, a recovery code), and of two requests
with the same one only one gets on: the account's document is changed by compare and set.
"""

import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from portal import keys, vault
from portal.accounts import guessing
from portal.accounts.factors import (
    authenticator,
    challenges,
    document,
    passkeys,
    recovery_codes,
    telling,
)
from portal.accounts.factors.contents import Factors
from portal.accounts.factors.errors import (
    FactorWanted,
    PasskeyCopied,
    PasskeyRefused,
    PassRests,
    WrongProof,
)
from portal.accounts.factors.passkeys import Answer, Site
from portal.accounts.passwords import fold
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Conflict
from portal.core.language import show_time

LONGEST: Final = 400
RACES: Final = 3
PASS_RESTS: Final = timedelta(hours=72)
"""
After the Pass has set the password it is no second step for so long.

Who stole it alone is not let in at once, and the owner, told by mail that the password was changed,
has as long as in a reset to make a new Pass.
"""

Use = Callable[[Factors], Factors]


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody shows; one of the three."""

    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    """From the app, from the list of recovery codes, or from the Pass."""
    answer: Answer | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """From the fields `proof_password`, `proof_code` or `credential` with `secret`."""
        credential = str(data.get("credential", ""))
        answer = Answer.parse(credential, str(data.get("secret", ""))) if credential else None
        return cls(
            str(data.get("proof_password", ""))[:LONGEST],
            str(data.get("proof_code", ""))[:LONGEST],
            answer,
        )


async def second_step(owner: Actor, proof: Proof, site: Site) -> None:
    """
    Return when *proof* is a second factor of *owner*.

    Raises `WrongProof`, `PasskeyRefused`, `ChallengeOver`, `TooManyTries`, `Stopped`,
    `SignInNeeded` when the root was replaced meanwhile, and `vault.Tampered` when somebody edited
    the account's factors.
    """
    async with guessing.counted(guessing.STEPS, owner.id):
        if proof.answer is not None:
            await by_passkey(owner, proof.answer, site, "second")
        else:
            await _by_code(owner, proof.code)


async def again(actor: Actor, proof: Proof, site: Site) -> None:
    """
    Return when *proof* shows that *actor* is still who signed in: password, passkey or code.

    The password is enough where there is no second factor to show; else raises `FactorWanted`,
    which is no guess.  Raises like `second_step`.
    """
    async with guessing.counted(guessing.PROOFS, actor.id):
        if proof.answer is not None:
            await by_passkey(actor, proof.answer, site, "again")
        elif proof.password:
            if (await document.read(actor)).present:
                raise FactorWanted
            await _by_wrap("password", actor, fold(proof.password))
        else:
            await _by_code(actor, proof.code)


async def by_passkey(owner: Actor, answer: Answer, site: Site, purpose: str) -> None:
    """
    Return when a passkey of *owner* gave *answer*; its wrap is made when it was lacking.

    Raises `ChallengeOver`, `PasskeyRefused`, and `PasskeyCopied`, of which the owner hears.
    """
    await challenges.take(answer.challenge, purpose, owner.session)
    if answer.owner not in {None, owner.id.bytes}:
        raise PasskeyRefused
    try:
        await _use_up(owner, lambda factors: passkeys.use(site, factors, answer))
    except PasskeyCopied:
        await _warn_of_copy(owner, answer)
        raise
    await passkeys.keep_secret(owner, answer)


async def _warn_of_copy(owner: Actor, answer: Answer) -> None:
    """Once for each passkey; of two at the same moment one is enough."""
    found = await document.read(owner)
    known = found.passkey(answer.id)
    if known is None or known.copied is not None:
        return
    with suppress(Conflict):
        async with transaction():
            await document.change(owner, found.with_passkey(replace(known, copied=now())))
            await telling.tell(owner.id, "passkey_copied")


async def _by_code(owner: Actor, typed: str) -> None:
    if not typed:
        raise WrongProof
    if authenticator.looks_like_one(typed):
        await _use_up(owner, lambda factors: authenticator.use(factors, typed))
    elif vault.check_pass_code(typed):
        await _by_pass(owner, typed)
        await _tell(owner, "pass_used")
    else:
        await _use_up(owner, lambda factors: recovery_codes.use(owner, factors, typed))
        await _tell(owner, "code_used")


async def _tell(owner: Actor, what: telling.What) -> None:
    async with transaction():
        await telling.tell(owner.id, what)


async def _by_pass(owner: Actor, typed: str) -> None:
    """The Pass is the last way in for somebody whose phone is gone; it uses nothing up."""
    until = await _pass_rests_until(owner)
    if now() < until:
        raise PassRests(until=show_time(until))
    await _by_wrap("code", owner, typed)


async def pass_has_rested(owner: Actor) -> bool:
    """Whether the Pass has set no password in the last three days."""
    return now() >= await _pass_rests_until(owner)


async def _pass_rests_until(owner: Actor) -> datetime:
    set_at = (await document.read(owner)).by_pass
    return now() if set_at is None else set_at + PASS_RESTS


async def _use_up(owner: Actor, use: Use) -> None:
    for _ in range(RACES):
        try:
            await document.change(owner, use(await document.read(owner)))
        except Conflict:
            continue
        return
    raise Conflict


async def _by_wrap(how: keys.TypedHow, owner: Actor, typed: str) -> None:
    found = await keys.unwrap_root(how, "user", owner.id, typed, asker=owner.id)
    if found is None or not hmac.compare_digest(found.root.reveal(), owner.root.reveal()):
        raise WrongProof
