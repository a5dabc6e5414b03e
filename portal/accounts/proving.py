"""Whoever is signed in proves by the present password who they are, before what matters most."""

from dataclasses import dataclass, field
from uuid import UUID

from portal import keys
from portal.accounts import guessing, passwords
from portal.accounts.errors import WrongPassword
from portal.accounts.factors.stepping_up import step_up_by_factor
from portal.core.actor import Actor, Secret


@dataclass(frozen=True, slots=True)
class Proved:
    """What the present password opened."""

    root: Secret = field(repr=False)
    wrap: UUID
    """Which gave the root; what is written by its word holds only while it is not replaced."""


async def by_password(actor: Actor, present: str) -> Proved:
    """
    The actor's root, opened with the present password, beside the second factor if there is one.

    A session alone may be somebody else's hand on an open computer.  Raises `StepUpNeeded` before
    anything is counted, `WrongPassword`, `TooManyTries`, `Stopped`.
    """
    await step_up_by_factor(actor)
    async with guessing.counted(guessing.PROOFS, actor.id):
        found = await keys.unwrap_root(
            "password", "user", actor.id, passwords.fold(present), asker=actor.id
        )
        if found is None:
            raise WrongPassword
    return Proved(found.root, found.wrap)
