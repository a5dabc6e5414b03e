"""
Half sessions: one proof is there, another is lacking.

Such a cookie holds the root like a session's, in a table of its own and under another context, and
says what it is for.  No page of the portal takes it for a sign-in.
"""

import base64
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from portal import vault
from portal.core.actor import SECRET_BYTES, AccountId, AccountKind, Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import SignInNeeded, Unknown
from portal.keys.holders import Holder
from portal.keys.models import HalfSession, Principal
from portal.keys.principals import check_own_key
from portal.keys.sessions import SID_BYTES, actor_of, end_own_session, read_cookie, sid_hash_of
from portal.keys.wraps import must_still_open

log = logging.getLogger(__name__)

Stage = Literal["second", "setup", "locked"]
"""The second step is lacking; a second factor must be set up first; the person locked the page."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """Who is on the way in."""

    account: AccountId
    kind: AccountKind
    language: str


@dataclass(frozen=True, slots=True)
class Half:
    """Somebody half-way in."""

    stage: Stage
    until: datetime
    actor: Actor = field(repr=False)
    """Who it will be; its `session` names the half session, which opens no page."""


async def start_half(
    who: Arriving, root: Secret, stage: Stage, until: datetime, *, opened_by: UUID | None = None
) -> str:
    """
    Keep somebody half-way until *until*; the value of the cookie, which exists nowhere else.

    Raises like `start_session`.
    """
    principal = await Principal.get_or_none(id=who.account, kind="user")
    if principal is None:
        raise Unknown
    await check_own_key(Holder("user", who.account, principal.epoch, root))
    raw = secrets.token_bytes(SID_BYTES + SECRET_BYTES)
    cookie = base64.urlsafe_b64encode(raw).decode()
    row = HalfSession(
        sid_hash=sid_hash_of(raw[:SID_BYTES]).hex(),
        principal=who.account,
        epoch=principal.epoch,
        account_kind=who.kind,
        language=who.language,
        stage=stage,
        exp=until.replace(microsecond=0),
    )
    row.box = vault.box_secret(read_cookie(cookie).key, root, _context(row))
    async with transaction():
        await must_still_open(who.account, principal.epoch, opened_by)
        await row.save(force_create=True)
    return cookie


async def start_locked(actor: Actor, until: datetime) -> str:
    """
    End the session in use and keep a half session in its place, as one; its cookie.

    Raises `SignInNeeded` when somebody ended the session meanwhile, so that nothing is left of it.
    """
    async with transaction():
        await must_still_open(actor.id, actor.epoch, None)
        if not await end_own_session(actor, actor.session):
            raise SignInNeeded
        who = Arriving(actor.id, actor.kind, actor.language)
        return await start_half(who, actor.root, "locked", until)


async def half_by_cookie(cookie: str, *stages: Stage) -> Half | None:
    """Whoever *cookie* stands for, if half-way at one of *stages*; None for every other value."""
    try:
        sid_hash, key = read_cookie(cookie)
    except ValueError:
        return None
    row = await HalfSession.get_or_none(sid_hash=sid_hash.hex())
    if row is None or row.exp <= now() or row.stage not in stages:
        return None
    try:
        root = vault.unbox_secret(key, row.box, _context(row))
    except vault.Tampered:
        log.critical("half session row does not open: account %s", row.principal)
        return None
    return Half(row.stage, row.exp, actor_of(row, root))


async def end_half(half: Half) -> bool:
    """
    It is over; False when another request ended it first.

    Joins the caller's transaction and holds the lock that a new password takes, so that a session
    which is started in its place is ended with all others.
    """
    async with transaction():
        await Principal.filter(id=half.actor.id).update(kind="user")
        row = HalfSession.filter(sid_hash=half.actor.session.hex(), principal=half.actor.id)
        return bool(await row.delete())


def _context(row: HalfSession) -> bytes:
    return vault.contexts.root_wrap(
        "half",
        "user",
        row.principal,
        row.epoch,
        bytes.fromhex(row.sid_hash),
        row.stage,
        int(row.exp.timestamp()),
        row.account_kind,
        row.language,
    )
