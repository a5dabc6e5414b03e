"""Where somebody is signed in, in words for them alone; nothing is looked up anywhere."""

from dataclasses import dataclass, field
from datetime import datetime

from portal import keys
from portal.accounts.factors.devices import About, Visit
from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.core.language import N_, gettext

SAME = N_("This network")
OTHER = N_("Another network")
UNKNOWN = N_("Unknown device")


@dataclass(frozen=True, slots=True)
class Listed:
    """One session as a page shows it."""

    id: str
    device: str = field(repr=False)
    network: str
    started: datetime | None
    last_use: datetime
    this: bool
    """The one that asks."""


async def listed(actor: Actor, visit: Visit) -> list[Listed]:
    """Every session of the actor's account, this one first, then the last used."""
    found = [_shown(each, actor, visit) for each in await keys.sessions_of(actor)]
    return sorted(found, key=lambda each: not each.this)


async def end(actor: Actor, session: str) -> None:
    """End one of the actor's sessions.  Raises `Unknown` when there is none like that."""
    try:
        named = bytes.fromhex(session)
    except ValueError:
        raise Unknown from None
    if not await keys.end_own_session(actor, named):
        raise Unknown


def _shown(session: keys.OwnSession, actor: Actor, visit: Visit) -> Listed:
    about = About.unpack(session.note)
    return Listed(
        id=session.id.hex(),
        device=gettext(UNKNOWN) if about is None else about.words(),
        network="" if about is None else gettext(SAME if about.network == visit.network else OTHER),
        started=None if about is None else about.started,
        last_use=session.last_use.replace(second=0, microsecond=0),
        this=session.id == actor.session,
    )
