"""Questions to authenticators: each is good once, for five minutes, for the browser that asked."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from portal import vault
from portal.accounts.factors.errors import ChallengeOver
from portal.accounts.factors.models import Challenge
from portal.core.db import now

LIFE: Final = timedelta(minutes=5)
CHALLENGE_BYTES: Final = 32


async def ask(purpose: str, asker: bytes) -> bytes:
    """A new challenge; *asker* names the session, half session or visit that may answer."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    await Challenge.create(
        digest=_digest(challenge), bound=_bound(purpose, asker), expires_at=now() + LIFE
    )
    return challenge


async def take(challenge: bytes, purpose: str, asker: bytes) -> None:
    """Use a challenge up.  `ChallengeOver` when it was used, is too old or another browser's."""
    asked = Challenge.filter(
        digest=_digest(challenge), bound=_bound(purpose, asker), expires_at__gt=now()
    )
    if not await asked.delete():
        raise ChallengeOver


async def sweep() -> None:
    """Forget what nobody answered."""
    await Challenge.filter(expires_at__lte=now()).delete()


def _digest(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()


def _bound(purpose: str, asker: bytes) -> str:
    return hashlib.sha256(vault.ctx("challenge", purpose, asker)).hexdigest()
