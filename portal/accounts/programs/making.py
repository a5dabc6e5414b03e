"""Making a token: with a proof of its own, and never unnoticed."""

from portal import keys
from portal.accounts.factors import telling
from portal.accounts.factors.stepping_up import use_up
from portal.accounts.programs.forms import NewToken
from portal.core.actor import Actor
from portal.core.db import transaction


async def make(actor: Actor, wanted: NewToken) -> str:
    """
    A token for a program of *actor*'s, for the only time; its owner is told by mail.

    Like every way into an account it takes a proof that has let nothing else be made.  Raises
    `StepUpNeeded`, `keys.TooManyTokens` and `Conflict`.
    """
    async with transaction():
        await use_up(actor)
        token = await keys.make_token(actor, wanted.label, wanted.scopes, wanted.until)
        await telling.tell(actor.id, "token_made")
    return token
