"""
Password and code are both lost: the account can only be emptied (S-043 to S-046).

Link by mail, a word typed by hand, then three days in which any sign-in stops it.  Asking does the
same work and gets the same answer for every address; what it is about stands in the mail alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from portal import mailing
from portal.accounts import belongings, departures, throttles
from portal.accounts.belongings import Loss
from portal.accounts.errors import LinkUsed, MailedLinkDead
from portal.accounts.formerly import FOLLOWED
from portal.accounts.links import digest_of, new_token
from portal.accounts.models import Account, Activation, FormerAddress, ResetLink
from portal.core.actor import AccountId
from portal.core.db import now, transaction
from portal.core.language import language, show_time

LINK_LIFE: Final = timedelta(hours=24)
WAITING: Final = timedelta(hours=72)
REQUESTS: Final = throttles.Limit(
    "reset-address", free=3, first_wait=timedelta(minutes=10), longest_wait=timedelta(hours=6)
)
REQUESTS_FROM: Final = throttles.Limit(
    "reset-network", free=20, longest_wait=timedelta(minutes=1), forgotten_after=timedelta(hours=1)
)


SETTLED: Final = timedelta(days=7)
"""After a change of address: whoever lost the account that way has time to take it back."""


@dataclass(frozen=True, slots=True)
class ToBeLost:
    """What the page behind the mailed link tells its reader."""

    since: datetime
    losses: list[Loss]


async def ask(address: mailing.Address, network: str) -> None:
    """
    Write to *address* what can be done; the mail alone tells whether there is an account.

    Raises `TooManyTries`.
    """
    await throttles.count(REQUESTS_FROM, network)
    await throttles.count(REQUESTS, address.mark)
    account = await Account.get_or_none(mail_mark=address.mark)
    waiting = await Activation.filter(mail_mark=address.mark).order_by("-expires_at").first()
    token = new_token()
    soon = await _moved(uuid4() if account is None else account.id)  # asked for nobody, too
    letter: tuple[str, dict[str, Any]]
    if account is not None:
        address = mailing.open_address(account.mail, account.id)  # not as somebody spelled it
    if soon is not None:
        letter = ("reset_too_early", {"day": show_time(soon)})
    elif account is not None:
        letter = ("reset_link", {"path": f"/forgotten/link/{token}"})
    elif waiting is not None:
        letter = ("reset_unactivated", {"day": show_time(waiting.expires_at)})
    else:
        letter = ("reset_unknown", {})
    kind, params = letter
    expires_at = now() + LINK_LIFE
    async with transaction():
        await ResetLink.create(
            link_digest=digest_of(token),
            account_id=None if account is None or soon is not None else account.id,
            expires_at=expires_at,
        )
        speaks = language() if account is None else account.language
        await mailing.send(kind, address, speaks, until=expires_at, **params)


async def _moved(account: UUID) -> datetime | None:
    """From when on a new address may ask for a reset, while it may not."""
    lately = FormerAddress.filter(account_id=account).order_by("-until")
    newest = await lately.first()
    soon = None if newest is None else newest.until - FOLLOWED + SETTLED
    return soon if soon is not None and soon > now() else None


async def to_be_lost(token: str) -> ToBeLost:
    """
    What the account behind a mailed link would lose; looking changes nothing.

    Raises `LinkUsed`, `MailedLinkDead`.
    """
    account = await Account.get(id=(await _alive(token)).account_id)
    return ToBeLost(account.created_at, await belongings.losses(AccountId(account.id)))


async def confirm(token: str) -> datetime:
    """
    Let the account be emptied in three days; when that will be.

    Raises `LinkUsed`, `MailedLinkDead`.
    """
    async with transaction():
        unused = ResetLink.filter(link_digest=digest_of(token), used_at=None)
        pressed = await unused.update(used_at=now())
        if not pressed:
            await _alive(token)
            raise LinkUsed
        account = await Account.get(id=(await _known(token)).account_id)
        await departures.leave_at(account, "reset", now() + WAITING)
        found = await departures.departure_of(AccountId(account.id))
        assert found is not None  # noqa: S101 -- written a moment ago
        return found.due_at


async def disown(token: str) -> None:
    """It was somebody else who asked: the link opens nothing any more.  Raises `MailedLinkDead`."""
    if not await ResetLink.filter(link_digest=digest_of(token), used_at=None).delete():
        raise MailedLinkDead


async def _alive(token: str) -> ResetLink:
    row = await _known(token)
    if row.used_at is not None:
        raise LinkUsed
    return row


async def _known(token: str) -> ResetLink:
    row = await ResetLink.get_or_none(link_digest=digest_of(token), expires_at__gt=now())
    if row is None or row.account_id is None:
        raise MailedLinkDead
    return row
