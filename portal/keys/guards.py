"""
The outer box of a wrap, and the revision it is bound to.

Whether an account asks for a second factor is written under its root, where whoever edits the
database cannot write, but from where they could take it away.  So each account has a mark, under a
key that is a file outside the database, over the revision of what is written there: it says for
certain what must be found, also to who comes with a code from paper, whose box has no other
protection than the code.  The outer boxes are bound to the same revision, and can be made anew
without what a person types.
"""

import logging
from typing import Protocol, cast
from uuid import UUID

from portal import vault
from portal.core.db import transaction
from portal.core.errors import SignInNeeded
from portal.keys.custody import custody, outer_key, pepper_key
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


def guard_mark(principal: UUID, guard: int) -> bytes:
    """The portal's word that *guard* is the revision of *principal*."""
    return vault.mac(pepper_key("guard"), vault.contexts.guard(principal, guard))


async def guard_of(principal: UUID) -> int:
    """
    The revision that *principal* and its wraps are bound to; 0 before there was any.

    Raises `vault.Tampered` when somebody edited one of them, or took the mark away, and
    `SignInNeeded` when the account has ended.
    """
    account = await Principal.get_or_none(id=principal)
    if account is None:
        raise SignInNeeded
    _must_be_marked(account)
    rows = await _peppered(principal)
    for row in rows:
        open_outer(row)
    return max([account.guard, *(row.guard for row in rows)])


def _must_be_marked(account: Principal) -> None:
    context = vault.contexts.guard(account.id, account.guard)
    try:
        vault.check_mac(pepper_key("guard"), context, account.mark or b"")
    except vault.Tampered:
        log.critical("mark on the second factors is not ours: user %s", account.id)
        raise


async def raise_guard(principal: UUID, guard: int) -> None:
    """
    Bind *principal* and its wraps to the revision *guard*; joins the caller's transaction.

    Raises `vault.Tampered` when a wrap was edited.
    """
    async with transaction():
        # The row lock: a wrap that is kept meanwhile is bound to the new revision.
        this = Principal.filter(id=principal)
        await this.update(guard=guard, mark=guard_mark(principal, guard))
        pepper_id = custody().files.pepper_id
        for row in await _peppered(principal):
            box = close_outer(row.id, pepper_id, guard, open_outer(row))
            again = type(row).filter(id=row.id)
            await again.update(pepper_id=pepper_id, guard=guard, box=box)


async def unmarked() -> list[UUID]:
    """Accounts without a mark; there are none but those of before the release that began it."""
    found = await Principal.filter(kind="user", mark=None).values_list("id", flat=True)
    return cast("list[UUID]", found)


async def mark_first(principal: UUID, guard: int) -> bool:
    """
    Give an account of before its mark; joins the caller's transaction.

    For the one time when that is carried over.  False, and nothing is changed, unless its wraps
    bear *guard* out: one was edited, is bound to a later revision, or there is none at all.
    """
    rows = await _peppered(principal)
    try:
        for row in rows:
            open_outer(row)
    except vault.Tampered:
        return False
    if not rows or guard < max(row.guard for row in rows):
        return False
    await raise_guard(principal, guard)
    return True


async def _peppered(principal: UUID) -> list[HumanWrap | PasskeyWrap]:
    typed = await HumanWrap.filter(principal=principal, pepper_id__isnull=False)
    return [*typed, *await PasskeyWrap.filter(principal=principal)]


def _context(row: UUID, guard: int) -> bytes:
    return vault.contexts.outer(row, "guard", guard) if guard else vault.contexts.outer(row)
