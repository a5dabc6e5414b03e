"""
The address book: what colleagues may see of a professional.

A record must be readable by any signed-in colleague while its owner is away, so it is boxed under a
key of the whole portal, `sub(pepper, "directory")`, and not under the owner's root.  A stolen
database shows nobody's name; a stolen database together with the pepper shows the names,
specialties and places of professionals, never anything of a patient.  Patients have no record.
"""

import asyncio
import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast
from uuid import UUID

from portal import keys, vault
from portal.accounts.models import Account, FormerAddress
from portal.core.actor import AccountId, Actor
from portal.core.db import now
from portal.core.errors import Denied
from portal.core.language import N_
from portal.mailing import Address

log = logging.getLogger(__name__)

MOST_FOUND: Final = 20
SHORTEST_QUESTION: Final = 2


class ColleaguesOnly(Denied):
    """Only professionals look each other up."""

    code = "colleagues_only"
    message = N_("The address book is for professionals.")


@dataclass(frozen=True, slots=True)
class ColleagueCard:
    """What colleagues see of a professional."""

    id: AccountId
    name: str
    specialty: str
    place: str


async def find_colleagues(actor: Actor, text: str) -> list[ColleagueCard]:
    """
    Findable professionals whose name, specialty or place holds every word of *text*.

    At most `MOST_FOUND`, by name; nothing for fewer than two characters, so nobody leafs through
    the book.
    """
    if actor.kind != "professional":
        raise ColleaguesOnly
    words = text.casefold().split()
    if sum(map(len, words)) < SHORTEST_QUESTION:
        return []
    rows = await Account.filter(
        kind="professional", state="active", findable=True, id__not=actor.id
    ).only("id", "card", "card_rev")
    return await asyncio.to_thread(_matching, rows, words)


async def card(account_id: AccountId) -> ColleagueCard | None:
    """The card of an active professional, findable or not; None for everybody else."""
    return (await cards([account_id])).get(account_id)


async def cards(account_ids: Collection[AccountId]) -> dict[AccountId, ColleagueCard]:
    """The cards of those who have one, in one query."""
    rows = await Account.filter(
        id__in=list(set(account_ids)), kind="professional", state="active"
    ).only("id", "card", "card_rev")
    return {each.id: each for each in _open_all(rows)}


async def by_mail(address: Address) -> AccountId | None:
    """
    Whose address this is, or was until lately; inside the portal only, since it tells that somebody
    exists.
    """
    row = await Account.get_or_none(mail_mark=address.mark).only("id")
    if row is not None:
        return AccountId(row.id)
    former = await FormerAddress.get_or_none(mail_mark=address.mark, until__gt=now())
    return None if former is None else AccountId(former.account_id)


async def existing(account_ids: Collection[AccountId]) -> set[AccountId]:
    """Those of *account_ids* that there still are."""
    found = Account.filter(id__in=list(account_ids))
    return set(cast("list[AccountId]", await found.values_list("id", flat=True)))


def box_card(owner: UUID, rev: int, *, name: str, specialty: str, place: str) -> bytes:
    """The record as it is kept."""
    packed = json.dumps({"name": name, "specialty": specialty, "place": place}).encode()
    return vault.box(keys.pepper_key("directory"), _padded(packed), _context(owner, rev))


def open_card(row: Account) -> ColleagueCard | None:
    """The record of *row*, None when it has none.  Raises `vault.Tampered` when it is another's."""
    if row.card is None:
        return None
    packed = vault.unbox(keys.pepper_key("directory"), row.card, _context(row.id, row.card_rev))
    return ColleagueCard(AccountId(row.id), **json.loads(packed))


def _open_all(rows: Iterable[Account]) -> list[ColleagueCard]:
    """The records that open: one that somebody edited must not close the book for everybody."""
    found = []
    for row in rows:
        try:
            found.append(open_card(row))
        except vault.Tampered:
            _report(row.id)
    return [each for each in found if each is not None]


@lru_cache(maxsize=1000)
def _report(row: UUID) -> None:
    """Say once that somebody must look, not at every page that would have shown it."""
    log.critical("address book record does not open: account %s", row)


def _matching(rows: list[Account], words: list[str]) -> list[ColleagueCard]:
    found = [
        each
        for each in _open_all(rows)
        if all(word in f"{each.name} {each.specialty} {each.place}".casefold() for word in words)
    ]
    return sorted(found, key=lambda each: each.name.casefold())[:MOST_FOUND]


def _padded(packed: bytes) -> bytes:
    """Blanks up to the next 64 bytes: JSON ignores them, and the length of a name does not show."""
    return packed + b" " * (-len(packed) % 64)


def _context(owner: UUID, rev: int) -> bytes:
    return vault.contexts.text("portal", owner, 0, "account", "card", owner, rev)
