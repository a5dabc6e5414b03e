"""
Tokens: a root under the key that a program shows with each request.

Like a session a token is worth nothing without its row, and the row opens nothing without it.  It
is bound to what it may do and to its end: whoever edits either ends it.  What its owner calls it
and when it was used lies under the owner's root.
"""

import base64
import hashlib
import json
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Self, cast
from uuid import UUID

from portal import vault
from portal.core.actor import SECRET_BYTES, AccountId, AccountKind, Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Conflict
from portal.core.language import N_
from portal.keys.models import Principal, Token
from portal.keys.texts import Text
from portal.keys.wraps import must_still_open

log = logging.getLogger(__name__)

Scope = Literal["read", "add"]
"""To look at and download what its owner keeps; to upload in their name."""

Allowed = Scope | Literal["any"]
"""What a token must be for to count at an address; "any": whatever it is for."""

SCOPES: Final[tuple[Scope, ...]] = ("read", "add")
PREFIX: Final = "hds_"
"""By which people, and programs that look for secrets in the wrong places, recognise a token."""
ID_BYTES: Final = 16
CHARACTERS: Final = len(PREFIX) + (ID_BYTES + SECRET_BYTES) * 4 // 3
MOST: Final = 20
"""Tokens of one account at once."""
LONGEST: Final = timedelta(days=367)
"""A year, leap days and the rest of its last day included."""
NOTED_AFTER: Final = timedelta(minutes=1)
"""How long ago the last noted use must be for another one to be noted."""


class TooManyTokens(Conflict):
    """The account has as many as it may."""

    code = "too_many_tokens"
    message = N_("You have %(most)s tokens already. Please revoke one that is not needed.")


@dataclass(frozen=True, slots=True)
class ByToken:
    """Whom a program stands for, and what it may do."""

    actor: Actor
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class OwnToken:
    """One token of somebody's account, as its owner sees it."""

    id: bytes
    """The hash of its id."""
    label: str = field(repr=False)
    """Empty when its note does not open: somebody edited it."""
    scopes: tuple[Scope, ...]
    created: datetime | None
    last_use: datetime | None
    """To the minute; None for one that was never used."""
    until: datetime


@dataclass(frozen=True, slots=True)
class _Note:
    label: str = field(repr=False)
    created: datetime
    used: datetime | None = None

    def pack(self) -> str:
        used = None if self.used is None else int(self.used.timestamp())
        return json.dumps([self.label, int(self.created.timestamp()), used])

    @classmethod
    def unpack(cls, text: str) -> Self:
        label, created, used = json.loads(text)
        zone = now().tzinfo
        return cls(
            label,
            datetime.fromtimestamp(created, zone),
            None if used is None else datetime.fromtimestamp(used, zone),
        )


async def make_token(actor: Actor, label: str, scopes: Iterable[Scope], until: datetime) -> str:
    """
    A new token of *actor*'s account, which exists nowhere but in this answer.

    Joins the caller's transaction.  Raises `TooManyTokens`, and `Conflict` when the root was
    replaced meanwhile; `ValueError` for no scope, or an end that is past or more than a year away.
    """
    moment, allowed = now(), frozenset(scopes)
    if not allowed or not moment < until <= moment + LONGEST:
        raise ValueError("a token has a use and an end")
    raw = secrets.token_bytes(ID_BYTES + SECRET_BYTES)
    row = Token(
        token_hash=_hash_of(raw[:ID_BYTES]).hex(),
        principal=actor.id,
        epoch=actor.epoch,
        account_kind=actor.kind,
        language=actor.language,
        scopes=" ".join(each for each in SCOPES if each in allowed),
        exp=until.replace(microsecond=0),
        note_rev=1,
    )
    row.box = vault.box_secret(Secret(raw[ID_BYTES:]), actor.root, _context(row))
    row.note = _boxed(row, actor.root, 1, _Note(label, moment))
    async with transaction():
        await must_still_open(actor.id, actor.epoch, None)  # one after another: they are counted
        if await Token.filter(principal=actor.id).count() >= MOST:
            raise TooManyTokens(most=MOST)
        await row.save(force_create=True)
    return PREFIX + base64.urlsafe_b64encode(raw).decode()


async def by_token(token: str) -> ByToken | None:
    """
    Whom *token* stands for, with the root it unlocks; None for every other value.

    Notes the use, at most once a minute.
    """
    try:
        token_hash, key = _read(token)
    except ValueError:
        return None
    row = await Token.get_or_none(token_hash=token_hash.hex())
    moment = now()
    if row is None or row.exp <= moment:
        return None
    try:
        root = vault.unbox_secret(key, row.box, _context(row))
    except vault.Tampered:
        # A wrong key for a right id, or an edited row: nobody can tell, so it is no alarm.
        log.warning("token row does not open: account %s", row.principal)
        return None
    await _note_use(row, root, moment)
    actor = Actor(
        id=AccountId(row.principal),
        kind=cast("AccountKind", row.account_kind),
        epoch=row.epoch,
        root=root,
        session=token_hash,
        language=row.language,
    )
    return ByToken(actor, frozenset(_scopes(row)))


async def tokens_of(actor: Actor) -> list[OwnToken]:
    """Every token of the actor's account that has not ended, the newest first."""
    rows = await Token.filter(principal=actor.id, exp__gt=now())
    found = [_shown(row, actor.root) for row in rows]
    return sorted(found, key=lambda each: (each.created or each.until, each.id), reverse=True)


async def end_own_token(actor: Actor, token: bytes) -> bool:
    """Revoke one token of *actor*'s account; whether there was one with that hash."""
    return bool(await Token.filter(token_hash=token.hex(), principal=actor.id).delete())


async def end_tokens(account: AccountId) -> None:
    """
    Revoke every token of *account*; joins the caller's transaction.

    Holds the lock that `make_token` takes: one that is made meanwhile is revoked as well.
    """
    async with transaction():
        await Principal.filter(id=account).update(kind="user")
        await Token.filter(principal=account).delete()


async def forget_expired_tokens() -> int:
    """Delete tokens whose time is over; how many.  For the housekeeping."""
    return await Token.filter(exp__lte=now()).delete()


def _shown(row: Token, root: Secret) -> OwnToken:
    own_id, scopes = bytes.fromhex(row.token_hash), _scopes(row)
    try:
        note = _opened(row, root)
    except vault.Tampered:
        log.critical("note of a token does not open: account %s", row.principal)
        return OwnToken(own_id, "", scopes, None, None, row.exp)
    return OwnToken(own_id, note.label, scopes, note.created, note.used, row.exp)


async def _note_use(row: Token, root: Secret, moment: datetime) -> None:
    try:
        note = _opened(row, root)
    except vault.Tampered:
        log.critical("note of a token does not open: account %s", row.principal)
        return
    if note.used is not None and moment - note.used < NOTED_AFTER:
        return
    used = _Note(note.label, note.created, moment.replace(second=0, microsecond=0))
    boxed = _boxed(row, root, row.note_rev + 1, used)
    # Only the row that was read: a request that came second has nothing left to do.
    unchanged = Token.filter(token_hash=row.token_hash, note_rev=row.note_rev)
    await unchanged.update(note=boxed, note_rev=row.note_rev + 1)


def _scopes(row: Token) -> tuple[Scope, ...]:
    written = row.scopes.split()
    return tuple(each for each in SCOPES if each in written)


def _boxed(row: Token, root: Secret, rev: int, note: _Note) -> bytes:
    return _text(row, root).box("token", "note", _id(row), rev, note.pack())


def _opened(row: Token, root: Secret) -> _Note:
    return _Note.unpack(_text(row, root).open("token", "note", _id(row), row.note_rev, row.note))


def _text(row: Token, root: Secret) -> Text:
    return Text("user", row.principal, row.epoch, root)


def _id(row: Token) -> UUID:
    return UUID(bytes=bytes.fromhex(row.token_hash)[:ID_BYTES])


def _context(row: Token) -> bytes:
    return vault.contexts.root_wrap(
        "token",
        "user",
        row.principal,
        row.epoch,
        bytes.fromhex(row.token_hash),
        int(row.exp.timestamp()),
        row.scopes,
        row.account_kind,
        row.language,
    )


def _read(token: str) -> tuple[bytes, Secret]:
    """The hash of the id, and the key; `ValueError` for everything that we did not write."""
    if len(token) != CHARACTERS or not token.startswith(PREFIX) or not token.isascii():
        raise ValueError("not a token")
    raw = base64.b64decode(token.removeprefix(PREFIX), altchars=b"-_", validate=True)
    return _hash_of(raw[:ID_BYTES]), Secret(raw[ID_BYTES:])


def _hash_of(token_id: bytes) -> bytes:
    """The name under which a token lies in the database."""
    return hashlib.sha256(vault.contexts.token(token_id)).digest()
