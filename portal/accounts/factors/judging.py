"""
New passwords of somebody who may have a second factor: fewer characters will do beside one.

That a password was judged so stands in the sealed document, so that the last factor stays until
there is a longer password.
"""

from collections.abc import Collection
from dataclasses import replace

from portal import keys
from portal.accounts import passwords
from portal.accounts.factors import document
from portal.accounts.factors.contents import Factors
from portal.core.actor import Actor
from portal.core.db import transaction


async def judge(
    actor: Actor, password: str, about: Collection[str], left: Factors | None = None
) -> Factors:
    """
    The factors as they are to be kept with the new *password*.

    *about*: as for `passwords.check`.  *left*: those that will be there, if not all of today's.
    Raises `WeakPassword`.
    """
    found = left or await document.read(actor)
    await passwords.check(password, actor.kind, about, second_factor=found.present)
    short = found.present and not await passwords.stands_alone(password, actor.kind, about)
    return replace(found, short=short, by_pass=None)


async def keep(actor: Actor, judged: Factors) -> None:
    """
    Note what was judged; joins the caller's transaction.  Raises like `document.change`.

    No passkey opens the account by itself until it was used beside the new password: whoever was
    in the account before may have made one.
    """
    async with transaction():
        await keys.drop_passkeys(actor.id)
        if judged.present:
            await document.change(actor, judged.shut())
