"""
A thief with the whole database tries everything in it as a key for everything else in it (T11).

The thief knows the format: every candidate is tried as a key, as a root and as what lies under a
typed secret, on every box and seal, each with its right context.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise import Model

from portal import keys, vault
from portal.core.actor import SECRET_BYTES, Secret
from portal.keys.holders import Holder, Target
from portal.keys.models import (
    HalfSession,
    HumanWrap,
    LocalKey,
    PasskeyWrap,
    Principal,
    PrincipalKey,
    Seal,
    Session,
    Token,
)
from tests.keys.stories import Circle, People, Person

TABLES: tuple[type[Model], ...] = (
    Principal, PrincipalKey, HumanWrap, PasskeyWrap, Seal, LocalKey, Session, HalfSession,
    Token,
)  # fmt: skip
CREDENTIAL = b"\x17" * 20
LABELS = ("deks", "chain", "outer", "text", "member", "hpke", "passkey")
Try = Callable[[Secret], object]


async def _everything() -> list[Model]:
    return list(chain.from_iterable([await table.all() for table in TABLES]))


def _stored(rows: list[Model]) -> Iterator[bytes]:
    """Every byte string in the rows, also those written in hexadecimal or as an id."""
    for row in rows:
        for name in row._meta.fields:
            value = getattr(row, name)
            if isinstance(value, bytes):
                yield value
            elif isinstance(value, UUID):
                yield value.bytes
            elif isinstance(value, str):
                with suppress(ValueError):
                    yield bytes.fromhex(value)


def _candidates(rows: list[Model]) -> set[Secret]:
    """Strings of 16, 32 and 48 bytes, and the ends and 32-byte blocks of longer ones."""
    found = set()
    for value in _stored(rows):
        if len(value) in {16, 24}:
            found.add(value.ljust(SECRET_BYTES, b"\0"))
            found.add((value * 2)[:SECRET_BYTES])
        for start in range(0, len(value) - SECRET_BYTES + 1, 1 if len(value) < 200 else 16):
            found.add(value[start : start + SECRET_BYTES])
    return {Secret(each) for each in found}


def _box(boxed: bytes, context: bytes) -> Try:
    return lambda key: vault.unbox(key, boxed, context)


def _seal(row: Seal) -> Try:
    target = Target(row.target_kind, row.target, row.target_epoch)  # type: ignore[arg-type]

    def attempt(root: Secret) -> object:
        kind, epoch = row.holder_kind, row.holder_epoch
        return keys.opened(target, row.box, Holder(kind, row.holder, epoch, root))  # type: ignore[arg-type]

    return attempt


def _tries(rows: list[Model]) -> Iterator[Try]:
    """One attempt for each box and seal."""
    for row in rows:
        match row:
            case PrincipalKey(chain_box=bytes(chained)):
                yield _box(chained, vault.contexts.chain(row.principal, row.epoch))
            case HumanWrap():
                how: Any = row.how
                owner = (row.kind, row.principal, row.epoch)
                yield _box(row.box, vault.contexts.root_wrap(how, *owner))
                yield _box(row.box, vault.contexts.outer(row.id, "guard", row.guard))
            case PasskeyWrap():
                bound = ("user", row.principal, row.epoch, CREDENTIAL)
                yield _box(row.box, vault.contexts.root_wrap("passkey", *bound))
                yield _box(row.box, vault.contexts.outer(row.id, "guard", row.guard))
            case HalfSession():
                yield _half(row)
            case LocalKey():
                owner = ("user", row.owner, row.owner_epoch)
                yield _box(row.box, vault.contexts.dek(row.study, *owner))
            case Session():
                yield _session(row)
            case Token():
                yield _token(row)
            case Seal():
                yield _seal(row)


def _session(row: Session) -> Try:
    bind = (
        bytes.fromhex(row.sid_hash),
        int(row.abs_exp.timestamp()),
        int(row.idle_exp.timestamp()),
        row.account_kind,
        row.language,
    )
    owner = ("user", row.principal, row.epoch)
    return _box(row.box, vault.contexts.root_wrap("session", *owner, *bind))


def _half(row: HalfSession) -> Try:
    bind = (
        bytes.fromhex(row.sid_hash),
        row.stage,
        int(row.exp.timestamp()),
        row.account_kind,
        row.language,
    )
    owner = ("user", row.principal, row.epoch)
    return _box(row.box, vault.contexts.root_wrap("half", *owner, *bind))


def _token(row: Token) -> Try:
    bind = (
        bytes.fromhex(row.token_hash),
        int(row.exp.timestamp()),
        row.scopes,
        row.account_kind,
        row.language,
    )
    owner = ("user", row.principal, row.epoch)
    return _box(row.box, vault.contexts.root_wrap("token", *owner, *bind))


def _opened(rows: list[Model], candidates: set[Secret]) -> int:
    """How many boxes and seals open for how many candidates."""
    count, tries = 0, list(_tries(rows))
    for candidate in candidates:
        for key in (candidate, *(vault.sub_key(candidate, label) for label in LABELS)):
            for attempt in tries:
                with suppress(vault.Tampered):
                    attempt(key)
                    count += 1
    return count


@pytest.fixture
async def cast(people: People) -> tuple[Person, Circle]:
    """Everything this room can store, at least once."""
    alice, code = await people.person(), vault.pass_code()
    await keys.keep_wrap(
        await keys.wrap_root("code", "user", alice.id, 1, alice.root, code, asker=None)
    )
    await alice.signs_in()
    await keys.raise_guard(alice.id, 1)
    await keys.keep_passkey(Holder.of(alice.actor), CREDENTIAL, vault.new_secret())
    await alice.gets_half_way()
    await alice.trusts_a_program()
    circle = await people.circle(alice)
    await circle.changes_root()
    await circle.welcomes(alice)
    study, key = uuid4(), vault.new_secret()
    await keys.keep_study_key(alice.actor, study, key)
    await keys.seal_study_key(study, key, ("community", circle.holder.id))
    return alice, circle


async def test_nothing_in_the_database_opens_anything_in_it(cast: tuple[Person, Circle]) -> None:
    rows = await _everything()
    assert {type(row) for row in rows} == set(TABLES)

    assert _opened(rows, _candidates(rows)) == 0


async def test_the_thief_would_notice_a_root_lying_about(cast: tuple[Person, Circle]) -> None:
    alice, circle = cast
    rows = await _everything()

    # Alice's root: her local key and her seal.  The community's: the chain and the study's seal.
    assert _opened(rows, {alice.root}) == 2
    assert _opened(rows, {circle.holder.root}) == 2
