"""Which rooms are closed to an account whose address nobody has confirmed."""

from typing import Final

from quart import g, request

from portal import accounts
from portal.core.actor import Actor

BEFORE_ACTIVATION: Final = frozenset(
    {
        *("static", "pages", "accounts", "factors", "recovery", "keeping"),
        *("programs", "api", "dicomweb", "studies", "documents", "reports", "records", "viewer"),
        *("exporting", "auditing", "mailing", "notices"),
    }
)


async def activated_first() -> None:
    """What touches other people waits until an account is activated (Q-02)."""
    actor: Actor | None = g.get("actor")
    room = (request.endpoint or "static").partition(".")[0]
    if actor is not None and room not in BEFORE_ACTIVATION:
        await accounts.must_be_activated(actor)
