"""An account's own wishes: choosing, pausing, going on."""

from dataclasses import replace
from datetime import timedelta

from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction
from portal.notices import preferences, telling
from portal.notices.preferences import Preferences


async def wishes_of(actor: Actor) -> Preferences:
    """What the actor wishes to hear, where and when."""
    return await preferences.of(actor.id)


async def wish(actor: Actor, wishes: Preferences) -> None:
    """Replace the actor's wishes, but neither a pause nor a stop; what waits follows them."""
    async with transaction():
        before = await preferences.of(actor.id)
        kept = replace(wishes, paused_until=before.paused_until, mails_stopped=before.mails_stopped)
        await _keep(actor.id, kept)


async def pause(actor: Actor, hours: int) -> None:
    """Be told nothing by mail or push for some hours; none means: from now on again."""
    until = now() + timedelta(hours=hours) if hours else None
    async with transaction():
        wishes = replace(await preferences.of(actor.id), paused_until=until)
        await _keep(actor.id, wishes)


async def want_mails(actor: Actor) -> None:
    """Take back what the link in a mail did."""
    async with transaction():
        await _keep(actor.id, replace(await preferences.of(actor.id), mails_stopped=False))


async def _keep(account: AccountId, wishes: Preferences) -> None:
    await preferences.keep(account, wishes)
    await telling.plan_again(account, wishes)
