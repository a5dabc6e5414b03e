"""An opened document: its bytes as they came, its pages as pictures."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from portal import keys, vault
from portal.core.actor import Actor, Secret
from portal.core.errors import Busy, Unknown
from portal.documents.access import document_for
from portal.documents.desk import Desk
from portal.documents.facts import Facts, shown_day, shown_label
from portal.documents.models import Document
from portal.storing import Place
from viewer.pdf import MOST_PAGES, Outline, Unshown, begins_pdf

STRETCH: Final = 1024 * 1024
"""Bytes that a download reads at a time."""
AT_ONCE: Final = 50
"""Pages on one page of ours."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A document inside another thing: the finding that a scanner put among its images."""

    title: str = field(repr=False)
    day: str
    """`YYYYMMDD`, or empty."""
    data: bytes = field(repr=False)

    @property
    def is_pdf(self) -> bool:
        """Whether it is one, whatever is said about it."""
        return begins_pdf(self.data)

    @property
    def why(self) -> str:
        """Why it is not shown, before anybody looked inside."""
        return "" if self.is_pdf else "no_pdf"

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    async def whole(self) -> bytes:
        """All bytes."""
        return self.data

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
        return shown_label(self.facts.label)

    @property
    def is_pdf(self) -> bool:
        """Nothing else is taken in."""
        return True

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

    async def stream(self) -> AsyncIterator[bytes]:
        """The document bit for bit, a stretch at a time; every stretch is authenticated."""
        for start in range(0, self.size, STRETCH):
            length = min(STRETCH, self.size - start)
            place = Place(self._row.object, start, length)
            (data,) = await self._desk.boxes.ranges(self.id, self._key, "document", [place])
            yield data

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


async def outline(desk: Desk, document: Readable, first: int) -> Outline | str:
    """
    The pages from number *first* (from 1), at most `AT_ONCE`; or why there are none: a key of
    `facts.WHY`.
    """
    if document.why:
        return document.why
    found = await desk.pool.outline(await document.whole(), first, AT_ONCE)
    if isinstance(found, Unshown):
        return found.why
    return found


async def page(desk: Desk, document: Readable, number: int, width: int) -> bytes | None:
    """Page *number* as a WebP picture, None when it cannot be drawn.  Raises `Unknown`, `Busy`."""
    if document.why or number > MOST_PAGES:
        raise Unknown
    found = await desk.pool.page(await document.whole(), number, width)
    if found == Unshown("busy"):
        raise Busy(retry_after=2)
    return None if isinstance(found, Unshown) else found
