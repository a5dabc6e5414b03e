"""
The invited person's side: which invitations wait for an answer, saying yes and saying no.

When an invitation ends unanswered or with a no, the root it carried is replaced: whoever was only
invited never reads what is written afterwards.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from cases import access, epochs, rotating, telling
from cases.errors import InvitationOver, ProfessionalsOnly
from cases.ids import CommunityId, InvitationId
from cases.models import Invitation, Member
from cases.opened import about_of
from cases.people import colleagues
from cases.rotating import INVITED
from cases.writing import lock, note
from portal import accounts, keys, vault
from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction


@dataclass(frozen=True, slots=True)
class InvitationToMe:
    """An invitation as the invited person sees it; unnamed until a member has completed it."""

    id: InvitationId
    community: CommunityId
    ready: bool
    name: str
    department: str
    location: str
    invited_by: str
    expires_at: datetime


async def accept(actor: Actor, invitation_id: InvitationId) -> CommunityId:
    """Become a member.  Raises `InvitationOver` when it was withdrawn or is older than 14 days."""
    if actor.kind != "professional":
        raise ProfessionalsOnly
    await accounts.must_be_confirmed(actor)
    asked = await access.invitation_for(actor, invitation_id)
    community_id = CommunityId(asked.community.id)
    async with transaction():
        await lock(community_id)
        row = await access.invitation_for(actor, invitation_id)
        if row.expires_at <= now():
            raise InvitationOver
        await _join(actor, community_id, row)
        await end(row, "accepted")
        await telling.joined(community_id, actor.id)
        community = await access.community_for(actor, community_id)
        if community.rotation_due:
            await rotating.rotate(community)
        await note(community_id, community.seq, "member")
    return community_id


async def _join(actor: Actor, community_id: CommunityId, row: Invitation) -> None:
    """Open the root that the invitation carries, check who vouches for it, and become a member."""
    await keys.hold(actor)
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
        await end(row, "declined")
        await access.community_row(community_id).update(rotation_due=True)
        await note(community_id, row.community.next_seq, "invitation")


async def end(row: Invitation, state: str) -> None:
    """
    Close an invitation.  It carries no key from here on, and only owners still see whom it asked.

    The address of somebody who said no or nothing stays for them, under the community's root;
    `completing.complete` deletes it after a month.
    """
    await telling.invitation_over(CommunityId(row.community_id), row.account)
    row.state = state
    row.sealed = row.mac = row.mail_mark = None
    if state not in {"declined", "expired"}:
        row.mail = None
    await row.save()


async def my_invitations(actor: Actor, mark: str) -> list[InvitationToMe]:
    """What waits for the actor's answer; *mark* is that of the actor's own address."""
    alive = Invitation.filter(state="pending", expires_at__gt=now())
    sealed = (
        await alive.filter(account=actor.id).order_by("-created_at").select_related("community")
    )
    inside = await Member.filter(account=actor.id).values_list("community_id", flat=True)
    known = {*inside, *(row.community_id for row in sealed)}
    to_mail = await alive.filter(account=None, mail_mark=mark).order_by("-created_at")
    others = [row for row in to_mail if row.community_id not in known]
    names = await colleagues([AccountId(row.invited_by) for row in [*sealed, *others]])
    found = []
    for row in sealed:
        about = await _about(actor, row)
        if about is not None:
            found.append(_to_me(row, about, names[AccountId(row.invited_by)].name))
    return found + [_to_me(row, {}, names[AccountId(row.invited_by)].name) for row in others]


async def unnamed_invitations(actor: Actor, mark: str) -> list[InvitationToMe]:
    """The same for whom nobody has confirmed: who asks, and nothing of the community (Q-24)."""
    return [
        replace(each, name="", department="", location="")
        for each in await my_invitations(actor, mark)
    ]


async def _about(actor: Actor, row: Invitation) -> dict[str, str] | None:
    """Name, department and location, opened with the root that the invitation carries."""
    found = row.community
    root = await epochs.open_carried(actor, CommunityId(found.id), row.epoch, row.sealed or b"")
    if root is None:
        return None
    try:
        roots = await epochs.older(CommunityId(found.id), row.epoch, root)
        return about_of(found, roots)
    except (vault.Tampered, KeyError):  # a generation that this root does not reach
        vault.report("invitation does not open: row", row.id)
        return None


def _to_me(row: Invitation, about: dict[str, str], invited_by: str) -> InvitationToMe:
    return InvitationToMe(
        id=InvitationId(row.id),
        community=CommunityId(row.community_id),
        ready=bool(about),
        name=about.get("name", ""),
        department=about.get("department", ""),
        location=about.get("location", ""),
        invited_by=invited_by,
        expires_at=row.expires_at,
    )
