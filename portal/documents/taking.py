"""
Taking documents in: looked at, then durable, then the rows, then the answer.

Everything is looked at before the first byte is written: what is written stays for an hour only,
unless something refers to it by then.  The caller holds the transaction, because what it answers
must be written with what it took.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Busy, PortalError
from portal.documents import looking, words
from portal.documents.desk import Desk
from portal.documents.facts import SHOWN, Facts, label_of
from portal.documents.looking import Found
from portal.documents.marks import content_mark
from portal.documents.models import Document
from viewer.pdf import PREVIEW_BYTES, Reader, begins_pdf
from viewer.photos import fault_of, kind_of

LOOKING: Final = 30.0
"""Seconds for looking at all documents of a part; the rest is looked at when somebody opens it."""
LATER: Final = PREVIEW_BYTES + words.MOST + 1024
"""Bytes counted for picture and words of a document that nobody has looked at yet."""


Bytes = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Arrived:
    """One whole PDF or photo as it arrived."""

    file: int
    """The number its sender gave it."""
    data: Bytes = field(repr=False)
    fingerprint: bytes
    """What tells its content from another's (SHA-256, or over those of its pieces)."""
    name: str = field(default="", repr=False)
    study_mark: str = ""
    """Mark of the examination it belongs to; empty: none."""
    day: str = ""
    """`YYYYMMDD` when it was written, for what does not say so itself; or empty."""


@dataclass(slots=True)
class Taken:
    """What became of the documents, by their numbers."""

    kept: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    """Of these, those that lay in the bin and were taken out, as they came again."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A document that lies sealed in the store while no row knows it yet."""

    row: Document
    key: Secret = field(repr=False)
    size: int
    """Bytes on disk and in the row."""


def is_document(data: Bytes) -> bool:
    """Whether a file is filed here, by how it begins."""
    return begins_pdf(data) or kind_of(data) != ""


def why_refused(data: Bytes) -> str:
    """
    Why a document is not taken in, empty for one that is.

    A PDF is kept even if nobody can show it: it may be the only copy.  A photo has to be one whole
    photo and nothing else, which its frame tells without decoding it.
    """
    return (fault_of(data) or "") if kind_of(data) else ""


class Taking:
    """Documents on their way in."""

    def __init__(self, desk: Desk, actor: Actor, arrived: Sequence[tuple[Arrived, str]]) -> None:
        self._desk, self._actor, self._arrived = desk, actor, arrived
        self._sealed: dict[str, _Sealed] = {}

    async def prepare(self, *, looking: bool) -> None:
        """
        Look into what is new, unless somebody will later, then write it durably.

        Raises `DiskFull`, `StillLeaving`.
        """
        there = await self._there()
        new = {mark: each for each, mark in reversed(self._arrived) if mark not in there}
        looks = await self._looks(list(new.values())) if looking else [None] * len(new)
        for (mark, each), found in zip(new.items(), looks, strict=True):
            self._sealed[mark] = await _seal(self._desk, self._actor, each, mark, found)

    async def _looks(self, new: Sequence[Arrived]) -> list[Found]:
        """
        What is in each, None for those that nobody has looked at.

        All in one child: they came together, from one person.
        """
        reader = Reader(self._actor.id, uuid4())
        clock = asyncio.get_running_loop()
        until, found = clock.time() + LOOKING, list[Found]()
        for each in new:
            if len(each.data) > SHOWN or clock.time() >= until:
                found.append(None)
                continue
            try:
                async with asyncio.timeout_at(until):
                    found.append(await self._desk.reading_room.look(each.data, reader))
            except TimeoutError:
                found.append(None)
        return found

    async def keep(self) -> Taken:
        """
        Write the rows; joins the caller's transaction, which may be tried again.

        Raises `QuotaFull`, `Busy`; `IntegrityError` when the same document came twice at once;
        `SignInNeeded` when the account is being deleted or was secured meanwhile.
        """
        taken = Taken()
        async with transaction():
            await keys.hold(self._actor)  # nobody who is being deleted keeps anything
            there = await self._there()
            for each, mark in self._arrived:
                if mark in there:
                    await _join(self._actor, mark, each.study_mark)
                    if await _taken_out(self._actor, mark):
                        taken.restored.append(each.file)
                    taken.duplicates.append(each.file)
                else:
                    await self._write(mark)
                    there.add(mark)
                    taken.kept.append(each.file)
        return taken

    async def _write(self, mark: str) -> None:
        sealed = self._sealed.get(mark)
        if sealed is None:  # it was there a moment ago, and its owner deleted it
            raise Busy(retry_after=1)
        await sealed.row.save(force_create=True)
        await keys.keep_study_key(self._actor, sealed.row.id, sealed.key)
        sizes = {sealed.row.object: sealed.size}
        await storing.keep(self._actor.id, sealed.row.id, sizes, self._desk.free_quota)

    async def take_back(self, *, all_of_it: bool) -> None:
        """Remove what was written and is not needed; *all_of_it* when nothing was committed."""
        there = set() if all_of_it else await self._objects()
        await self._desk.boxes.delete(
            [each.row.object for each in self._sealed.values() if each.row.object not in there]
        )

    async def _there(self) -> set[str]:
        marks = [mark for _, mark in self._arrived]
        rows = await Document.filter(owner=self._actor.id, digest_mark__in=marks).only(
            "digest_mark"
        )
        return {row.digest_mark for row in rows}

    async def _objects(self) -> set[UUID]:
        written = [each.row.object for each in self._sealed.values()]
        rows = await Document.filter(owner=self._actor.id, object__in=written).only("object")
        return {row.object for row in rows}


@asynccontextmanager
async def taking(
    desk: Desk, actor: Actor, arrived: Sequence[Arrived], *, looking: bool = True
) -> AsyncIterator[Taking]:
    """
    Documents sealed and durable; the block keeps them within its transaction.

    Not *looking* leaves the first look to `opening.look_at`.

    Whatever the block does not keep is removed.  After a failure that may have come behind the
    commit nothing is touched: the sweeper knows what has a row.
    """
    marked = [(each, await content_mark(actor, each.fingerprint)) for each in arrived]
    work = Taking(desk, actor, marked)
    try:
        await work.prepare(looking=looking)
        yield work
    except PortalError:
        await work.take_back(all_of_it=True)
        raise
    await work.take_back(all_of_it=False)


async def _join(actor: Actor, mark: str, study_mark: str) -> None:
    """A document that stood alone belongs to the examination it comes with now."""
    if study_mark:
        alone = Document.filter(owner=actor.id, digest_mark=mark, study_mark="")
        await alone.update(study_mark=study_mark)


async def _taken_out(actor: Actor, mark: str) -> bool:
    """Whether the document lay in the bin: what comes again is wanted again."""
    there = Document.filter(owner=actor.id, digest_mark=mark, binned_at__isnull=False)
    return bool(await there.update(binned_at=None))


async def _seal(desk: Desk, actor: Actor, arrived: Arrived, mark: str, found: Found) -> _Sealed:
    document, key = uuid4(), vault.new_secret()
    facts = await _described(arrived)
    by = storing.Payer(actor.id, desk.free_quota)
    object_id, size = await desk.boxes.write(by, document, key, "document", bytes(arrived.data))
    boxes = await asyncio.to_thread(looking.boxes, document, key, facts, found)
    row = Document(
        id=document,
        owner=actor.id,
        digest_mark=mark,
        study_mark=arrived.study_mark,
        created_at=now(),
        object=object_id,
        **boxes,
    )
    more = LATER if facts.seen(found).unseen else 0
    return _Sealed(row, key, size + sum(len(box) for box in boxes.values()) + more)


async def _described(arrived: Arrived) -> Facts:
    data = arrived.data
    sha256 = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
    why = "too_large" if len(data) > SHOWN else ""
    return Facts(label_of(arrived.name), len(data), sha256, 0, arrived.day, why, kind_of(data))
