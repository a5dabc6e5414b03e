"""
The address book: what colleagues may see of a professional.

A record must be readable by any signed-in colleague while its owner is away, so it is boxed under a
key of the whole portal, `sub(pepper, "directory")`, and not under the owner's root.  A stolen
database shows nobody's name; a stolen database together with the pepper shows what colleagues see
of professionals, never anything of a patient.  Patients have no record.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from portal import vault
from portal.accounts import formerly
from portal.accounts.dates import show_short, today
from portal.accounts.models import Account
from portal.accounts.occupations import (
    Absence,
    Occupation,
    language_names,
    specialty_everywhere,
    specialty_words,
)
from portal.accounts.profile.records import open_card, open_licence
from portal.core.actor import AccountId, Actor
from portal.core.errors import Denied
from portal.core.language import N_, gettext
from portal.mailing import Address, open_address

MOST_FOUND: Final = 20
SHORTEST_QUESTION: Final = 2


class ColleaguesOnly(Denied):
    """Only professionals look each other up."""

    code = "colleagues_only"
    message = N_("The address book is for professionals.")


@dataclass(frozen=True, slots=True)
class Away:
    """That somebody is not there today."""

    until: date
    """The last day."""
    deputy: str = ""
    """The name of who stands in; empty when there is nobody, or no longer."""

    def __str__(self) -> str:
        """In the reader's language: away until 3 Dec, deputy Dr. Rossi."""
        values = {"day": show_short(self.until), "name": self.deputy}
        if self.deputy:
            return gettext("away until %(day)s, deputy %(name)s", **values)
        return gettext("away until %(day)s", **values)


@dataclass(frozen=True, slots=True)
class ColleagueCard:
    """What colleagues see of a professional."""

    id: AccountId
    name: str
    """With the title."""
    specialty: str
    """As it was typed."""
    place: str
    practice: str = ""
    languages: tuple[str, ...] = ()
    """Codes (ISO 639) of what they speak."""
    away: Away | None = None

    def shown(self) -> dict[str, str]:
        """What stands behind the name, in the reader's language."""
        return {
            "specialty": specialty_words(self.specialty),
            "place": self.place,
            "practice": self.practice,
            "languages": language_names(self.languages),
            "away": str(self.away or ""),
        }


@dataclass(frozen=True, slots=True)
class _Record:
    """A card as it is kept."""

    id: AccountId
    name: str
    work: Occupation

    @property
    def called(self) -> str:
        return self.work.called(self.name)

    def holds(self, words: Collection[str]) -> bool:
        work = self.work
        said = (self.called, specialty_everywhere(work.specialty), work.practice, work.place)
        text = " ".join([*said, work.specialty]).casefold()
        return all(word in text for word in words)


async def find_colleagues(actor: Actor, text: str) -> list[ColleagueCard]:
    """
    Findable professionals whose name, specialty, practice or place holds every word of *text*.

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
    return await _shown(await asyncio.to_thread(_matching, rows, words))


async def card(account_id: AccountId) -> ColleagueCard | None:
    """The card of an active professional, findable or not; None for everybody else."""
    return (await cards([account_id])).get(account_id)


async def cards(account_ids: Collection[AccountId]) -> dict[AccountId, ColleagueCard]:
    """The cards of those who have one, in one query, and one more when somebody has a deputy."""
    return {each.id: each for each in await _shown(await _records(account_ids))}


async def card_versions(account_ids: Collection[AccountId]) -> dict[AccountId, int]:
    """
    Which version of their card, with the licence number, professionals have.

    Whoever shows a card to be confirmed asks this first: what changes while it is read counts as
    not seen.
    """
    found = Account.filter(id__in=list(set(account_ids)), kind="professional", state="active")
    rows = await found.values_list("id", "card_rev")
    return {AccountId(account): int(version) for account, version in rows}


async def licences(account_ids: Collection[AccountId]) -> dict[AccountId, str]:
    """
    The licence numbers of those who gave one.

    For a page of whoever may confirm these accounts; the caller has made sure of that.
    """
    rows = await Account.filter(id__in=list(set(account_ids)), licence__isnull=False).only(
        "id", "licence", "card_rev"
    )
    found = {}
    for row in rows:
        try:
            found[AccountId(row.id)] = open_licence(row)
        except vault.Tampered:
            vault.report("address book record does not open: account", row.id)
    return found


async def by_mail(address: Address) -> AccountId | None:
    """
    Whose address this is, or was until lately; inside the portal only, since it tells that somebody
    exists.
    """
    return (await by_mails([address])).get(address.mark)


async def by_mails(addresses: Collection[Address]) -> dict[str, AccountId]:
    """
    The same for many at once, by their marks.

    The mark only finds the row, the boxed address decides: whoever writes the database gives
    nobody's address to somebody else.
    """
    marks = {each.mark for each in addresses}
    rows = await Account.filter(mail_mark__in=list(marks)).only("id", "mail", "mail_mark")
    found = {str(row.mail_mark): AccountId(row.id) for row in rows if _holds_its_mark(row)}
    before = marks - {str(row.mail_mark) for row in rows}
    return found | await formerly.owners_of(before) if before else found


def _holds_its_mark(row: Account) -> bool:
    try:
        if open_address(row.mail, row.id).mark == row.mail_mark:
            return True
    except vault.Tampered:
        pass  # reported like an address that is another one
    vault.report("address is not the one its mark says: account", row.id)
    return False


async def existing(account_ids: Collection[AccountId]) -> set[AccountId]:
    """Those of *account_ids* that there still are."""
    found = Account.filter(id__in=list(account_ids))
    return set(cast("list[AccountId]", await found.values_list("id", flat=True)))


async def _records(account_ids: Collection[AccountId]) -> list[_Record]:
    rows = await Account.filter(
        id__in=list(set(account_ids)), kind="professional", state="active"
    ).only("id", "card", "card_rev")
    return _open_all(rows)


def _open_all(rows: Iterable[Account]) -> list[_Record]:
    """The records that open: one that somebody edited must not close the book for everybody."""
    found = []
    for row in rows:
        try:
            opened = open_card(row)
        except vault.Tampered:
            vault.report("address book record does not open: account", row.id)
            continue
        if opened is not None:
            found.append(_Record(AccountId(row.id), *opened))
    return found


async def _shown(records: Collection[_Record]) -> list[ColleagueCard]:
    """The records as colleagues see them today; an absence is over after its last day."""
    current = today()
    away = {
        each.id: each.work.absence
        for each in records
        if each.work.absence and each.work.absence.first <= current <= each.work.absence.last
    }
    deputies = [AccountId(each.deputy) for each in away.values() if each.deputy]
    names = {each.id: each.called for each in await _records(deputies)} if deputies else {}
    return [
        ColleagueCard(
            each.id,
            each.called,
            each.work.specialty,
            each.work.place,
            each.work.practice,
            each.work.languages,
            _away(away[each.id], names) if each.id in away else None,
        )
        for each in records
    ]


def _away(absence: Absence, names: Mapping[AccountId, str]) -> Away:
    deputy = AccountId(absence.deputy) if absence.deputy else None
    return Away(absence.last, names.get(deputy, "") if deputy else "")


def _matching(rows: list[Account], words: list[str]) -> list[_Record]:
    found = [each for each in _open_all(rows) if each.holds(words)]
    return sorted(found, key=lambda each: each.called.casefold())[:MOST_FOUND]
