"""
Completing: what any member's visit does for those who were invited.

Only a member has the community's root, so only a visit can seal it to somebody who registered after
having been invited by address, and replace it when somebody who carried it never answered.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from cases import access, rotating
from cases.answering import end
from cases.ids import InvitationId
from cases.invitations import SHOWN, confirm_untold, rebox, seal, whom_of
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
    ready = await _with_account(community, [row for row in waiting if row not in late])
    if not late and not ready:
        return
    async with writing(actor, community) as write:
        for row in late:
            await end(row, "expired")
        if any(row.account is not None for row in late):
            write.community = await rotating.rotate(write.community)
        for invitation_id, account in ready.items():
            await _prepare(write.community, invitation_id, account)
        if late:
            await write.changed("invitation")
        else:  # members see nothing else than before, and not that there is an account
            await write.nothing()


async def _prepare(
    community: OpenCommunity, invitation_id: InvitationId, account: AccountId
) -> None:
    """Seal the root to an account; one that is inside or asked by address book gets none."""
    rows = Invitation.filter(community_id=community.id, state="pending")
    row = await rows.get_or_none(id=invitation_id, account=None)
    whom = None if row is None else whom_of(community, row)
    if row is None or whom is None:
        return
    if account in await access.members_of(community.id):
        # It waits like a patient's to its end, and does not ask back in whoever is removed.
        await rebox(community, row, whom | {"inside": "yes"})
        return
    if await rows.filter(account=account).exists():
        return
    # The word is boxed with the address: nobody who only writes the database can give it.
    by = whom.get("vouched_by")
    await rebox(community, row, whom)
    await seal(community, row, account)
    await row.save()
    if by:
        await confirm_untold(account, AccountId(UUID(by)))


async def _with_account(
    community: OpenCommunity, waiting: Sequence[Invitation]
) -> dict[InvitationId, AccountId]:
    """Those by address whose account has to be told, or is inside and not yet noted as such."""
    told = {row.account for row in waiting if row.account is not None}
    whoms = {InvitationId(row.id): whom_of(community, row) for row in waiting if not row.account}
    asked = {
        each: mailing.read_address(str(whom["mail"]))
        for each, whom in whoms.items()
        if whom and not whom.get("inside")
    }
    if not asked:
        return {}
    owners = await accounts.by_mails(asked.values())
    professionals = await accounts.cards(owners.values())
    found = {each: owners.get(address.mark) for each, address in asked.items()}
    return {
        each: account
        for each, account in found.items()
        if account is not None and account in professionals and account not in told
    }
