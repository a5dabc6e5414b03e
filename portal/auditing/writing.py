"""
Writing the log: in a transaction of the database, and before the answer that shows what it tells.

The owner is not signed in when a colleague opens their images.  So a process makes a key now and
then, seals it to the owner's public key and boxes lines under it; it keeps the key in memory only,
and from the moment it forgets it, the owner alone reads those lines.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final
from uuid import UUID, uuid4

from portal import accounts, keys, vault
from portal.auditing.entries import START, Act, Entry, Place, Thing, chained, seal
from portal.auditing.models import MARK, AuditHead, AuditLine
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.keys import Target
from portal.memories import Memory

WINDOW: Final = 15 * 60
"""
Seconds.  A repeat in the same or the following window is the same opening: somebody who looks for
hours, or comes back at once, is a line every quarter to half an hour and not one for each image.
"""
KEY_LIFE: Final = 24 * 3600.0
"""Seconds after which a process makes another key for an owner."""
REMEMBERED: Final = 20_000
"""Openings that a process knows to be written, and keys that it has."""
AT_ONCE: Final = 500
"""Lines in one transaction."""

Opening = tuple[UUID, UUID, str]
"""Who, what and how."""
Describe = Callable[[], Awaitable[Thing]]


@dataclass(frozen=True, slots=True)
class _Key:
    id: UUID
    key: Secret = field(repr=False)
    epoch: int
    """Generation of the owner's root that it was sealed to."""
    until: float


@dataclass(frozen=True, slots=True)
class Said:
    """One line that is to be written, with the marks by which a repeat of it is known."""

    entry: Entry
    marks: tuple[str, ...]
    """The first one is kept; the others are those of the window before."""


_keys = Memory[UUID, _Key](REMEMBERED)
_written = Memory[Opening, int](REMEMBERED)
"""In which window this process last saw to it that an opening is in the log."""


async def opened(actor: Actor, act: Act, thing: UUID, describe: Describe) -> None:
    """
    See to it that the owner of *thing* reads that the actor opened it; call before answering.

    *describe* is asked only when a line may be needed: a frame costs one look into memory.
    Raises `Unknown` when the owner's account has ended.
    """
    opening, window = (actor.id, thing, act), _window()
    if _written.get(opening) == window:
        return
    about = await describe()
    entry = await _entry(actor, act, thing, about)
    await _append(about.owner, [Said(entry, _marks(about.owner, opening, window))])
    _written.put(opening, window)


async def opened_all(actor: Actor, act: Act, things: Sequence[tuple[UUID, Thing]]) -> None:
    """The same for many things of the actor's own."""
    window, name = _window(), await _name_of(actor)
    said = [
        Said(
            _said(actor, name, act, thing, about), _marks(actor.id, (actor.id, thing, act), window)
        )
        for thing, about in things
        if _written.get((actor.id, thing, act)) != window
    ]
    for start in range(0, len(said), AT_ONCE):
        await _append(actor.id, said[start : start + AT_ONCE])
    for each in said:
        _written.put((actor.id, each.entry.thing, act), window)


async def happened(actor: Actor, act: Act, thing: UUID, about: Thing) -> None:
    """Write that something was done, each time; joins the caller's transaction."""
    entry = await _entry(actor, act, thing, about)
    await _append(about.owner, [Said(entry, (secrets.token_hex(MARK // 2),))])


async def _entry(actor: Actor, act: Act, thing: UUID, about: Thing) -> Entry:
    return _said(actor, await _name_of(actor), act, thing, about)


def _said(actor: Actor, name: str, act: Act, thing: UUID, about: Thing) -> Entry:
    return Entry(now(), actor.id, name, act, about.kind, thing, about.title, about.through)


async def _name_of(actor: Actor) -> str:
    """A profile that is damaged or gone stops nothing: then the number alone says who it was."""
    try:
        return (await accounts.profile_of(actor)).name
    except (vault.Tampered, Unknown):
        return ""


def _window() -> int:
    return int(now().timestamp()) // WINDOW


def _marks(owner: UUID, opening: Opening, window: int) -> tuple[str, ...]:
    who, thing, act = opening
    key = keys.pepper_key("audit")

    def mark(number: int) -> str:
        said = f"{owner.hex} {who.hex} {thing.hex} {act} {number}"
        return vault.blind_mark(key, "audit_line", "mark", said).hex()

    return mark(window), mark(window - 1)


async def _append(owner: AccountId, wanted: Sequence[Said]) -> None:
    """Add lines to a log, in order, under the lock of its owner; without those that are there."""
    async with transaction():
        public = await keys.hold_user(owner)
        marks = [mark for each in wanted for mark in each.marks]
        rows = AuditLine.filter(owner=owner, mark__in=marks)
        known = set(await rows.values_list("mark", flat=True))
        fresh = [each for each in wanted if known.isdisjoint(each.marks)]
        if not fresh:
            return
        under = await _key_for(public)
        head = await AuditHead.get_or_none(owner=owner)
        last = head or AuditHead(owner=owner, seq=0, digest=START)
        lines = []
        for each in fresh:
            place = Place(owner, last.seq + 1, under.id)
            body = seal(under.key, place, each.entry)
            last.seq, last.digest = place.seq, chained(bytes(last.digest), place, body)
            lines.append(AuditLine(id=uuid4(), owner=owner, seq=place.seq, key=under.id,
                                   mark=each.marks[0], body=body, digest=last.digest))  # fmt: skip
        await AuditLine.bulk_create(lines, batch_size=200)
        await last.save(force_create=head is None, force_update=head is not None)


async def _key_for(public: keys.PublicKey) -> _Key:
    """
    This process's key for an owner; a new one after a day, and when the owner has another root.

    One whose first line was never committed was never handed over: the table knows.
    """
    known = _keys.get(public.id)
    is_fit = known is not None and known.epoch == public.epoch and monotonic() < known.until
    if known and is_fit and await AuditLine.filter(owner=public.id, key=known.id).exists():
        return known
    made = _Key(uuid4(), vault.new_secret(), public.epoch, monotonic() + KEY_LIFE)
    await keys.seal_root(Target("study", made.id), made.key, [public])
    _keys.put(public.id, made)
    return made
