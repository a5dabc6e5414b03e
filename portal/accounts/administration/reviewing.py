"""
Administrators look at who says to be a professional: confirm, refuse with a reason, withdraw.

They see what colleagues would see, and the licence number; nothing of anybody's health.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self, cast
from uuid import UUID

from portal import keys, vault
from portal.accounts import standings
from portal.accounts.administrators import must_be_administrator
from portal.accounts.errors import NotYourself
from portal.accounts.factors import step_up
from portal.accounts.models import Account, Refusal, Standing
from portal.accounts.owners import to_owner
from portal.accounts.profile.directory import ColleagueCard, card_versions, cards, licences
from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction
from portal.core.errors import Invalid, Unknown
from portal.core.language import gettext as _

SHOWN: Final = 200
"""Accounts in one list; the oldest that wait come first."""
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody cannot be confirmed, in words for them."""

    text: str = field(repr=False)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        text = str(data.get("reason") or "").replace("\x00", "").strip()
        if not text:
            raise Invalid(fields={"reason": _("Say what is missing, so that it can be mended.")})
        if len(text) > LONGEST_REASON:
            most = _("At most %(most)s characters, please.", most=LONGEST_REASON)
            raise Invalid(fields={"reason": most})
        return cls(text)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A professional as administrators see them."""

    card: ColleagueCard
    since: datetime
    """When the account was made."""
    seen: int
    """The version of the card, to be sent along with a confirmation."""
    licence: str = field(default="", repr=False)
    """The licence number, if there is one: whoever confirms may look it up."""
    refused_at: datetime | None = None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Who waits, and who was confirmed, the newest first."""

    waiting: Sequence[Candidate]
    confirmed: Sequence[Candidate]


async def professionals(actor: Actor) -> Reviewed:
    """Everybody an administrator may decide about.  Raises `Unknown` for everybody else."""
    await must_be_administrator(actor)
    active = Account.filter(kind="professional", state="active")
    found = await active.order_by("created_at").values_list("id", flat=True)
    everybody = cast("list[AccountId]", found)
    holding = await standings.confirmed_among(everybody)
    waiting = [each for each in everybody if each not in holding]
    lately = Standing.all().order_by("-confirmed_at").values_list("account_id", flat=True)
    confirmed = [each for each in cast("list[AccountId]", await lately) if each in holding]
    return Reviewed(
        await _candidates(waiting[:SHOWN]),
        await _candidates(confirmed[:SHOWN]),
    )


async def confirm(actor: Actor, account: AccountId, seen: int) -> None:
    """
    Confirm the professional whose card was *seen* in that version, and who gets a mail.

    Raises `NotYourself`, `Unknown`, `StepUpNeeded`, and `CardChanged` when it is another by now.
    """
    await _may_decide(actor, account)
    async with transaction():
        await standings.confirm_and_write(account, standings.OPERATOR, seen)
        await Refusal.filter(account_id=account).delete()


async def refuse(actor: Actor, account: AccountId, reason: Reason) -> None:
    """Say why not, or why no longer; takes a confirmation back.  Errors as in `confirm`."""
    await _may_decide(actor, account)
    row = await _professional(account)
    boxed = vault.box(keys.pepper_key("refusal"), reason.text.encode(), _context(account))
    async with transaction():
        await standings.withdraw(account)
        await Refusal.filter(account_id=account).delete()
        await Refusal.create(
            account_id=account, refused_by=actor.id, refused_at=now(), reason=boxed
        )
        await to_owner(row, "not_confirmed")


async def reason_for(actor: Actor) -> str:
    """What an administrator wrote to the actor; empty when nobody refused."""
    row = await Refusal.get_or_none(account_id=actor.id)
    return "" if row is None else _open(row)


async def _may_decide(actor: Actor, account: AccountId) -> None:
    await must_be_administrator(actor)
    if account == actor.id:
        raise NotYourself
    await step_up(actor)


async def _professional(account: AccountId) -> Account:
    row = await Account.get_or_none(id=account, kind="professional", state="active")
    if row is None:
        raise Unknown
    return row


async def _candidates(ids: Sequence[AccountId]) -> list[Candidate]:
    rows = {row.id: row for row in await Account.filter(id__in=ids).only("id", "created_at")}
    versions = await card_versions(ids)
    shown, numbers = await cards(ids), await licences(ids)
    refused = {row.account_id: row for row in await Refusal.filter(account_id__in=ids)}
    return [
        Candidate(
            card=shown[each],
            since=rows[each].created_at,
            seen=versions[each],
            licence=numbers.get(each, ""),
            refused_at=refused[each].refused_at if each in refused else None,
            reason=_open(refused[each]) if each in refused else "",
        )
        for each in ids
        if each in shown and each in versions
    ]


def _open(row: Refusal) -> str:
    return vault.unbox(keys.pepper_key("refusal"), row.reason, _context(row.account_id)).decode()


def _context(account: UUID) -> bytes:
    return vault.contexts.text("portal", account, 0, "standing_refusal", "reason", account, 0)
