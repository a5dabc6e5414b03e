"""
Invitations: by address book or by mail address, answered by the invited person alone.

An invitation to an account carries the community's current root sealed to it, so that accepting
needs nobody else online.  One to an address without an account waits until it has one; then any
member's next visit completes it.  When an invitation ends unanswered, the root it carried is
replaced: whoever was only invited never reads what is written afterwards.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid4

from cases import access, epochs, rotating
from cases.access import OpenCommunity
from cases.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationOver,
    OwnersOnly,
    ProfessionalsOnly,
    RootMoved,
)
from cases.events import Invited
from cases.ids import CommunityId, InvitationId
from cases.models import Invitation, Member
from cases.people import Colleague, colleagues
from cases.rotating import INVITED
from cases.writing import Writing, lock, note, writing
from portal import accounts, mailing, vault
from portal.core.actor import AccountId, Actor
from portal.core.db import announce, now, transaction
from portal.core.errors import Unknown
from portal.core.language import gettext as _
from portal.core.language import language

log = logging.getLogger(__name__)

LIFE: Final = timedelta(days=14)
MAILS: Final = accounts.Limit("invitation-mail", free=50, longest_wait=timedelta(hours=6))
"""Mails to strangers that one member may cause in a day without waiting."""


@dataclass(frozen=True, slots=True)
class InvitationToMe:
    """An invitation as the invited person sees it; unnamed until a member has completed it."""

    id: InvitationId
    ready: bool
    name: str
    department: str
    location: str
    invited_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PendingInvitation:
    """An invitation as members see it."""

    id: InvitationId
    to: str
    created_at: datetime
    expires_at: datetime


async def invite(
    actor: Actor, community_id: CommunityId, to: AccountId | mailing.Address
) -> InvitationId:
    """
    Ask a colleague in, by account or by address.  Owners only.

    By address, the answer and the mail are the same whether an account exists or not.  Raises
    `TooManyTries` for somebody who writes to half the town.
    """
    community = await access.community_for(actor, community_id)
    if isinstance(to, mailing.Address):
        await accounts.count(MAILS, str(actor.id))
    address = to if isinstance(to, mailing.Address) else None
    account = await accounts.by_mail(to) if isinstance(to, mailing.Address) else to
    if account is not None and not await accounts.cards([account]):
        if address is None:
            raise Unknown
        account = None  # a patient's address: it waits like one without an account
    async with writing(actor, community) as write:
        if write.community.role != "owner":
            raise OwnersOnly
        await _refuse_repeated(write.community, account, address)
        row = await _keep(write, account, address)
        if address is not None:
            await mailing.send(
                "invitation", address, language(), until=row.expires_at, days=LIFE.days
            )
        await write.changed("invitation")
    return InvitationId(row.id)


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
    write: Writing, account: AccountId | None, address: mailing.Address | None
) -> Invitation:
    community, row = write.community, Invitation(id=uuid4())
    row.community_id = community.id
    row.epoch, row.state, row.invited_by = community.epoch, "pending", community.actor
    row.created_at, row.expires_at = write.at, write.at + LIFE
    if address is not None:
        row.mail_mark = address.mark
        row.mail = community.box("invitation", "mail", row.id, 1, {"mail": address.text})
    if account is not None:
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


async def accept(actor: Actor, invitation_id: InvitationId) -> CommunityId:
    """Become a member.  Raises `InvitationOver` when it was withdrawn or is older than 14 days."""
    if actor.kind != "professional":
        raise ProfessionalsOnly
    asked = await access.invitation_for(actor, invitation_id)
    community_id = CommunityId(asked.community.id)
    async with transaction():
        await lock(community_id)
        row = await access.invitation_for(actor, invitation_id)
        if row.expires_at <= now():
            raise InvitationOver
        await _join(actor, community_id, row)
        await _end(row, "accepted")
        community = await access.community_for(actor, community_id)
        if community.rotation_due:
            await rotating.rotate(community)
        await note(community_id, community.seq, "member")
    return community_id


async def _join(actor: Actor, community_id: CommunityId, row: Invitation) -> None:
    """Open the root that the invitation carries, check who vouches for it, and become a member."""
    root = await epochs.open_carried(actor, community_id, row.epoch, row.sealed or b"")
    public = (await epochs.public_keys([actor.id])).get(actor.id)
    if root is None or public is None or row.epoch != row.community.epoch:
        raise InvitationOver
    if not epochs.vouched(
        root, community_id, row.epoch, actor.id, public.fpr, INVITED, row.mac or b""
    ):
        raise InvitationOver
    await Member.create(
        id=uuid4(),
        community_id=community_id,
        account=actor.id,
        role="member",
        mac=epochs.membership_mark(root, community_id, public, "member", row.epoch),
        joined_at=now(),
        joined_seq=row.community.next_seq,
    )
    await epochs.seal_root(community_id, row.epoch, root, [public])


async def decline(actor: Actor, invitation_id: InvitationId) -> None:
    """Say no; the root that the invitation carried will be replaced."""
    community_id = CommunityId((await access.invitation_for(actor, invitation_id)).community.id)
    async with transaction():
        await lock(community_id)
        row = await access.invitation_for(actor, invitation_id)
        await _end(row, "declined")
        await access.community_row(community_id).update(rotation_due=True)
        await note(community_id, row.community.next_seq, "invitation")


async def withdraw(actor: Actor, community_id: CommunityId, invitation_id: InvitationId) -> None:
    """Take an invitation back; the root that it carried is replaced at once.  Owners only."""
    community = await access.community_for(actor, community_id)
    async with writing(actor, community) as write:
        if write.community.role != "owner":
            raise OwnersOnly
        row = await Invitation.get_or_none(
            id=invitation_id, community_id=community_id, state="pending"
        )
        if row is None:
            raise Unknown
        carried = row.sealed is not None
        await _end(row, "withdrawn")
        if carried:
            write.community = await rotating.rotate(write.community)
        await write.changed("invitation")


async def _end(row: Invitation, state: str) -> None:
    row.state = state
    row.sealed = row.mac = row.mail = row.mail_mark = None
    await row.save()


async def complete(actor: Actor, community: OpenCommunity) -> None:
    """
    What any member's visit does for the invited: seal the root to those who have an account by now,
    and end what nobody answered for 14 days.
    """
    waiting = await Invitation.filter(community_id=community.id, state="pending")
    late = [row for row in waiting if row.expires_at <= now()]
    ready = await _with_account(
        community, [row for row in waiting if row.account is None and row not in late]
    )
    if not late and not ready:
        return
    async with writing(actor, community) as write:
        for row in late:
            await _end(row, "expired")
        if any(row.account is not None for row in late):
            write.community = await rotating.rotate(write.community)
        for invitation_id, account in ready.items():
            still = await Invitation.get_or_none(id=invitation_id, state="pending", account=None)
            if still is not None and account not in await access.members_of(community.id):
                await _seal(write.community, still, account)
                await still.save()
        await write.changed("invitation")


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
    if row.mail is None:
        return None
    try:
        return str(community.open("invitation", "mail", row.id, 1, row.epoch, row.mail)["mail"])
    except RootMoved:  # written after this look at the community: the next one opens it
        return None
    except vault.Tampered:
        _report(row.id)
        return None


@lru_cache(maxsize=1000)
def _report(row: UUID) -> None:
    """Say once that somebody must look, not at every page that would have shown it."""
    log.critical("invitation does not open: row %s", row)


async def pending(community: OpenCommunity) -> list[PendingInvitation]:
    """Who was asked and has not answered, the newest first."""
    rows = await Invitation.filter(
        community_id=community.id, state="pending", expires_at__gt=now()
    ).order_by("-created_at")
    names = await colleagues([AccountId(row.account) for row in rows if row.account])
    return [
        PendingInvitation(
            id=InvitationId(row.id),
            # Invited by address, shown by address: whether there is an account does not show.
            to=_mail(community, row) or _name(names, row.account),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]


def _name(names: Mapping[AccountId, Colleague], account: UUID | None) -> str:
    return names[AccountId(account)].name if account else _("Cannot be read")


async def my_invitations(actor: Actor, mark: str) -> list[InvitationToMe]:
    """What waits for the actor's answer; *mark* is that of the actor's own address."""
    alive = Invitation.filter(state="pending", expires_at__gt=now())
    sealed = (
        await alive.filter(account=actor.id).order_by("-created_at").select_related("community")
    )
    others = await alive.filter(account=None, mail_mark=mark).order_by("-created_at")
    names = await colleagues([AccountId(row.invited_by) for row in [*sealed, *others]])
    found = []
    for row in sealed:
        about = await _about(actor, row)
        if about is not None:
            found.append(_to_me(row, about, names[AccountId(row.invited_by)].name))
    return found + [_to_me(row, {}, names[AccountId(row.invited_by)].name) for row in others]


async def _about(actor: Actor, row: Invitation) -> dict[str, str] | None:
    """Name, department and location, opened with the root that the invitation carries."""
    found = row.community
    root = await epochs.open_carried(actor, CommunityId(found.id), row.epoch, row.sealed or b"")
    if root is None:
        return None
    try:
        roots = await epochs.older(CommunityId(found.id), row.epoch, root)
        return access.about_of(found, roots)
    except (vault.Tampered, KeyError):  # a generation that this root does not reach
        _report(row.id)
        return None


def _to_me(row: Invitation, about: dict[str, str], invited_by: str) -> InvitationToMe:
    return InvitationToMe(
        id=InvitationId(row.id),
        ready=bool(about),
        name=about.get("name", ""),
        department=about.get("department", ""),
        location=about.get("location", ""),
        invited_by=invited_by,
        expires_at=row.expires_at,
    )
