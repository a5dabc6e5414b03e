"""
The outer box of a wrap, and the revision it is bound to.

Whether an account asks for a second factor is written under its root, where whoever edits the
database cannot write, but from where they could take it away.  So the outer boxes, whose key is a
file outside the database, are bound to the revision of what is written there: a wrap says for
certain what must be found.  They can be made anew without what a person types.
"""

import logging
from typing import Protocol
from uuid import UUID

from portal import vault
from portal.core.db import transaction
from portal.keys.custody import custody, outer_key
from portal.keys.models import HumanWrap, PasskeyWrap, Principal

log = logging.getLogger(__name__)


def close_outer(row: UUID, pepper_id: int, guard: int, box: bytes) -> bytes:
    """Put *box* under a pepper, bound to the wrap's row and to the revision *guard*."""
    return vault.box(outer_key(pepper_id), box, _context(row, guard))


class Wrapped(Protocol):
    """What is needed of a wrap's row to open its outer box."""

    @property
    def id(self) -> UUID:
        """The wrap's own."""

    @property
    def pepper_id(self) -> int | None:
        """Under which pepper the box lies."""

    @property
    def guard(self) -> int:
        """The revision that the box is bound to."""

    @property
    def box(self) -> bytes:
        """The outer box."""


def open_outer(row: Wrapped) -> bytes:
    """
    What lies in the outer box.

    Raises `vault.Tampered`: it does not depend on what was typed, so the row or the pepper is not
    ours, and somebody must look.
    """
    try:
        return vault.unbox(outer_key(row.pepper_id or 0), row.box, _context(row.id, row.guard))
    except vault.Tampered:
        log.critical("outer box does not open: wrap %s", row.id)
        raise


async def guard_of(principal: UUID) -> int:
    """
    The revision that the wraps of *principal* are bound to; 0 before there was any.

    Raises `vault.Tampered` when a wrap was edited.
    """
    rows = await _peppered(principal)
    for row in rows:
        open_outer(row)
    return max((row.guard for row in rows), default=0)


async def raise_guard(principal: UUID, guard: int) -> None:
    """
    Bind every wrap of *principal* to the revision *guard*; joins the caller's transaction.

    Raises `vault.Tampered` when a wrap was edited.
    """
    async with transaction():
        # The row lock: a wrap that is kept meanwhile is bound to the new revision.
        await Principal.filter(id=principal).update(kind="user")
        pepper_id = custody().files.pepper_id
        for row in await _peppered(principal):
            box = close_outer(row.id, pepper_id, guard, open_outer(row))
            again = type(row).filter(id=row.id)
            await again.update(pepper_id=pepper_id, guard=guard, box=box)


async def _peppered(principal: UUID) -> list[HumanWrap | PasskeyWrap]:
    typed = await HumanWrap.filter(principal=principal, pepper_id__isnull=False)
    return [*typed, *await PasskeyWrap.filter(principal=principal)]


def _context(row: UUID, guard: int) -> bytes:
    return vault.contexts.outer(row, "guard", guard) if guard else vault.contexts.outer(row)
