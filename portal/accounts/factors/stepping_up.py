"""
Asking again before what matters: who holds the mouse now need not be who signed in this morning.

When somebody proved last who they are stands in the session's note, under their root: it cannot be
written into the database.
"""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Final

from portal import keys, vault
from portal.accounts.factors import document
from portal.accounts.factors.devices import About, Visit
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Denied
from portal.core.language import N_

log = logging.getLogger(__name__)

LASTS: Final = timedelta(minutes=5)


class StepUpNeeded(Denied):
    """Prove again who you are, then repeat: the edge asks and repeats by itself."""

    code = "step_up"
    message = N_("Please confirm that it is you.")


async def step_up(actor: Actor) -> None:
    """Raise `StepUpNeeded` unless *actor* proved within five minutes who they are."""
    about = await about_of(actor)
    moment = now()
    if about is None or not moment - LASTS < about.confirmed <= moment:
        raise StepUpNeeded


async def step_up_by_factor(actor: Actor) -> None:
    """
    `step_up` for whoever has a second factor; for what asks for the password besides.

    Without it an open session and a password seen over a shoulder would change every secret.
    """
    if (await document.read(actor)).present:
        await step_up(actor)


async def note_proof(actor: Actor, visit: Visit) -> None:
    """Note that *actor* has just proved who they are."""
    about = await about_of(actor) or About.of(visit)
    await keys.keep_note(actor, replace(about, confirmed=now()).pack())


async def step_up_anew(actor: Actor) -> None:
    """`step_up` with a proof that has not let a way into the account be made yet."""
    await step_up(actor)
    about = await about_of(actor)
    if about is None or about.spent >= about.confirmed:
        raise StepUpNeeded


async def use_up(actor: Actor) -> None:
    """
    `step_up_anew`, and the proof is spent: each way into the account takes one of its own.

    Joins the caller's transaction: an act that fails has spent nothing.  Raises `StepUpNeeded`,
    and `Conflict` for the second of two at once.
    """
    await step_up_anew(actor)
    about = await about_of(actor)
    assert about is not None  # noqa: S101 -- step_up_anew() raised otherwise
    await keys.keep_note(actor, replace(about, spent=about.confirmed).pack())


async def about_of(actor: Actor) -> About | None:
    """What is known about the session in use; None when nothing is, or it is not ours."""
    try:
        return About.unpack(await keys.note_of(actor))
    except vault.Tampered:
        log.critical("note of a session does not open: account %s", actor.id)
        return None
