"""The mailed link that proves who reads an address: made, mailed, looked up."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from portal import mailing
from portal.accounts import throttles
from portal.accounts.models import Account, Activation
from portal.accounts.unverified import LIFE, UNVERIFIED
from portal.core.actor import AccountId, AccountKind
from portal.core.db import now, transaction

TOKEN_BYTES: Final = 24
MAILS: Final = throttles.Limit(
    "register-address", free=5, first_wait=timedelta(minutes=1), longest_wait=timedelta(hours=6)
)
"""Mails to one address, whoever asks for them."""
WRITINGS: Final = throttles.Limit("write-again", free=5, first_wait=timedelta(minutes=1))
"""Mails that one account asks for, to whatever addresses."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a living link leads to."""

    account_id: AccountId
    kind: AccountKind
    mail_mark: str = field(repr=False)
    mail: bytes = field(repr=False)
    language: str
    unverified: bool
    """It has a password already and needs its person; otherwise the other way round."""


async def find_link(token: str) -> Link | None:
    """Where a link leads; looking changes nothing (mail scanners look)."""
    row = await Activation.get_or_none(link_digest=digest_of(token), expires_at__gt=now())
    account = None if row is None else await Account.get_or_none(id=row.account_id)
    if row is None or account is None:
        return None
    return Link(
        AccountId(account.id),
        cast("AccountKind", account.kind),
        row.mail_mark,
        account.mail,
        account.language,
        account.state == UNVERIFIED,
    )


async def write_link(
    account_id: AccountId,
    address: mailing.Address,
    language: str,
    expires_at: datetime,
    letter: str = "activation",
) -> UUID:
    """
    Mail a new link to *address*; an earlier one of this account is dead.  The mail's id.

    To an address that has an account already goes another mail, and nobody gets the link.  The
    rows are the same, so the time is.  Count `MAILS` first; joins the caller's transaction.
    """
    token = new_token()
    async with transaction():
        await Activation.filter(account_id=account_id).delete()
        await Activation.create(
            account_id=account_id,
            link_digest=digest_of(token),
            mail_mark=address.mark,
            expires_at=expires_at,
        )
        if await Account.exists(mail_mark=address.mark):
            return await mailing.send("already_registered", address, language)
        path = f"/activate/{token}"
        return await mailing.send(
            letter, address, language, until=expires_at, path=path, days=LIFE.days
        )


def new_token() -> str:
    """The secret of a new link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What is kept of a mailed link."""
    return hashlib.sha256(token.encode()).hexdigest()
