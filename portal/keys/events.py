"""What this room announces."""

from dataclasses import dataclass

from portal.core.actor import AccountId


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """These sessions of an account are over; their sockets must close."""

    account: AccountId
    sessions: frozenset[bytes]
    """Hashes of their ids, as in `Actor.session`."""
