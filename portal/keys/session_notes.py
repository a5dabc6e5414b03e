"""
What the owner of a session may know about it, and nobody else: a text under the owner's root.

It is bound to the session, so notes cannot be exchanged, and to a number, so none comes back.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portal import vault
from portal.core.actor import Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Conflict, SignInNeeded
from portal.keys.custody import custody
from portal.keys.models import Session
from portal.keys.texts import Text

log = logging.getLogger(__name__)

ROW_BYTES = 16


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One session of somebody's account, as its owner sees it."""

    id: bytes
    """The hash of its id."""
    note: str = field(repr=False)
    """Empty when it does not open: somebody edited it."""
    last_use: datetime
    """To the minute."""
    until: datetime
    """When it ends whatever happens."""


def box_note(row: Session, root: Secret, rev: int, note: str) -> bytes:
    """*note* for this very session and revision."""
    return _text(row, root).box("session", "note", _id(row), rev, note)


async def note_of(actor: Actor) -> str:
    """The note of the session in use.  Raises `SignInNeeded` and `vault.Tampered`."""
    return _open(await _own_row(actor), actor.root)


async def keep_note(actor: Actor, note: str) -> None:
    """
    Replace the note of the session in use.

    Raises `Conflict` when another request did so meanwhile, and `SignInNeeded`.
    """
    row = await _own_row(actor)
    boxed = box_note(row, actor.root, row.note_rev + 1, note)
    async with transaction():
        unchanged = Session.filter(sid_hash=row.sid_hash, note_rev=row.note_rev)
        if not await unchanged.update(note=boxed, note_rev=row.note_rev + 1):
            raise Conflict


async def sessions_of(actor: Actor) -> list[OwnSession]:
    """Every session of the actor's account that has not ended, the last used first."""
    moment = now()
    rows = await Session.filter(principal=actor.id, abs_exp__gt=moment, idle_exp__gt=moment)
    found = [_shown(row, actor.root) for row in rows]
    return sorted(found, key=lambda each: each.last_use, reverse=True)


def _shown(row: Session, root: Secret) -> OwnSession:
    try:
        note = _open(row, root)
    except vault.Tampered:
        log.critical("note of a session does not open: account %s", row.principal)
        note = ""
    # Near its end a session is not prolonged; then this is a little early, never late.
    last_use = row.idle_exp - custody().idle
    return OwnSession(bytes.fromhex(row.sid_hash), note, last_use, row.abs_exp)


async def _own_row(actor: Actor) -> Session:
    row = await Session.get_or_none(sid_hash=actor.session.hex(), principal=actor.id)
    if row is None:
        raise SignInNeeded
    return row


def _open(row: Session, root: Secret) -> str:
    if row.note is None:
        return ""
    return _text(row, root).open("session", "note", _id(row), row.note_rev, row.note)


def _text(row: Session, root: Secret) -> Text:
    return Text("user", row.principal, row.epoch, root)


def _id(row: Session) -> UUID:
    return UUID(bytes=bytes.fromhex(row.sid_hash)[:ROW_BYTES])
