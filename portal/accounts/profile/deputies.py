"""Who stands in for somebody away: a colleague out of the address book, named by words."""

from typing import Final
from uuid import UUID

from portal.accounts.errors import NotConfirmed
from portal.accounts.profile.directory import ColleagueCard, cards, find_colleagues
from portal.accounts.profile.forms import DeputyTyped
from portal.accounts.standings import confirmed_among, must_be_confirmed
from portal.core.actor import AccountId, Actor
from portal.core.errors import Invalid
from portal.core.language import N_, gettext

FIELD: Final = "deputy_name"
NOBODY: Final = N_(
    "Nobody found. A deputy must be a confirmed colleague who may be found in the address book."
)
SEVERAL: Final = N_("Several colleagues fit. Please choose one.")


async def chosen(actor: Actor, typed: DeputyTyped, kept: UUID | None) -> UUID | None:
    """
    The account meant by *typed*; *kept* is the deputy of before, who may have hidden since.

    Raises `Invalid` with `fields`, and with `choices` (cards) when several fit.  The address book
    is for confirmed professionals, here as everywhere.
    """
    if not typed.words:
        return None
    try:
        await must_be_confirmed(actor)
    except NotConfirmed as error:
        raise Invalid(fields={FIELD: gettext(error.message)}) from None
    found = await _fitting(actor, typed.words, kept)
    named = [each for each in found if each.name.casefold() == typed.words.casefold()]
    for some in ([each for each in found if each.id == typed.chosen], named, found):
        if len(some) == 1:
            return some[0].id
    if found:
        raise Invalid(fields={FIELD: gettext(SEVERAL)}, choices=found)
    raise Invalid(fields={FIELD: gettext(NOBODY)})


async def name_of(deputy: UUID | None) -> str:
    """What the deputy is called; empty when the account is gone."""
    if deputy is None:
        return ""
    card = (await cards([AccountId(deputy)])).get(AccountId(deputy))
    return "" if card is None else card.name


async def _fitting(actor: Actor, words: str, kept: UUID | None) -> list[ColleagueCard]:
    listed = await find_colleagues(actor, words)
    confirmed = await confirmed_among([each.id for each in listed])
    found = {each.id: each for each in listed if each.id in confirmed}
    before = await cards([AccountId(kept)]) if kept is not None else {}
    found |= {each.id: each for each in before.values() if each.name == words}
    return list(found.values())
