"""Colleagues as pages show them: a name for every account that ever wrote something."""

from collections.abc import Collection
from dataclasses import dataclass

from portal import accounts
from portal.core.actor import AccountId
from portal.core.language import gettext as _


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody's name beside what they wrote."""

    id: AccountId
    name: str
    specialty: str = ""
    place: str = ""


async def colleagues(ids: Collection[AccountId]) -> dict[AccountId, Colleague]:
    """Everybody asked for; an account that is gone keeps its posts under a general name."""
    known = await accounts.cards(ids)
    found = {}
    for each in ids:
        card = known.get(each)
        found[each] = (
            Colleague(each, _("Former member"))
            if card is None
            else Colleague(each, card.name, card.specialty, card.place)
        )
    return found
