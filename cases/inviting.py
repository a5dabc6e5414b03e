"""
Inviting: by address book or by mail address, once more, or not after all.  Owners only.

An invitation to an account carries the community's current root sealed to it, so that accepting
needs nobody else online.  One to an address waits for any member's next visit, which completes it
as soon as there is an account (`cases.completing`).  Answering is the invited person's, in
`cases.answering`; what such a row holds, and how members see it, is in `cases.invitations`.
"""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from cases import access, rotating, sparing
from cases.answering import end
from cases.errors import AlreadyInvited, AlreadyMember, OwnersOnly
from cases.ids import CommunityId, InvitationId
from cases.invitations import confirm_untold, mail_of, rebox, seal, whom_of
from cases.models import Invitation
from cases.opened import OpenCommunity
from cases.writing import Writing, writing
from portal import accounts, mailing
from portal.core.actor import AccountId, Actor
from portal.core.errors import Unknown
from portal.core.language import language

LIFE: Final = timedelta(days=14)
MAILS: Final = accounts.Limit("invitation-mail", free=50, longest_wait=timedelta(hours=6))
"""Mails to strangers that one member may cause in a day without waiting."""
BOOKED: Final = accounts.Limit("invitation-book", free=200, longest_wait=timedelta(hours=6))
"""The same for colleagues from the address book."""


async def invite(
    actor: Actor,
    community_id: CommunityId,
    to: AccountId | mailing.Address,
    *,
    vouched: bool = False,
) -> InvitationId:
    """
    Ask a colleague in, by account or by address; either gets a mail.  Owners only.

    By address, answer, work and mail are the same whether an account exists, is inside or asked
    already: the address is not looked up here, but by the next visit (`cases.completing`).  Raises
    `TooManyTries` for somebody who writes to half the town.  *vouched*: the owner says that this
    person is a health professional, which confirms the account as soon as there is one.
    """
    community = _owned(await access.community_for(actor, community_id))
    address = to if isinstance(to, mailing.Address) else None
    account = None if isinstance(to, mailing.Address) else to
    await accounts.count(MAILS if address is not None else BOOKED, str(actor.id))
    if account is not None and not await accounts.cards([account]):
        raise Unknown
    await _refuse_repeated(community, account, address)
    async with (
        sparing.counted(address.mark if address else None, account),
        writing(actor, community) as write,
    ):
        await _refuse_repeated(_owned(write.community), account, address)
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
    async with (
        sparing.counted(row.mail_mark, row.account, again=invitation_id),
        writing(actor, community) as write,
    ):
        row = await _waiting(write.community, invitation_id)
        mail = mail_of(write.community, row)
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
        whom = whom_of(write.community, row)
        if whom is None:
            raise Unknown
        await rebox(write.community, row, whom | {"vouched_by": actor.id.hex})
        if row.account is not None:
            await confirm_untold(AccountId(row.account), actor.id)
        await write.changed("invitation")


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


async def _waiting(community: OpenCommunity, invitation_id: InvitationId) -> Invitation:
    """An invitation that an owner may still change."""
    _owned(community)
    row = await Invitation.get_or_none(id=invitation_id, community_id=community.id, state="pending")
    if row is None:
        raise Unknown
    return row


def _owned(community: OpenCommunity) -> OpenCommunity:
    if community.role != "owner":
        raise OwnersOnly
    return community


async def _refuse_repeated(
    community: OpenCommunity, account: AccountId | None, address: mailing.Address | None
) -> None:
    """Addresses are compared with addresses and accounts with accounts: T22."""
    waiting = Invitation.filter(community_id=community.id, state="pending")
    if address is not None:
        if await waiting.filter(mail_mark=address.mark).exists():
            raise AlreadyInvited
        return
    if account in await access.members_of(community.id):
        raise AlreadyMember
    if await waiting.filter(account=account, mail=None).exists():
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
        # One to the same person's address waits from here on: one root for one person.
        asked = Invitation.filter(community_id=community.id, account=account, state="pending")
        await asked.update(account=None, sealed=None, mac=None)
        await seal(community, row, account)
    await row.save(force_create=True)
    return row
