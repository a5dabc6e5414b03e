"""
What an account asks for besides the password: one document under root and pepper.

Whoever edits the database can neither read nor write it, not even with a Pass that opens the root:
the outer box needs a key file.  Nor can they take it away: the account is marked with its revision
(`keys.guard_of`), so a document that is missing or older is an alarm, and nobody signs in.
"""

import json
import logging
from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from tortoise.exceptions import IntegrityError

from portal import keys, vault
from portal.accounts.factors.contents import Factors
from portal.accounts.factors.models import Factors as Row
from portal.accounts.factors.models import SeenBefore
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import transaction
from portal.core.errors import Conflict

log = logging.getLogger(__name__)


class NoKeyFiles(Exception):
    """Accounts are carried over with the key files of the portal, which are not there."""


async def read(owner: Actor) -> Factors:
    """
    The second factors of *owner*, who need not be signed in yet.

    Raises `vault.Tampered` when the document is missing, older than the account's mark says, or not
    ours, and `SignInNeeded` when the account is gone.
    """
    row = await _kept(owner.id)
    return Factors() if row is None else _opened(row, owner.epoch, owner.root)


async def change(owner: Actor, after: Factors) -> Factors:
    """
    Replace the document that *after* was made from, and bind the wraps to it.

    Raises `Conflict` when another request did so meanwhile: of two at once one is refused.
    Raises `SignInNeeded` when the root is another one by now, which this document would lock out.
    """
    new = replace(after, rev=after.rev + 1)
    boxed = _boxed(owner.id, owner.epoch, owner.root, new)
    async with transaction():
        await keys.hold(owner)
        await keys.raise_guard(owner.id, new.rev)
        if after.rev:
            unchanged = Row.filter(account_id=owner.id, rev=after.rev)
            if not await unchanged.update(rev=new.rev, box=boxed):
                raise Conflict
        else:
            await _first(owner.id, new.rev, boxed)
    return new


async def reseal(
    owner: AccountId,
    before: tuple[int, Secret],
    after: tuple[int, Secret],
    kept: Collection[str],
    *,
    short: bool,
) -> None:
    """
    Move the document from one (epoch, root) to the next; joins the caller's transaction.

    For an account that is given a new root.  Only those in *kept* stay (`Factors.only`).  What
    passkeys unlocked was the old root: they are a second step, and unlock again after one use.
    Raises `vault.Tampered` like `read`.
    """
    async with transaction():
        row = await _kept(owner)
        await keys.drop_passkeys(owner)
        if row is None:
            return
        found = _opened(row, *before)
        # Recovery codes are keyed by the root: those of the old one are over.
        left = found.only(kept).shut()
        new = replace(left, rev=found.rev + 1, recovery=(), short=short, by_pass=None)
        boxed = _boxed(owner, *after, new)
        await keys.raise_guard(owner, new.rev)
        await Row.filter(account_id=owner).update(rev=new.rev, box=boxed)


async def start_anew(owner: Actor) -> None:
    """Take away every second factor, whoever set it up.  Raises like `read` and `change`."""
    async with transaction():
        found = await read(owner)
        if found.rev:
            await change(owner, Factors(rev=found.rev))
        await keys.drop_passkeys(owner.id)
        await SeenBefore.filter(account_id=owner.id).delete()


async def forget(owner: AccountId) -> None:
    """Delete what is kept for an account that goes; joins the caller's transaction."""
    async with transaction():
        await Row.filter(account_id=owner).delete()
        await SeenBefore.filter(account_id=owner).delete()
        await keys.drop_passkeys(owner)


async def carry_over() -> None:
    """
    Let every account of before say which revision it has, and put its document under the pepper.

    For the migration that began it, and never again: later nothing but the mark counts.  Whose
    document is missing or older than the wraps say stays closed.  Raises `NoKeyFiles`.
    """
    for account in await keys.unmarked():
        if not keys.configured():
            raise NoKeyFiles
        row = await Row.get_or_none(account_id=account)
        rev = 0 if row is None else row.rev
        async with transaction():
            if await keys.mark_first(account, rev) and row is not None:
                outside = _outside(account, rev)
                boxed = vault.box(keys.pepper_key("factors"), row.box, outside)
                await Row.filter(account_id=account).update(box=boxed)


async def _kept(owner: UUID) -> Row | None:
    """The row that the account's mark asks for; None where nothing was ever set up."""
    guard = await keys.guard_of(owner)  # first: what is changed meanwhile is newer, never older
    row = await Row.get_or_none(account_id=owner)
    if (0 if row is None else row.rev) < guard:
        log.critical("second factors missing or taken back: account %s", owner)
        raise vault.Tampered
    return row


async def _first(owner: UUID, rev: int, boxed: bytes) -> None:
    try:
        await Row.create(account_id=owner, rev=rev, box=boxed)
    except IntegrityError:
        raise Conflict from None


def _boxed(owner: UUID, epoch: int, root: Secret, found: Factors) -> bytes:
    text = keys.Text("user", owner, epoch, root)
    inner = text.box("factors", "document", owner, found.rev, json.dumps(found.pack()))
    return vault.box(keys.pepper_key("factors"), inner, _outside(owner, found.rev))


def _opened(row: Row, epoch: int, root: Secret) -> Factors:
    text, place = keys.Text("user", row.account_id, epoch, root), (row.account_id, row.rev)
    try:
        inner = vault.unbox(keys.pepper_key("factors"), row.box, _outside(*place))
        return Factors.unpack(row.rev, json.loads(text.open("factors", "document", *place, inner)))
    except vault.Tampered:
        log.critical("second factors do not open: account %s", row.account_id)
        raise


def _outside(owner: UUID, rev: int) -> bytes:
    return vault.contexts.outer(owner, "factors", rev)
