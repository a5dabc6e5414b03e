"""How many invitations somebody gets: nobody's mailbox is filled in a community's name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


@asynccontextmanager
async def counted(
    mark: str | None, account: UUID | None, again: InvitationId | None = None
) -> AsyncIterator[None]:
    """
    One more mail, to an address (its mark) or to an account, if what is inside comes to an end.

    Nothing is used up when it fails.  Raises `AskedEnough`.
    """
    tries = [] if again is None else [(ONCE_MORE, str(again))]
    taken: list[tuple[accounts.Limit, str]] = []
    try:
        for each in [*tries, (TO_ONE, mark or str(account))]:
            await _count(*each)
            taken.append(each)
        yield
    except BaseException:
        for each in taken:
            await accounts.give_back(*each)
        raise


async def _count(limit: accounts.Limit, whom: str) -> None:
    try:
        await accounts.count(limit, whom)
    except (accounts.TooManyTries, accounts.Stopped):
        raise AskedEnough from None
