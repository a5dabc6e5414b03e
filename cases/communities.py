"""Communities: found one, name it, see one's own; inviting and membership have their own files."""

import json
from uuid import uuid4

from cases import access, epochs
from cases.answering import accept, decline, my_invitations, unnamed_invitations
from cases.completing import complete
from cases.errors import OwnersOnly, ProfessionalsOnly
from cases.forms import NewCommunity
from cases.ids import CommunityId
from cases.invitations import asked, pending
from cases.inviting import invite, resend, vouch, withdraw
from cases.membership import address_book, change_role, confirm, leave, members, remove, take_over
from cases.models import Community, Member
from cases.opened import OpenCommunity
from cases.writing import writing
from portal import accounts, keys, vault
from portal.core.actor import Actor
from portal.core.db import now, transaction

__all__ = [
    "accept",
    "address_book",
    "asked",
    "change_role",
    "complete",
    "confirm",
    "decline",
    "found",
    "invite",
    "leave",
    "members",
    "mine",
    "my_invitations",
    "pending",
    "remove",
    "rename",
    "resend",
    "take_over",
    "unnamed_invitations",
    "vouch",
    "withdraw",
]

FIRST_EPOCH = 1


async def found(actor: Actor, new: NewCommunity) -> CommunityId:
    """Start a community with the actor as its owner."""
    if actor.kind != "professional":
        raise ProfessionalsOnly
    await accounts.must_be_confirmed(actor)
    community_id, root, moment = CommunityId(uuid4()), vault.new_secret(), now()
    public = (await epochs.public_keys([actor.id]))[actor.id]
    text = keys.Text("community", community_id, FIRST_EPOCH, root)
    async with transaction():
        await keys.hold(actor)
        await Community.create(
            id=community_id,
            epoch=FIRST_EPOCH,
            about_epoch=FIRST_EPOCH,
            about=text.box("community", "about", community_id, 1, _about(new)),
            created_at=moment,
        )
        await epochs.begin(community_id, root)
        await epochs.seal_root(community_id, FIRST_EPOCH, root, [public])
        await Member.create(
            id=uuid4(),
            community_id=community_id,
            account=actor.id,
            role="owner",
            mac=epochs.membership_mark(root, community_id, public, "owner", FIRST_EPOCH),
            joined_at=moment,
            joined_seq=0,
        )
    return community_id


async def mine(actor: Actor) -> list[OpenCommunity]:
    """Every community the actor is a member of, by name."""
    return await access.my_communities(actor)


async def rename(actor: Actor, community_id: CommunityId, new: NewCommunity) -> None:
    """Change name, department and location.  Owners only."""
    community = await access.community_for(actor, community_id)
    async with writing(actor, community) as write:
        current = write.community
        if current.role != "owner":
            raise OwnersOnly
        rev = current.about_rev + 1
        await access.community_row(current.id).update(
            about=keys.Text("community", current.id, current.epoch, current.root).box(
                "community", "about", current.id, rev, _about(new)
            ),
            about_epoch=current.epoch,
            about_rev=rev,
        )
        await write.changed("community")


def _about(new: NewCommunity) -> str:
    return json.dumps(
        {"name": new.name, "department": new.department, "location": new.location},
        ensure_ascii=False,
    )
