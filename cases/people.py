"""Colleagues as pages show them: a name for every account that ever wrote something."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from cases import access
from cases.ids import CommunityId
from portal import accounts
from portal.core.actor import AccountId
from portal.core.language import gettext as _


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody's name beside what they wrote."""

    id: AccountId
    name: str
    specialty: str = ""
    """Like everything that follows in the reader's language."""
    place: str = ""
    practice: str = ""
    languages: str = ""
    away: str = ""
    """Until when they are away today, and who stands in; empty while they are there."""

    @classmethod
    def of(cls, card: accounts.ColleagueCard) -> Self:
        """Out of the address book."""
        return cls(card.id, card.name, **card.shown())


async def colleagues(ids: Collection[AccountId]) -> dict[AccountId, Colleague]:
    """Everybody asked for; an account that is gone keeps its posts under a general name."""
    known = await accounts.cards(ids)
    found = {}
    for each in ids:
        card = known.get(each)
        found[each] = Colleague(each, _("Former member")) if card is None else Colleague.of(card)
    return found


async def hearers_of(community_id: CommunityId) -> frozenset[AccountId]:
    """
    Whoever hears what happens in the community: members whom somebody confirms at this moment.

    A member whose confirmation was withdrawn hears nothing from the next event on.
    """
    return await accounts.confirmed_among(await access.members_of(community_id))
