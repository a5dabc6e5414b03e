"""How many invitations somebody gets: nobody's mailbox is filled in a community's name."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from cases.errors import AskedEnough
from cases.ids import InvitationId
from portal import accounts

DAY: Final = timedelta(days=1)
ONCE_MORE: Final = accounts.Limit(
    "invitation-again", free=1, first_wait=DAY, longest_wait=DAY, last=2
)
"""How often one invitation is sent again: once a day, and three mails in all with the first."""
TO_ONE: Final = accounts.Limit("invitation-to", free=3, first_wait=DAY, longest_wait=DAY)
"""Invitations that one person gets in a day, from all communities together."""


async def count(mark: str | None, account: UUID | None, again: InvitationId | None = None) -> None:
    """One more mail, to an address (its mark) or to an account.  Raises `AskedEnough`."""
    try:
        if again is not None:
            await accounts.count(ONCE_MORE, str(again))
        await accounts.count(TO_ONE, mark or str(account))
    except (accounts.TooManyTries, accounts.Stopped):
        raise AskedEnough from None
