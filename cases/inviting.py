"""
Inviting: by address book or by mail address, once more, or not after all.  Owners only.

An invitation to an account carries the community's current root sealed to it, so that accepting
needs nobody else online.  One to an address without an account waits until it has one; then any
member's next visit completes it.  Answering is the invited person's, in `cases.answering`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from cases import access, epochs, rotating, sparing, telling
from cases.access import OpenCommunity
from cases.answering import end
from cases.errors import (
    AlreadyInvited,
    AlreadyMember,
    OwnersOnly,
    RootMoved,
)
from cases.events import Invited
from cases.ids import CommunityId, InvitationId
from cases.models import Invitation
from cases.people import Colleague, colleagues
from cases.rotating import INVITED, report_unreadable
from cases.writing import Writing, writing
from portal import accounts, mailing, vault
from portal.core.actor import AccountId, Actor
from portal.core.db import announce, now
from portal.core.errors import Unknown
from portal.core.language import gettext as _
from portal.core.language import language

LIFE: Final = timedelta(days=14)
MAILS: Final = accounts.Limit("invitation-mail", free=50, longest_wait=timedelta(hours=6))
"""Mails to strangers that one member may cause in a day without waiting."""
BOOKED: Final = accounts.Limit("invitation-book", free=200, longest_wait=timedelta(hours=6))
"""The same for colleagues from the address book."""
KEPT: Final = timedelta(days=30)
"""How long owners see that somebody said no, or nothing."""
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


async def invite(
    actor: Actor,
    community_id: CommunityId,
    to: AccountId | mailing.Address,
    *,
    vouched: bool = False,
) -> InvitationId:
    """
    Ask a colleague in, by account or by address; either gets a mail.  Owners only.

    By address, the answer and the mail are the same whether an account exists or not.  Raises
    `TooManyTries` for somebody who writes to half the town.  *vouched*: the owner says that this
    person is a health professional, which confirms the account as soon as there is one.
    """
    community = await access.community_for(actor, community_id)
    await accounts.count(MAILS if isinstance(to, mailing.Address) else BOOKED, str(actor.id))
    address = to if isinstance(to, mailing.Address) else None
    account = await accounts.by_mail(to) if isinstance(to, mailing.Address) else to
    if account is not None and not await accounts.cards([account]):
        if address is None:
            raise Unknown
        account = None  # a patient's address: it waits like one without an account
    await _refuse_repeated(community, account, address)
    await sparing.count(address.mark if address else None, account)
    async with writing(actor, community) as write:
        if write.community.role != "owner":
            raise OwnersOnly
        await _refuse_repeated(write.community, account, address)
        row = await _keep(write, account, address, vouched=vouched)
        await _write_to(row, address)
        await write.changed("invitation")
    return InvitationId(row.id)


async def _write_to(row: Invitation, address: mailing.Address | None) -> None:
    """The mail; to an address in the inviter's language, to an account in its own."""
    if address is not None:
        await mailing.send("invitation", address, language(), until=row.expires_at, days=LIFE.days)
    elif row.account is not None:
        account = AccountId(row.account)
        await accounts.write_to(account, "invitation", until=row.expires_at, days=LIFE.days)


async def resend(actor: Actor, community_id: CommunityId, invitation_id: InvitationId) -> None:
    """Write to somebody who has not answered once more, and wait from today.  Owners only."""
    community = await access.community_for(actor, community_id)
    row = await _waiting(community, invitation_id)
    await accounts.count(MAILS, str(actor.id))
    await sparing.count(row.mail_mark, row.account, again=invitation_id)
    async with writing(actor, community) as write:
        row = await _waiting(write.community, invitation_id)
        mail = _mail(write.community, row)
        row.expires_at = write.at + LIFE
        await row.save(update_fields=["expires_at"])
        await _write_to(row, mailing.read_address(mail) if mail else None)
        await write.changed("invitation")


async def vouch(actor: Actor, community_id: CommunityId, invitation_id: InvitationId) -> None:
    """
    Say of somebody already invited by address that she or he is a health professional.

    Confirms the account at once, or as soon as there is one.  Owners only.  Raises `Unknown` for
    an invitation by the address book, whose account can be confirmed itself.
    """
    community = await access.community_for(actor, community_id)
    async with writing(actor, community) as write:
        row = await _waiting(write.community, invitation_id)
        mail = _mail(write.community, row)
        if mail is None:
            raise Unknown
        whom = {"mail": mail, "vouched_by": actor.id.hex}
        row.mail = write.community.box("invitation", "mail", row.id, 1, whom)
        row.epoch = write.community.epoch
        await row.save(update_fields=["mail", "epoch"])
        if row.account is not None:
            await accounts.confirm_and_write(AccountId(row.account), actor.id)
        await write.changed("invitation")


async def _waiting(community: OpenCommunity, invitation_id: InvitationId) -> Invitation:
    """An invitation that an owner may still change."""
    if community.role != "owner":
        raise OwnersOnly
    row = await Invitation.get_or_none(id=invitation_id, community_id=community.id, state="pending")
    if row is None:
        raise Unknown
    return row


async def _refuse_repeated(
    community: OpenCommunity, account: AccountId | None, address: mailing.Address | None
) -> None:
    if account in await access.members_of(community.id):
        raise AlreadyMember
    waiting = Invitation.filter(community_id=community.id, state="pending")
    if account is not None and await waiting.filter(account=account).exists():
        raise AlreadyInvited
    if address is not None and await waiting.filter(mail_mark=address.mark).exists():
        raise AlreadyInvited


async def _keep(
    write: Writing, account: AccountId | None, address: mailing.Address | None, *, vouched: bool
) -> Invitation:
    community, row = write.community, Invitation(id=uuid4())
    row.community_id = community.id
    row.epoch, row.state, row.invited_by = community.epoch, "pending", community.actor
    row.created_at, row.expires_at = write.at, write.at + LIFE
    if address is not None:
        row.mail_mark = address.mark
        whom = {"mail": address.text, "vouched_by": community.actor.hex if vouched else ""}
        row.mail = community.box("invitation", "mail", row.id, 1, whom)
    if account is not None:
        if vouched:
            await accounts.confirm_and_write(account, community.actor)
        await _seal(community, row, account)
    await row.save(force_create=True)
    return row


async def _seal(community: OpenCommunity, row: Invitation, account: AccountId) -> None:
    """Put the root for *account* into the row and tell them."""
    public = (await epochs.public_keys([account]))[account]
    row.account, row.epoch = account, community.epoch
    row.sealed = epochs.sealed_for(community.id, community.epoch, community.root, public)
    row.mac = epochs.membership_mark(community.root, community.id, public, INVITED, community.epoch)
    announce(Invited(account, community.id))
    await telling.invited(
        community.id, account, by=AccountId(row.invited_by), mailed=row.mail is not None
    )


async def withdraw(actor: Actor, community_id: CommunityId, invitation_id: InvitationId) -> None:
    """Take an invitation back; the root that it carried is replaced at once.  Owners only."""
    community = await access.community_for(actor, community_id)
    async with writing(actor, community) as write:
        row = await _waiting(write.community, invitation_id)
        carried = row.sealed is not None
        await end(row, "withdrawn")
        if carried:
            write.community = await rotating.rotate(write.community)
        await write.changed("invitation")


async def complete(actor: Actor, community: OpenCommunity) -> None:
    """
    What any member's visit does for the invited: seal the root to those who have an account by now,
    end what nobody answered for 14 days, and forget a month later whom it had asked.
    """
    await Invitation.filter(
        community_id=community.id,
        state__in=["declined", "expired"],
        expires_at__lte=now() - KEPT,
    ).delete()
    waiting = await Invitation.filter(community_id=community.id, state="pending")
    late = [row for row in waiting if row.expires_at <= now()]
    ready = await _with_account(
        community, [row for row in waiting if row.account is None and row not in late]
    )
    if not late and not ready:
        return
    async with writing(actor, community) as write:
        for row in late:
            await end(row, "expired")
        if any(row.account is not None for row in late):
            write.community = await rotating.rotate(write.community)
        for invitation_id, account in ready.items():
            still = await Invitation.get_or_none(id=invitation_id, state="pending", account=None)
            if still is not None and account not in await access.members_of(community.id):
                await _seal(write.community, still, account)
                await still.save()
                await _vouch(write.community, still, account)
        await write.changed("invitation")


async def _vouch(community: OpenCommunity, row: Invitation, account: AccountId) -> None:
    """
    Confirm whom the inviter knows, on the inviter's word: it is boxed with the address, so that
    nobody who only writes the database can give it.
    """
    whom = community.open("invitation", "mail", row.id, 1, community.epoch, row.mail or b"")
    if by := whom.get("vouched_by"):
        with suppress(accounts.NotConfirmed):  # the word of somebody no longer confirmed
            await accounts.confirm_and_write(account, AccountId(UUID(by)))


async def _with_account(
    community: OpenCommunity, rows: Sequence[Invitation]
) -> dict[InvitationId, AccountId]:
    found = {}
    for row in rows:
        mail = _mail(community, row)
        account = await accounts.by_mail(mailing.read_address(mail)) if mail else None
        if account is not None and await accounts.cards([account]):
            found[InvitationId(row.id)] = account
    return found


def _mail(community: OpenCommunity, row: Invitation) -> str | None:
    """Whom the row invites; None for an account, and for a row that somebody edited."""
    whom = _whom(community, row)
    return str(whom["mail"]) if whom else None


def _whom(community: OpenCommunity, row: Invitation) -> access.Document | None:
    """The address with what the inviter said of the person, where the row tells."""
    if row.mail is None:
        return None
    try:
        return community.open("invitation", "mail", row.id, 1, row.epoch, row.mail)
    except RootMoved:  # written after this look at the community: the next one opens it
        return None
    except vault.Tampered:
        report_unreadable(row.id)
        return None


async def asked(community: OpenCommunity) -> list[Asked]:
    """Who was asked and has not joined, the newest first; owners also see a no and a silence."""
    seen = SHOWN if community.role == "owner" else ("pending",)
    rows = await Invitation.filter(community_id=community.id, state__in=seen).order_by(
        "-created_at"
    )
    names = await colleagues([AccountId(row.account) for row in rows if row.account])
    found = []
    for row in rows:
        # Invited by address, shown by address: whether there is an account does not show.
        whom = _whom(community, row) or {}
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
            )
        )
    return found


def _name(names: Mapping[AccountId, Colleague], account: UUID | None) -> str:
    return names[AccountId(account)].name if account else _("Cannot be read")


async def pending(community: OpenCommunity) -> list[Asked]:
    """Those of them who may still answer."""
    return [each for each in await asked(community) if each.state == "pending"]
