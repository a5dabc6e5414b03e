"""
Where somebody is signed in, in words for them alone.

Nothing is looked up anywhere: a place is the network that a session began in, told apart from the
reader's own and named by the digits that all its machines share.
"""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network
from typing import Final

from portal import keys
from portal.accounts.factors.devices import About, Visit
from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.core.language import N_, gettext, show_time

HERE: Final = N_("Signed in on %(moment)s from this network")
ELSEWHERE: Final = N_("Signed in on %(moment)s from another network: %(network)s")
SOMEWHERE: Final = N_("Signed in on %(moment)s")
UNKNOWN: Final = N_("Unknown device")


@dataclass(frozen=True, slots=True)
class Listed:
    """One session as a page shows it."""

    id: str
    device: str = field(repr=False)
    began: str = field(repr=False)
    """When and where; empty when that is not known."""
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
        began="" if about is None else _began(about, visit),
        last_use=session.last_use.replace(second=0, microsecond=0),
        this=session.id == actor.session,
    )


def _began(about: About, visit: Visit) -> str:
    moment, network = show_time(about.started), _digits(about.network)
    if about.network == visit.network:
        return gettext(HERE, moment=moment)
    return gettext(ELSEWHERE if network else SOMEWHERE, moment=moment, network=network)


def _digits(network: str) -> str:
    """What the addresses of a /24 or /48 have in common; empty for none of those."""
    try:
        shared = ip_network(network)
    except ValueError:
        return ""
    if shared.version == 4:  # noqa: PLR2004 -- IPv4
        return ".".join(str(shared.network_address).split(".")[:3]) + ".…"
    return ":".join(part.lstrip("0") or "0" for part in shared.exploded.split(":")[:3]) + ":…"
