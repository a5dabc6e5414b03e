"""An opened document: its bytes as they came, its pages as pictures."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from portal import keys, vault
from portal.core.actor import Actor, Secret
from portal.core.errors import Busy, Unknown
from portal.documents import looking
from portal.documents.access import document_for
from portal.documents.desk import Desk
from portal.documents.facts import SHOWN, Facts, shown_day, shown_label
from portal.documents.marks import ids_of
from portal.documents.models import Document
from portal.documents.taking import LOOKING
from portal.storing import Place
from viewer.pdf import MOST_PAGES, Look, Outline, Reader, Unshown, begins_pdf
from viewer.routes import Stretches

STRETCH: Final = 1024 * 1024
"""Bytes that a download reads at a time."""
AT_ONCE: Final = 50
"""Pages on one page of ours."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies in an object."""

    title: str = field(repr=False)
    data: bytes = field(repr=False)
    again: Stretches = field(repr=False)
    """Reads the same again without keeping it."""


class TooLarge(Unknown):
    """More than anybody looks into lies inside: the object around it is given back instead."""


@dataclass(slots=True)
class Enclosed:
    """
    A document inside another thing: the finding that a scanner put among its images.

    Nothing is read before `whole`; then title, size and kind are those of the document itself.
    """

    id: UUID
    title: str = field(repr=False)
    day: str
    """`YYYYMMDD`, or empty."""
    size: int
    """Bytes, of the object around it at first."""
    _read: Callable[[int], Awaitable[Inside]] = field(repr=False)
    """Reads at most so many bytes, or raises `TooLarge`."""
    is_pdf: bool = True
    why: str = ""
    """Why it is not shown (a key of `facts.WHY`), or empty."""

    def __post_init__(self) -> None:
        """What is too large is never read."""
        self.why = "too_large" if self.size > SHOWN else ""

    async def whole(self) -> bytes:
        """All bytes.  Raises `Unknown` when none can be found inside, `TooLarge` for too many."""
        return (await self._looked_into()).data

    async def stretches(self) -> Stretches:
        """A way to read it without keeping it, found by looking at all of it once; see `whole`."""
        return (await self._looked_into()).again

    async def _looked_into(self) -> Inside:
        if self.why == "too_large":
            raise TooLarge
        try:
            inside = await self._read(SHOWN)
        except TooLarge:
            self.why = "too_large"
            raise
        self.title, self.size = inside.title or self.title, len(inside.data)
        self.is_pdf = begins_pdf(inside.data)
        self.why = "" if self.is_pdf else "no_pdf"
        return inside

    @property
    def content_type(self) -> str:
        """Its media type."""
        return "application/pdf" if self.is_pdf else "application/octet-stream"

    @property
    def suffix(self) -> str:
        """What its file name ends with."""
        return ".pdf" if self.is_pdf else ""

    @property
    def shown_date(self) -> str:
        """When it was written, as the reader writes dates."""
        return shown_day(self.day)


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document together with its key, for the length of a request."""

    id: UUID
    facts: Facts = field(repr=False)
    _key: Secret = field(repr=False)
    _row: Document = field(repr=False)
    _desk: Desk = field(repr=False)

    @property
    def title(self) -> str:
        """Its name."""
        return shown_label(self.facts.label, self.facts.photo)

    @property
    def content_type(self) -> str:
        """Its media type."""
        return self.facts.content_type

    @property
    def suffix(self) -> str:
        """What its file name ends with."""
        return self.facts.suffix

    @property
    def study_mark(self) -> str:
        """Of the examination it belongs to; empty: it stands alone."""
        return self._row.study_mark

    @property
    def why(self) -> str:
        """Why it is not shown (a key of `facts.WHY`), or empty."""
        return self.facts.why

    @property
    def size(self) -> int:
        """Bytes."""
        return self.facts.size

    @property
    def shown_date(self) -> str:
        """When it was written, else when it was added, as the reader writes dates."""
        return shown_day(self.facts.created or self._row.created_at.strftime("%Y%m%d"))

    async def whole(self) -> bytes:
        """All bytes, for the child that draws."""
        return await self._desk.boxes.read(self.id, self._key, "document", self._row.object)

    async def stream(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The document bit for bit, a stretch at a time; every stretch is authenticated."""
        for at in range(start, min(stop, self.size), STRETCH):
            length = min(STRETCH, min(stop, self.size) - at)
            place = Place(self._row.object, at, length)
            (data,) = await self._desk.boxes.ranges(self.id, self._key, "document", [place])
            yield data

    async def describe(self, found: Look | Unshown) -> None:
        """Say what a look found, unless somebody just did."""
        boxes = await asyncio.to_thread(looking.boxes, self.id, self._key, self.facts, found)
        await Document.filter(id=self.id, facts=self._row.facts).update(**boxes)

    async def preview(self) -> bytes | None:
        """A small JPEG of the first page."""
        if self._row.preview is None:
            return None
        context = vault.contexts.blob(self.id, self.id, "preview")
        return vault.unbox(self._key, self._row.preview, context)


Readable = OpenDocument | Enclosed


async def open_own(desk: Desk, actor: Actor, document_id: UUID) -> OpenDocument:
    """The actor's own document, or `Unknown`."""
    row = await document_for(actor, document_id)
    key = await key_of(actor, row.id)
    return OpenDocument(row.id, Facts.opened(row.id, key, row.facts), key, row, desk)


async def key_of(actor: Actor, document_id: UUID) -> Secret:
    """The key of a document of one's own, or `Unknown`."""
    key = await keys.open_study_key(actor, document_id)
    if key is None:
        raise Unknown
    return key


async def seen(desk: Desk, actor: Actor, document: OpenDocument) -> OpenDocument:
    """The document after the first look at it, if there was no time for one when it came."""
    if not document.facts.unseen:
        return document
    found = await desk.reading_room.look(document.whole, Reader(actor.id, document.id))
    facts = document.facts.seen(found)
    if facts.unseen:
        return document
    await document.describe(found)
    return replace(document, facts=facts)


async def look_at(desk: Desk, actor: Actor, fingerprint: bytes) -> None:
    """
    Take the first look at a document that was kept unseen, when there is time for it now.

    Otherwise it is looked at when somebody opens it.  It is in memory for its turn only.
    """
    found = await ids_of(actor, [fingerprint])
    with suppress(TimeoutError, Unknown):
        async with asyncio.timeout(LOOKING):
            for document in found.values():
                await seen(desk, actor, await open_own(desk, actor, document))


async def outline(
    desk: Desk, actor: Actor, document: Readable, first: int, *, insists: bool = False
) -> Outline | str:
    """
    The pages from number *first* (from 1), at most `AT_ONCE`; or why there are none: a key of
    `facts.WHY`.  Who *insists* sees also what took too long before.
    """
    if why := _hindered(desk, document, insists=insists):
        return why
    reader = Reader(actor.id, document.id)
    try:
        found = await desk.reading_room.outline(document.whole, first, AT_ONCE, reader)
    except TooLarge:
        return document.why
    if isinstance(found, Unshown):
        return document.why or found.why
    return found


async def page(
    desk: Desk, actor: Actor, document: Readable, number: int, width: int, *, insists: bool = False
) -> bytes | None:
    """Page *number* as a WebP picture, None when it cannot be drawn.  Raises `Unknown`, `Busy`."""
    if number > MOST_PAGES:
        raise Unknown
    if why := _hindered(desk, document, insists=insists):
        if why != "timeout":
            raise Unknown
        return None
    found = await desk.reading_room.page(
        document.whole, number, width, Reader(actor.id, document.id)
    )
    if found == Unshown("busy"):
        raise Busy(retry_after=2)
    if found == Unshown("timeout"):
        desk.slow.put(document.id, None)
        if isinstance(document, OpenDocument) and not document.why:
            await document.describe(found)
    return None if isinstance(found, Unshown) else found


def _hindered(desk: Desk, document: Readable, *, insists: bool) -> str:
    """Why nothing of it is drawn by itself, as far as that is known."""
    why = document.why or ("timeout" if document.id in desk.slow else "")
    return "" if insists and why == "timeout" else why


async def given_back(desk: Desk, actor: Actor, document: Readable) -> Stretches:
    """
    A way to read all bytes as they came, and parts of them.

    Raises `Busy`; `TooLarge` for an enclosed one.
    """
    if isinstance(document, OpenDocument):
        return document.stream
    with await desk.unwrapping.through(actor.id):
        return await document.stretches()
