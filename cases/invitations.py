"""
What an invitation holds: the root sealed to an account, or a boxed address; and who was asked.

Invited by address, shown by address: whether there is an account does not show.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from cases import access, epochs, telling
from cases.events import Invited
from cases.ids import InvitationId
from cases.models import Invitation
from cases.opened import Document, OpenCommunity
from cases.people import Colleague, colleagues
from cases.rotating import INVITED
from portal import accounts, vault
from portal.core.actor import AccountId
from portal.core.db import announce, now
from portal.core.errors import Unknown
from portal.core.language import gettext as _

SHOWN: Final = ("pending", "declined", "expired")


@dataclass(frozen=True, slots=True)
class Asked:
    """An invitation as members see it."""

    id: InvitationId
    to: str
    account: AccountId | None
    """Whom to ask again by address book; None for somebody who was invited by address."""
    state: str
    """`pending`, `declined` or `expired`."""
    created_at: datetime
    expires_at: datetime
    vouched: bool
    """An owner has said that whoever has this address is a health professional."""
    seen: int = 0
    """The version of the account's card, to be sent along with a confirmation."""


async def seal(community: OpenCommunity, row: Invitation, account: AccountId) -> None:
    """Put the root for *account* into the row and tell them."""
    public = (await epochs.public_keys([account]))[account]
    row.account, row.epoch = account, community.epoch
    row.sealed = epochs.sealed_for(community.id, community.epoch, community.root, public)
    row.mac = epochs.membership_mark(community.root, community.id, public, INVITED, community.epoch)
    announce(Invited(account, community.id))
    await telling.invited(
        community.id, account, by=AccountId(row.invited_by), mailed=row.mail is not None
    )


def mail_of(community: OpenCommunity, row: Invitation) -> str | None:
    """Whom the row invites; None for an account, and for a row that somebody edited."""
    whom = whom_of(community, row)
    return str(whom["mail"]) if whom else None


def whom_of(community: OpenCommunity, row: Invitation) -> Document | None:
    """The address with what the inviter said of the person, where the row tells."""
    if row.mail is None:
        return None
    try:
        return community.open("invitation", "mail", row.id, 1, row.epoch, row.mail)
    except vault.Tampered:
        vault.report("invitation does not open: row", row.id)
        return None


async def rebox(community: OpenCommunity, row: Invitation, whom: Document) -> None:
    """Say something else of whom the row invites; under the community's lock."""
    row.mail = community.box("invitation", "mail", row.id, 1, whom)
    row.epoch = community.epoch
    await row.save(update_fields=["mail", "epoch"])


async def confirm_untold(account: AccountId, by: AccountId) -> None:
    """
    Confirm who has an address, on the word of *by*, if that can be.

    Nobody is told when not: that would say that the address has an account, and whose (T22).
    """
    refusals = (accounts.NotConfirmed, accounts.NotYourself, accounts.StandingRefused, Unknown)
    with suppress(*refusals):
        await accounts.confirm_and_write(account, by)


async def asked(community: OpenCommunity) -> list[Asked]:
    """Who was asked and has not joined, the newest first; owners also see a no and a silence."""
    seen = SHOWN if community.role == "owner" else ("pending",)
    rows = await Invitation.filter(community_id=community.id, state__in=seen).order_by(
        "-created_at"
    )
    await access.settled(community, rows)
    people = [AccountId(row.account) for row in rows if row.account]
    versions = await accounts.card_versions(people)
    names = await colleagues(people)
    found = []
    for row in rows:
        whom = whom_of(community, row) or {}
        mail = whom.get("mail")
        account = AccountId(row.account) if row.account and row.mail is None else None
        found.append(
            Asked(
                id=InvitationId(row.id),
                to=mail or _name(names, row.account),
                account=account,
                state="expired" if row.expires_at <= now() else row.state,
                created_at=row.created_at,
                expires_at=row.expires_at,
                vouched=bool(whom.get("vouched_by")),
                seen=versions.get(account, 0) if account else 0,
            )
        )
    return found


def _name(names: Mapping[AccountId, Colleague], account: UUID | None) -> str:
    return names[AccountId(account)].name if account else _("Cannot be read")


async def pending(community: OpenCommunity) -> list[Asked]:
    """Those of them who may still answer."""
    return [each for each in await asked(community) if each.state == "pending"]
