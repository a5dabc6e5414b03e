"""
Roots under what people type.

The wrap is the verifier: there is no password hash besides it.  A password's wrap lies in an outer
box under the pepper, so that a stolen database alone gives nothing to guess against.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple
from uuid import UUID, uuid4

from portal import vault
from portal.core.actor import Secret
from portal.core.db import transaction
from portal.core.errors import Conflict
from portal.keys import costs
from portal.keys.custody import Custody, custody, pepper_key
from portal.keys.guards import close_outer, guard_of, open_outer
from portal.keys.holders import PrincipalKind
from portal.keys.models import HumanWrap, Principal
from portal.keys.slowness import slow

log = logging.getLogger(__name__)

TypedHow = Literal["password", "code", "recovery"]
CODES: Final = frozenset({"code", "recovery"})
"""On paper: from the Pass or Card, or from the optional recovery sheet."""
PEPPERED: Final = frozenset({"password"})
"""A Pass code has 120 bits and must outlive a lost pepper."""

ALIKE: Final = 4
"""So many people who wait under one address cost as much as none."""


class _Work(NamedTuple):
    """What a derivation needs besides the typed."""

    salt: bytes
    cost: vault.Cost


@dataclass(frozen=True, slots=True)
class Wrap:
    """A root under something typed, computed and not kept yet."""

    id: UUID
    kind: PrincipalKind
    principal: UUID
    epoch: int
    how: TypedHow
    salt: bytes = field(repr=False)
    cost: str
    box: bytes = field(repr=False)
    """The inner box; the outer one is put around it when it is kept."""


class _Row(NamedTuple):
    """What is read of a wrap; also of the one that stands in for a wrap that is not there."""

    id: UUID
    principal: UUID
    epoch: int
    salt: bytes
    cost: str
    pepper_id: int | None
    guard: int
    box: bytes


class Found(NamedTuple):
    """Whose root something typed opened, and the wrap that gave it."""

    principal: UUID
    root: Secret
    wrap: UUID
    outdated: bool
    """Made when the settings asked for another cost, or under another pepper."""


async def wrap_root(  # noqa: PLR0913 -- six of them say what is wrapped
    how: TypedHow,
    kind: PrincipalKind,
    principal: UUID,
    epoch: int,
    root: Secret,
    typed: str,
    *,
    salt: bytes | None = None,
    asker: UUID | None,
) -> Wrap:
    """
    Put *root* under *typed*.  Takes a fifth of a second, so before the transaction.

    *salt* only for wraps that `unwrap_one_of` is to find (`shared_salt`); else a random one.
    *asker* as in `unwrap_root`.  Raises `Busy` when too many people sign in at once.
    """
    salt = salt or secrets.token_bytes(vault.SALT_BYTES)
    row, cost = uuid4(), custody().cost
    key = await slow(vault.derive, _spelled(how, typed), salt, cost, asker=asker)
    context = vault.contexts.root_wrap(how, kind, principal, epoch)
    return Wrap(
        row, kind, principal, epoch, how, salt, str(cost), vault.box_secret(key, root, context)
    )


async def keep_wrap(wrap: Wrap, *, opened_by: UUID | None = None) -> None:
    """
    Store *wrap*; the one before of the same kind opens nothing from the commit on.

    What the outer boxes are bound to stays bound.  Raises `vault.Tampered` when one of them was
    edited, `Conflict` when the root or the wrap that gave it, *opened_by*, was replaced since.
    """
    async with transaction():
        # The row lock: of two at once the later one stays.
        await must_still_open(wrap.principal, wrap.epoch, opened_by)
        box, pepper_id, guard = wrap.box, None, 0
        if wrap.how in PEPPERED:
            pepper_id, guard = custody().files.pepper_id, await guard_of(wrap.principal)
            box = close_outer(wrap.id, pepper_id, guard, box)
        await HumanWrap.filter(principal=wrap.principal, how=wrap.how).delete()
        await HumanWrap.create(
            id=wrap.id,
            kind=wrap.kind,
            principal=wrap.principal,
            epoch=wrap.epoch,
            how=wrap.how,
            salt=wrap.salt,
            cost=wrap.cost,
            pepper_id=pepper_id,
            guard=guard,
            box=box,
        )


async def must_still_open(account: UUID, epoch: int, wrap: UUID | None) -> None:
    """
    Raise `Conflict` when the root of *epoch*, or the *wrap* that gave it, was replaced meanwhile.

    Until the caller's transaction ends, neither will be.
    """
    today = Principal.filter(id=account, epoch=epoch)
    if not await today.update(epoch=epoch):  # the row lock that `keep_wrap` takes
        raise Conflict
    if wrap is not None and not await HumanWrap.filter(id=wrap, principal=account).exists():
        raise Conflict


async def drop_wrap(how: TypedHow, principal: UUID) -> bool:
    """What was typed for it opens nothing any more; false when there was no such wrap."""
    return bool(await HumanWrap.filter(principal=principal, how=how).delete())


async def has_wrap(how: TypedHow, principal: UUID) -> bool:
    """Whether *principal* can be opened this way."""
    return await HumanWrap.exists(principal=principal, how=how)


async def unwrap_root(
    how: TypedHow,
    kind: PrincipalKind,
    principal: UUID | None,
    typed: str,
    *,
    asker: UUID | None,
) -> Found | None:
    """
    The root under *typed* and the wrap that gave it, or None: wrong, or there is none.

    Nobody learns from the time which it was: for an unknown principal (None) the same work is done
    on a wrap that nothing opens, and a stranger's guess pays every cost in use.

    *asker* is the account that somebody signed in to, wholly or half-way: it has few places at once
    and takes none from strangers.  For a stranger it is None, whoever *principal* may be: their
    places must not tell that there is one.  Raises `Busy` when too many ask at once.
    """
    who = principal or uuid4()
    rows = await _rows(how, kind, [who])
    row, work = _or_nobodys(rows[0] if rows else None, how, principal)
    spelled = _spelled(how, typed)
    key = await slow(vault.derive, spelled, *work, asker=asker)
    if asker is None:
        for cost in await costs.in_use(how) - {work.cost}:
            await slow(vault.derive, spelled, work.salt, cost)
    root = _opened(row, how, kind, key)
    return None if root is None else Found(who, root, row.id, _is_outdated(row))


async def unwrap_one_of(
    how: TypedHow, kind: PrincipalKind, principals: Sequence[UUID], typed: str, *, salt: bytes
) -> Found | None:
    """
    The first of *principals* whose root, wrapped under *salt*, opens with *typed*; or None.

    One derivation for each cost in use however many there are, and for up to `ALIKE` of them, none
    included, the same statement and as many boxes tried: the time tells nobody how many.  Raises
    `Busy` when too many people sign in at once.
    """
    tried = [*principals, *(uuid4() for _ in range(ALIKE - len(principals)))]
    rows = {row.principal: row for row in await _rows(how, kind, tried) if row.salt == salt}
    found = [_or_nobodys(rows.get(each), how, None) for each in tried]
    paid = {work.cost for _, work in found} | await costs.in_use(how)
    spelled = _spelled(how, typed)
    derived = {cost: await slow(vault.derive, spelled, salt, cost) for cost in paid}
    opened = None
    for row, work in found:
        root = _opened(row, how, kind, derived[work.cost])
        if root is not None and opened is None:
            opened = Found(row.principal, root, row.id, _is_outdated(row))
    return opened


def shared_salt(name: str) -> bytes:
    """The salt of all wraps that are looked for together under *name*; keyed, so unforeseeable."""
    return vault.mac(pepper_key("decoy"), vault.ctx("shared", name))[: vault.SALT_BYTES]


async def _rows(how: TypedHow, kind: PrincipalKind, principals: Sequence[UUID]) -> list[_Row]:
    found = HumanWrap.filter(principal__in=list(principals), how=how, kind=kind)
    return [_Row(**row) for row in await found.values(*_Row._fields)]


def _or_nobodys(row: _Row | None, how: TypedHow, principal: UUID | None) -> tuple[_Row, _Work]:
    """The wrap and what it takes to try it; for none, or one we never wrote, nobody's instead."""
    label = vault.ctx(how, b"" if principal is None else principal.bytes)
    salt = vault.mac(pepper_key("decoy"), label)[: vault.SALT_BYTES]
    work = None if row is None else _work_in(row)
    if row is not None and work is not None:
        return row, work
    return _Nobody.wrap(how), _Work(salt, custody().cost)


class _Nobody:
    """
    A wrap like any other that nothing typed opens: it is tried when there is none.

    Made once for the key files of the process, so that trying it takes as long as trying a row.
    """

    _under: Custody | None = None
    _with_outer: _Row
    _without: _Row

    @classmethod
    def wrap(cls, how: TypedHow) -> _Row:
        """The same one each time."""
        desk = custody()
        if cls._under is not desk:
            row, principal, pepper_id = uuid4(), uuid4(), desk.files.pepper_id
            context = vault.contexts.root_wrap(how, "user", principal, 1)
            inner = vault.box_secret(vault.new_secret(), vault.new_secret(), context)
            salt, cost = bytes(vault.SALT_BYTES), str(desk.cost)
            outer = close_outer(row, pepper_id, 0, inner)
            cls._with_outer = _Row(row, principal, 1, salt, cost, pepper_id, 0, outer)
            cls._without = cls._with_outer._replace(pepper_id=None, box=inner)
            cls._under = desk
        return cls._with_outer if how in PEPPERED else cls._without


def _opened(row: _Row, how: TypedHow, kind: PrincipalKind, key: Secret) -> Secret | None:
    try:
        box = open_outer(row) if how in PEPPERED else row.box
        context = vault.contexts.root_wrap(how, kind, row.principal, row.epoch)
        return vault.unbox_secret(key, box, context)
    except vault.Tampered:
        return None


def _work_in(row: _Row) -> _Work | None:
    """Salt and cost of a wrap; None when they are none that we ever wrote."""
    try:
        cost = vault.Cost.parse(row.cost)
    except vault.Tampered:
        cost = None
    if cost is None or len(row.salt) != vault.SALT_BYTES:
        log.critical("salt or cost out of bounds: wrap %s", row.id)
        return None
    return _Work(row.salt, cost)


def _is_outdated(row: _Row) -> bool:
    desk = custody()
    newest = row.pepper_id in {None, desk.files.pepper_id}
    return row.cost != str(desk.cost) or not newest


def _spelled(how: TypedHow, typed: str) -> str:
    return vault.fold_code(typed) if how in CODES else typed
