"""
The records that are boxed under keys of the portal: what colleagues see, and the licence number.

Both must open while their owner is away, so neither can lie under the owner's root.  The licence
number is for those who may confirm a professional and for nobody else; it has a key of its own,
`sub(pepper, "licence")`, so that no page which shows colleagues can show it by mistake.
"""

import json
from datetime import date
from typing import Any
from uuid import UUID

from portal import keys, vault
from portal.accounts.models import Account
from portal.accounts.occupations import Absence, Occupation


def boxed(owner: UUID, rev: int, name: str, of: Occupation) -> dict[str, Any]:
    """The columns of a professional's row that *of* fills."""
    document: dict[str, Any] = {
        "name": name,
        "title": of.title,
        "specialty": of.specialty,
        "practice": of.practice,
        "place": of.place,
        "languages": list(of.languages),
    }
    if of.absence is not None:
        document["absence"] = {
            "first": of.absence.first.isoformat(),
            "last": of.absence.last.isoformat(),
            "deputy": None if of.absence.deputy is None else of.absence.deputy.hex,
        }
    return {
        "card": _box("directory", "card", owner, rev, document),
        "card_rev": rev,
        "licence": _box("licence", "licence", owner, rev, of.licence) if of.licence else None,
        "findable": of.findable,
    }


def open_card(row: Account) -> tuple[str, Occupation] | None:
    """
    Name and work of a professional; None for everybody else.  The licence number stays closed.

    Records of before hold name, specialty and place only.  Raises `vault.Tampered` when the record
    is another's.
    """
    if row.card is None:
        return None
    context = _context("card", row.id, row.card_rev)
    said = json.loads(vault.unbox(keys.pepper_key("directory"), row.card, context))
    return said["name"], Occupation(
        title=said.get("title", ""),
        specialty=said["specialty"],
        practice=said.get("practice", ""),
        place=said["place"],
        languages=tuple(said.get("languages", ())),
        absence=_absence(said.get("absence")),
    )


def open_licence(row: Account) -> str:
    """The licence number, empty when there is none.  Raises `vault.Tampered`."""
    if row.licence is None:
        return ""
    context = _context("licence", row.id, row.card_rev)
    return str(json.loads(vault.unbox(keys.pepper_key("licence"), row.licence, context)))


def _box(purpose: str, column: str, owner: UUID, rev: int, said: object) -> bytes:
    packed = _padded(json.dumps(said).encode())
    return vault.box(keys.pepper_key(purpose), packed, _context(column, owner, rev))


def _absence(said: dict[str, Any] | None) -> Absence | None:
    if said is None:
        return None
    return Absence(
        first=date.fromisoformat(said["first"]),
        last=date.fromisoformat(said["last"]),
        deputy=None if said["deputy"] is None else UUID(said["deputy"]),
    )


def _padded(packed: bytes) -> bytes:
    """Blanks up to the next 64 bytes: JSON ignores them, and the length of a name does not show."""
    return packed + b" " * (-len(packed) % 64)


def _context(column: str, owner: UUID, rev: int) -> bytes:
    return vault.contexts.text("portal", owner, 0, "account", column, owner, rev)
