"""
Sessions: a root under the key in a cookie.

The database holds neither the session's id nor its key, so a stolen database opens nothing, and a
cookie is worthless without the row and after it expired.  Everything the row says is bound into
its box: whoever edits it ends the session.
"""

import base64
import hashlib
import logging
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from portal import vault
from portal.core.actor import SECRET_BYTES, AccountId, AccountKind, Actor, Secret
from portal.core.db import announce, now, transaction
from portal.core.errors import Unknown
from portal.keys.custody import custody, pepper_key
from portal.keys.events import SessionsEnded
from portal.keys.holders import Holder
from portal.keys.models import HalfSession, Principal, Session
from portal.keys.principals import check_own_key
from portal.keys.session_notes import box_note
from portal.keys.wraps import must_still_open

log = logging.getLogger(__name__)

SID_BYTES: Final = 16
COOKIE_CHARACTERS: Final = (SID_BYTES + SECRET_BYTES) * 4 // 3
TOUCHED_AFTER: Final = timedelta(minutes=1)
"""How old the last sign of life may be before it is written again."""

MARKED: Final = "sid_hash", "principal", "epoch", "account_kind", "language", "abs_exp", "idle_exp"
"""What a session's mark is over."""


class Cookie(NamedTuple):
    """What a cookie of ours says."""

    sid_hash: bytes
    key: Secret


async def start_session(  # noqa: PLR0913 -- the named ones are for who has a reason
    account: AccountId,
    kind: AccountKind,
    language: str,
    root: Secret,
    *,
    note: str = "",
    until: datetime | None = None,
    opened_by: UUID | None = None,
) -> str:
    """
    Open a session under a new id; the value of its cookie, which exists nowhere else.

    *note* is kept for its owner's eyes (`session_notes`).  A session that goes on from another one
    ends *until* then, as that one would have.  Raises `Conflict` when the root or *opened_by*, the
    wrap that gave it, was replaced meanwhile and all sessions with it, `Unknown` for an account
    without key pair, `vault.Tampered` when the directory shows another key than *root* gives.
    """
    principal = await Principal.get_or_none(id=account, kind="user")
    if principal is None:
        raise Unknown
    await check_own_key(Holder("user", account, principal.epoch, root))
    raw = secrets.token_bytes(SID_BYTES + SECRET_BYTES)
    cookie = base64.urlsafe_b64encode(raw).decode()
    row = Session(
        sid_hash=sid_hash_of(raw[:SID_BYTES]).hex(),
        principal=account,
        epoch=principal.epoch,
        account_kind=kind,
        language=language,
    )
    row.abs_exp, row.idle_exp = _ends(until)
    row.box = vault.box_secret(read_cookie(cookie).key, root, _context(row, row.idle_exp))
    row.note_rev, row.mark = 1, _mark(row, row.idle_exp)
    row.note = box_note(row, root, row.note_rev, note)
    async with transaction():
        await must_still_open(account, principal.epoch, opened_by)
        await row.save(force_create=True)
    return cookie


def _ends(until: datetime | None) -> tuple[datetime, datetime]:
    """When a session that begins now ends whatever happens, and when it does if nothing does."""
    moment = _whole_seconds(now())
    last = moment + custody().longest
    last = last if until is None else min(last, until)
    return last, min(moment + custody().idle, last)


async def actor_by_cookie(cookie: str) -> Actor | None:
    """
    Whoever *cookie* stands for, with the root it unlocks; None for every other value.

    Notes the sign of life, at most once a minute.
    """
    try:
        sid_hash, key = read_cookie(cookie)
    except ValueError:
        return None
    row = await Session.get_or_none(sid_hash=sid_hash.hex())
    moment = now()
    if row is None or row.abs_exp <= moment or row.idle_exp <= moment:
        return None
    if row.mark is None:  # begun before there were marks: over, and nobody's fault
        return None
    try:
        _check_mark(row)
        root = vault.unbox_secret(key, row.box, _context(row, row.idle_exp))
    except vault.Tampered:
        log.critical("session row does not open: account %s", row.principal)
        return None
    await _touch(row, key, root, moment)
    return actor_of(row, root)


def csrf_token(cookie: str) -> str:
    """The token that forms of this session carry; `ValueError` for what is no cookie of ours."""
    token = vault.sub_key(read_cookie(cookie).key, "csrf").reveal()
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def actor_of(row: Session | HalfSession, root: Secret) -> Actor:
    """Whoever has the key to *row*, which opened *root*."""
    return Actor(
        id=AccountId(row.principal),
        kind=cast("AccountKind", row.account_kind),
        epoch=row.epoch,
        root=root,
        session=bytes.fromhex(row.sid_hash),
        language=row.language,
    )


async def end_session(actor: Actor) -> None:
    """End the session that *actor* is using."""
    await _end(actor.id, {actor.session.hex()})


async def end_sessions(account: AccountId, but: bytes | None = None) -> None:
    """
    End every session of *account*, except the one whose id has the hash *but*.

    Also those that wait for a second proof or are locked; *but* may name one of those, too.
    """
    async with transaction():
        # The row lock: what starts meanwhile is ended as well, or starts by the new password.
        await Principal.filter(id=account).update(kind="user")
        kept = but.hex() if but else ""
        await HalfSession.filter(principal=account).exclude(sid_hash=kept).delete()
        found = await Session.filter(principal=account).values_list("sid_hash", flat=True)
        hashes = {str(each) for each in found} - {kept}
        await _end(account, hashes)


async def end_own_session(actor: Actor, session: bytes) -> bool:
    """End one session of *actor*'s account; whether there was one with that hash."""
    async with transaction():
        found = await Session.exists(sid_hash=session.hex(), principal=actor.id)
        await _end(actor.id, {session.hex()} if found else set())
    return found


async def alive(sessions: Iterable[bytes]) -> frozenset[bytes]:
    """
    Those of *sessions* (hashes of ids) that have not ended.

    Their cookies are not at hand, so the mark says whether a row is as we wrote it: nobody makes a
    session longer, or somebody else's, by editing it.
    """
    wanted = {each.hex() for each in sessions}
    moment = now()
    found = Session.filter(sid_hash__in=list(wanted), abs_exp__gt=moment, idle_exp__gt=moment)
    rows = await found.values_list(*MARKED, "mark")
    return frozenset(bytes.fromhex(str(row[0])) for row in rows if row[-1] and _is_ours(*row))


@lru_cache(maxsize=20_000)
def _is_ours(*facts: Any) -> bool:
    """Whether a row is as we wrote it; remembered, as open sockets are asked about all the time."""
    row = Session(**dict(zip((*MARKED, "mark"), facts, strict=True)))
    try:
        _check_mark(row)
    except vault.Tampered:
        log.critical("session row was edited: account %s", row.principal)
        return False
    return True


async def forget_expired() -> int:
    """Delete sessions whose time is over; how many.  For the housekeeping."""
    moment = now()
    late = await Session.filter(idle_exp__lte=moment).delete()
    await HalfSession.filter(exp__lte=moment).delete()
    return late + await Session.filter(abs_exp__lte=moment).delete()


async def _end(account: AccountId, hashes: set[str]) -> None:
    if not hashes:
        return
    async with transaction():
        await Session.filter(sid_hash__in=list(hashes), principal=account).delete()
        announce(SessionsEnded(account, frozenset(map(bytes.fromhex, hashes))))


async def _touch(row: Session, key: Secret, root: Secret, moment: datetime) -> None:
    fresh = min(_whole_seconds(moment) + custody().idle, row.abs_exp)
    if fresh - row.idle_exp < TOUCHED_AFTER:
        return
    box = vault.box_secret(key, root, _context(row, fresh))
    # Only the row that was read: a request that came second has nothing left to do.
    unchanged = Session.filter(sid_hash=row.sid_hash, idle_exp=row.idle_exp)
    await unchanged.update(idle_exp=fresh, box=box, mark=_mark(row, fresh))


def _mark(row: Session, idle_exp: datetime) -> bytes:
    return vault.mac(pepper_key("session"), _context(row, idle_exp))


def _check_mark(row: Session) -> None:
    vault.check_mac(pepper_key("session"), _context(row, row.idle_exp), row.mark or b"")


def _context(row: Session, idle_exp: datetime) -> bytes:
    return vault.contexts.root_wrap(
        "session",
        "user",
        row.principal,
        row.epoch,
        bytes.fromhex(row.sid_hash),
        int(row.abs_exp.timestamp()),
        int(idle_exp.timestamp()),
        row.account_kind,
        row.language,
    )


def read_cookie(cookie: str) -> Cookie:
    """The parts of a cookie; `ValueError` for everything that we did not write."""
    if len(cookie) != COOKIE_CHARACTERS or not cookie.isascii():
        raise ValueError("not a session cookie")
    raw = base64.b64decode(cookie, altchars=b"-_", validate=True)
    return Cookie(sid_hash_of(raw[:SID_BYTES]), Secret(raw[SID_BYTES:]))


def sid_hash_of(sid: bytes) -> bytes:
    """The name under which a session lies in the database."""
    return hashlib.sha256(vault.contexts.session(sid)).digest()


def _whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
