"""What somebody is told: the number behind the bell, the list, and having seen it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from portal.core.actor import AccountId, Actor
from portal.core.db import announce, now, transaction
from portal.core.errors import Unknown
from portal.notices.events import Noticed
from portal.notices.kinds import COLLECTED, KINDS
from portal.notices.models import Notice

MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in ids, for the room that can put it into words."""

    id: UUID
    kind: str
    about: UUID
    community: UUID | None
    post: UUID | None
    by: AccountId | None
    many: int
    beside: tuple[UUID, ...] = ()
    """What else it is about, of a kind that is collected (`Kind.collected`)."""


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in the words of its reader, and where it leads."""

    text: str = field(repr=False)
    place: str = field(repr=False)
    """Where it happened, such as the name of the community; may be empty."""
    href: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice as the list shows it."""

    id: UUID
    icon: str
    unread: bool
    at: datetime
    words: Words


Describe = Callable[[Actor, Sequence[Told]], Awaitable[Mapping[UUID, Words]]]
"""Puts notices into words, through the doors; what the reader may not see is left out."""


async def unread(account: AccountId) -> int:
    """The number behind the bell."""
    waiting = Notice.filter(account=account, shown=True, read_at=None)
    collected = waiting.filter(kind__in=list(COLLECTED)).distinct()
    alone = await waiting.exclude(kind__in=list(COLLECTED)).count()
    return alone + len(await collected.values_list("kind", flat=True))


async def listed(actor: Actor, describe: Describe) -> list[Shown]:
    """The newest notices that the actor may see."""
    rows = await Notice.filter(account=actor.id, shown=True).order_by("-at").limit(MOST_SHOWN)
    groups = _collected(rows)
    words = await describe(actor, [_told(*group) for group in groups])
    return [
        Shown(row.id, KINDS[row.kind].icon, row.read_at is None, row.at, words[row.id])
        for row, *_ in groups
        if row.id in words
    ]


def _collected(rows: Sequence[Notice]) -> list[list[Notice]]:
    """Notices one by one; of a kind that is collected, those together that were seen together."""
    groups: dict[tuple[object, ...], list[Notice]] = {}
    for row in rows:
        together = (row.kind, row.read_at) if row.kind in COLLECTED else (row.id,)
        groups.setdefault(together, []).append(row)
    return list(groups.values())


async def open_(actor: Actor, notice: UUID, describe: Describe) -> str:
    """Where a notice leads; it counts as read from now on.  `Unknown` for somebody else's."""
    rows = await _with(actor, notice)
    words = (await describe(actor, [_told(*rows)])).get(notice)
    if words is None:
        raise Unknown
    await _mark(actor.id, ids=[row.id for row in rows])
    return words.href


async def _with(actor: Actor, notice: UUID) -> list[Notice]:
    """A notice and what is collected with it.  `Unknown` for somebody else's."""
    row = await Notice.get_or_none(id=notice, account=actor.id)
    if row is None:
        raise Unknown
    if row.kind not in COLLECTED or row.read_at is not None:
        return [row]
    same = Notice.filter(account=actor.id, kind=row.kind, read_at=None, shown=True)
    return [row, *await same.exclude(id=row.id)]


async def read(actor: Actor, notice: UUID) -> None:
    """One notice has been seen.  `Unknown` for somebody else's."""
    await _mark(actor.id, ids=[row.id for row in await _with(actor, notice)])


async def read_all(actor: Actor, until: datetime) -> None:
    """Everything that was told up to *until* has been seen."""
    await _mark(actor.id, until=until)


async def read_about(account: AccountId, about: UUID, kinds: Collection[str]) -> None:
    """The thing itself has been seen, so nothing of these *kinds* waits; joins a transaction."""
    await _mark(account, about=about, kinds=kinds)


async def _mark(
    account: AccountId,
    *,
    ids: Collection[UUID] | None = None,
    until: datetime | None = None,
    about: UUID | None = None,
    kinds: Collection[str] = (),
) -> None:
    waiting = Notice.filter(account=account, read_at=None)
    if ids is not None:
        waiting = waiting.filter(id__in=list(ids))
    if until is not None:
        waiting = waiting.filter(at__lte=until)
    if about is not None:
        waiting = waiting.filter(about=about, kind__in=list(kinds))
    if not await waiting.exists():  # most often: a page that is looked at takes no lock for it
        return
    async with transaction():
        await waiting.update(read_at=now())
        announce(Noticed(frozenset({account})))


def _told(row: Notice, *others: Notice) -> Told:
    by = None if row.by is None else AccountId(row.by)
    beside = tuple(each.about for each in others)
    return Told(row.id, row.kind, row.about, row.community, row.post, by, row.many, beside)
