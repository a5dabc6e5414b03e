"""
What a box, seal, mark or signature is bound to: the table of the format "hds1", one builder a row.

A context names its purpose and every fact that must not be exchangeable.  `ctx` is injective: two
different lists of parts never give the same bytes.
"""

from typing import Final, Literal
from uuid import UUID

from portal.vault.faults import guarded

PREFIX: Final = b"hds1"
LENGTH_BYTES: Final = 4
INTEGER_BYTES: Final = 8

Part = bytes | str | int | UUID
How = Literal[
    "password",
    "code",
    "recovery",
    "passkey",
    "session",
    "half",
    "token",
    "inbox",
    "access",
    "share",
]
Purpose = Literal["dir", "log", "push", "gw"]
PURPOSES: Final[frozenset[str]] = frozenset({"dir", "log", "push", "gw"})


@guarded
def ctx(*parts: Part) -> bytes:
    """
    Bytes that stand for exactly these parts, in this order, with their types.

    Per part: a type byte (`b`, `s`, `i`), four bytes of length (big-endian), the value.  Integers
    are eight bytes, unsigned; a UUID is its sixteen bytes.  Raises `Tampered` for anything else.
    """
    return PREFIX + b"".join(map(_encoded, parts))


def _encoded(part: Part) -> bytes:
    match part:
        case bool():
            raise TypeError
        case bytes():
            kind, value = b"b", part
        case str():
            kind, value = b"s", part.encode()
        case int():
            kind, value = b"i", part.to_bytes(INTEGER_BYTES, "big")
        case UUID():
            kind, value = b"b", part.bytes
        case _:
            raise TypeError
    return kind + len(value).to_bytes(LENGTH_BYTES, "big") + value


def root_wrap(how: How, kind: str, principal: UUID, epoch: int, *bind: Part) -> bytes:
    """A root under something a person has: password, code, cookie, another root."""
    return ctx("root", how, kind, principal, epoch, *bind)


def outer(row_id: UUID, *bind: Part) -> bytes:
    """The outer box of a wrap, under the pepper; *bind*: what must stay true while it opens."""
    return ctx("outer", row_id, *bind)


def chain(community: UUID, epoch: int) -> bytes:
    """The root before *epoch* under the root of *epoch*."""
    return ctx("chain", community, epoch, epoch - 1)


def dek(study: UUID, owner_kind: str, owner: UUID, epoch: int) -> bytes:
    """A study key in its owner's keeping."""
    return ctx("dek", study, owner_kind, owner, epoch)


def text(  # noqa: PLR0913, PLR0917 -- one parameter for each fact that must not be exchangeable
    owner_kind: str, owner: UUID, epoch: int, table: str, column: str, row: UUID, rev: int
) -> bytes:
    """Something a person typed, in the place where it is kept."""
    return ctx("text", owner_kind, owner, epoch, table, column, row, rev)


def blob(study: UUID, object_id: UUID, role: str) -> bytes:
    """A stored object of a study: manifest, pack, thumbnail, report."""
    return ctx("blob", study, object_id, role)


def index(owner: UUID, epoch: int, generation: int) -> bytes:
    """A search index."""
    return ctx("index", owner, epoch, generation)


def member(community: UUID, epoch: int, account: UUID, fpr: bytes, role: str) -> bytes:
    """The row that makes an account, with this very public key, a member."""
    return ctx("member", community, epoch, account, fpr, role)


def standing(account: UUID, confirmed_by: UUID, moment: int) -> bytes:
    """That an account is a professional's: who says so, and when (seconds of the epoch)."""
    return ctx("standing", account, confirmed_by, moment)


def administrator(account: UUID, moment: int) -> bytes:
    """That an account administers the portal, and since when (seconds of the epoch)."""
    return ctx("administrator", account, moment)


def guard(principal: UUID, revision: int) -> bytes:
    """Which revision of its second factors an account has."""
    return ctx("guard", principal, revision)


def former_address(account: UUID, mail_mark: str, until: int) -> bytes:
    """Whose an address was, by its mark, and how long that counts (seconds of the epoch)."""
    return ctx("former-address", account, mail_mark, until)


def blind(table: str, column: str, value: Part) -> bytes:
    """A value that can be compared but not read."""
    return ctx("blind", table, column, value)


def audit(previous: bytes, stream: str, seq: int, entry: bytes) -> bytes:
    """A line of the access log; *entry* is canonical JSON."""
    return ctx("audit", previous, stream, seq, entry)


def seal(  # noqa: PLR0913, PLR0917 -- one parameter for each fact that must not be exchangeable
    target_kind: str,
    target: UUID,
    target_epoch: int,
    holder_kind: str,
    holder: UUID,
    holder_epoch: int,
    fpr: bytes,
) -> bytes:
    """A key handed to somebody absent: what it opens, and whom it is for."""
    return ctx("seal", target_kind, target, target_epoch, holder_kind, holder, holder_epoch, fpr)


def pk(principal: UUID, epoch: int, public: bytes) -> bytes:
    """What the fingerprint of a public key covers."""
    return ctx("pk", principal, epoch, public)


def sig(purpose: Purpose, *parts: Part) -> bytes:
    """What a signature covers."""
    return ctx("sig", purpose, *parts)


def session(sid: bytes) -> bytes:
    """A session's id, to be hashed."""
    return ctx("sid", sid)


def token(token_id: bytes) -> bytes:
    """The id of a program's token, to be hashed."""
    return ctx("token", token_id)


def sub(*label: Part) -> bytes:
    """The label of a key derived from another."""
    return ctx("sub", *label)
