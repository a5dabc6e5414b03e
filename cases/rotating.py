"""
Changing a community's root, under its lock and in the transaction of whoever needs it.

New root, the old one boxed under it, seals to every member whose row the old root vouches for, new
marks, older seals deleted, waiting invitations sealed anew.  Who is not vouched for gets nothing.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cases import access, epochs
from cases.models import Invitation, Member
from cases.opened import OpenCommunity
from portal import vault
from portal.core.actor import AccountId
from portal.keys import PublicKey

log = logging.getLogger(__name__)

INVITED = "invited"
"""Takes the place of the role in the mark of an invitation."""
CARRIED = ("state", "epoch", "sealed", "mac", "mail", "mail_mark")
"""Columns of an invitation that a new root changes."""


async def verified(community: OpenCommunity) -> dict[AccountId, Member]:
    """The member rows that the current root vouches for; others are reported, without names."""
    return {account: row for account, (row, _) in (await _vouched(community)).items()}


async def _vouched(community: OpenCommunity) -> dict[AccountId, tuple[Member, PublicKey]]:
    rows = await Member.filter(community_id=community.id)
    public = await epochs.public_keys([AccountId(row.account) for row in rows])
    good = {}
    for row in rows:
        key = public.get(AccountId(row.account))
        if key is not None and epochs.vouched(
            *(community.root, community.id, community.epoch, row.account, key.fpr),
            *(row.role, row.mac),
        ):
            good[AccountId(row.account)] = (row, key)
        else:
            log.critical("membership not vouched for: community %s member %s", community.id, row.id)
    return good


async def rotate(community: OpenCommunity) -> OpenCommunity:
    """Give the community a new root.  The caller holds the community's lock."""
    found = await _vouched(community)
    members = {account: row for account, (row, _) in found.items()}
    public = {account: key for account, (_, key) in found.items()}
    root, epoch = vault.new_secret(), community.epoch + 1
    await epochs.advance(community.id, community.epoch, community.root, root)
    await epochs.drop_seals(community.id, community.epoch)
    await epochs.seal_root(community.id, epoch, root, list(public.values()))
    for account, row in members.items():
        row.mac = epochs.membership_mark(root, community.id, public[account], row.role, epoch)
    await Member.bulk_update(list(members.values()), ["mac"])
    fresh = replace(
        community,
        epoch=epoch,
        rotation_due=False,
        mac=members[community.actor].mac,
        roots={**community.roots, epoch: root},
    )
    await _carry_on(community, fresh)
    await access.community_row(community.id).update(epoch=epoch, rotation_due=False)
    return fresh


async def _carry_on(old: OpenCommunity, fresh: OpenCommunity) -> None:
    """
    Waiting invitations that the old root vouches for go on; a forged one ends.

    Whoever must be removed is removed, whatever somebody wrote into a row that waits.
    """
    waiting = await Invitation.filter(community_id=old.id, state="pending")
    if not waiting:
        return
    public = await epochs.public_keys([AccountId(row.account) for row in waiting if row.account])
    # Sealing takes time, and many may wait: everybody else's pages go on meanwhile.
    await asyncio.to_thread(_carry_all, old, fresh, waiting, public)
    await Invitation.bulk_update(waiting, CARRIED)


def _carry_all(
    old: OpenCommunity,
    fresh: OpenCommunity,
    rows: Sequence[Invitation],
    public: Mapping[AccountId, PublicKey],
) -> None:
    for row in rows:
        _carry_one(old, fresh, row, public)


def _carry_one(
    old: OpenCommunity, fresh: OpenCommunity, row: Invitation, public: Mapping[AccountId, PublicKey]
) -> None:
    try:
        _carry_address(old, fresh, row)
        if row.account is not None:
            _carry(old, fresh, row, public.get(AccountId(row.account)))
    except (vault.Tampered, KeyError):
        vault.report("invitation does not open: row", row.id)
        row.state, row.sealed, row.mac = "withdrawn", None, None
        row.mail = row.mail_mark = None
    row.epoch = fresh.epoch


def _carry_address(old: OpenCommunity, fresh: OpenCommunity, row: Invitation) -> None:
    if row.mail is not None:
        mail = old.open("invitation", "mail", row.id, 1, row.epoch, row.mail)
        row.mail = fresh.box("invitation", "mail", row.id, 1, mail)


def _carry(
    old: OpenCommunity, fresh: OpenCommunity, row: Invitation, key: PublicKey | None
) -> None:
    if key is None or not epochs.vouched(
        old.roots[row.epoch], old.id, row.epoch, key.id, key.fpr, INVITED, row.mac or b""
    ):
        log.critical("invitation not vouched for: %s", row.id)
        row.state, row.sealed, row.mac = "withdrawn", None, None
        return
    row.sealed = epochs.sealed_for(fresh.id, fresh.epoch, fresh.root, key)
    row.mac = epochs.membership_mark(fresh.root, fresh.id, key, INVITED, fresh.epoch)
