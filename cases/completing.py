"""
Completing: what any member's visit does for those who were invited.

Only a member has the community's root, so only a visit can seal it to somebody who registered after
having been invited by address, and replace it when somebody who carried it never answered.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from cases import access, rotating
from cases.answering import end
from cases.ids import InvitationId
from cases.invitations import SHOWN, mail_of, seal
from cases.models import Invitation
from cases.opened import OpenCommunity
from cases.writing import writing
from portal import accounts, mailing
from portal.core.actor import AccountId, Actor
from portal.core.db import now

KEPT: Final = timedelta(days=30)
"""How long owners see that somebody said no, or nothing."""


async def complete(actor: Actor, community: OpenCommunity) -> None:
    """
    What any member's visit does for the invited: seal the root to those who have an account by now,
    end what nobody answered for 14 days, and forget a month later whom it had asked.
    """
    rows = await Invitation.filter(community_id=community.id, state__in=SHOWN)
    await access.settled(community, rows)
    waiting = [row for row in rows if row.state == "pending"]
    over = [row for row in rows if row.state != "pending" and row.expires_at <= now() - KEPT]
    if over:  # a visit that changes nothing writes nothing
        ids, ended = [row.id for row in over], ["declined", "expired"]
        await Invitation.filter(community_id=community.id, id__in=ids, state__in=ended).delete()
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
                await seal(write.community, still, account)
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
    mails = {InvitationId(row.id): mail_of(community, row) for row in rows}
    asked = {each: mailing.read_address(mail) for each, mail in mails.items() if mail}
    if not asked:
        return {}
    owners = await accounts.by_mails(asked.values())
    professionals = await accounts.cards(owners.values())
    return {
        each: owners[address.mark]
        for each, address in asked.items()
        if owners.get(address.mark) in professionals
    }
