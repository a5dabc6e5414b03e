"""Asking for the present password again before something that cannot be taken back."""

from typing import Final

from portal import keys
from portal.accounts import passwords, throttles
from portal.accounts.errors import WrongPassword
from portal.core.actor import Actor, Secret

PROOFS: Final = throttles.Limit("present-password")


async def confirmed(actor: Actor, present: str) -> Secret:
    """
    The actor's root, opened with the present password.

    A session alone may be somebody else's hand on an open computer.  Raises `WrongPassword`,
    `TooManyTries`.
    """
    await throttles.count(PROOFS, str(actor.id))
    root = await keys.unwrap_root("password", "user", actor.id, passwords.fold(present))
    if root is None:
        raise WrongPassword
    await throttles.forget(PROOFS, str(actor.id))
    return root
