"""What the verbs of this room work with; made once by the composition root."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from portal import documents, edge
from portal.core.actor import AccountId
from portal.core.background import background
from portal.core.settings import Settings
from portal.memories import Memory
from portal.storing import Boxes, Store, sweeping
from portal.studies.assembling import Assembler
from portal.studies.expiring import forgetting
from portal.studies.layouts import Generation, Layout
from portal.studies.preparing import Preparing
from portal.studies.remembering import Remembered
from portal.studies.wording import Wording
from viewer import Series
from viewer.dicom import Pool

REMEMBERED: Final = 10_000
"""Studies of which it is known that they were read without fault lately."""
SLOTS: Final = 60_000
"""
Instances and frames of which a process remembers where they lie: some 60 MiB, and as much again
when each frame lies in as many pieces as are remembered (`originals.PIECES_NOTED`).
"""
AT_LEAST: Final = 300
"""As so many of them counts the smallest study, so there are at most two hundred."""
WAITING: Final = 64
"""Parts that wait to be looked at; `PartTurnstile` lets in far fewer of one account."""
PATIENCE: Final = 300.0
"""Seconds for a turn; the whole part has no more."""
FILED: Final = 2
"""Parts filed at once; what the others hold meanwhile is their body alone."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The store, the limited children that read foreign bytes, and the work behind the answer."""

    store: Store
    boxes: Boxes
    pool: Pool
    preparing: Preparing
    assembler: Assembler = field(repr=False)
    desk: documents.Desk = field(repr=False)
    """Where the findings go that come with the images."""
    free_quota: int
    """Bytes a free account may keep."""
    inspecting: edge.Turnstile[AccountId] = field(repr=False)
    """
    Whose files a child looks at next.  One place more than there are children, so that one account
    alone keeps them all at work, and another still waits for no more than a spell.
    """
    maps: Memory[Generation, Layout] = field(
        default_factory=lambda: Memory(SLOTS, lambda each: max(AT_LEAST, each.size)), repr=False
    )
    """Where the frames of studies opened lately lie, so a frame costs one read."""
    series: Memory[Generation, tuple[Series, ...]] = field(
        default_factory=lambda: Memory(SLOTS, _slots), repr=False
    )
    """In the order of the view that goes to the browser."""
    remembered: Remembered = field(default_factory=Remembered, repr=False)
    """Of accounts with many studies: what their rows say, sealed."""
    sound: Memory[UUID, int] = field(default_factory=lambda: Memory(REMEMBERED), repr=False)
    """Which generation of a study was read without fault, so that not every part does so."""
    worded: Memory[UUID, None] = field(default_factory=lambda: Memory(REMEMBERED), repr=False)
    """Studies of which it is known that somebody read, or reads, what is written in them."""
    filing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FILED), repr=False)
    """Whoever packs, seals and writes: each takes three times the bytes of a part meanwhile."""

    @classmethod
    def of(cls, settings: Settings, store: Store, pool: Pool, desk: documents.Desk) -> Self:
        """A shelf over *store*; nothing runs before `working`."""
        boxes, quota = Boxes(store), settings.free_quota
        return cls(
            store=store,
            boxes=boxes,
            pool=pool,
            preparing=Preparing(boxes, pool, Wording(pool, desk.reading_room)),
            assembler=Assembler(boxes, quota),
            desk=desk,
            free_quota=quota,
            inspecting=edge.Turnstile(
                each=WAITING, all_=settings.decoders + 1, waiting=WAITING, patience=PATIENCE
            ),
        )


def _slots(series: Sequence[Series]) -> int:
    return max(AT_LEAST, sum(len(each.slots) for each in series))


@asynccontextmanager
async def working(shelf: Shelf) -> AsyncIterator[None]:
    """Sweep and prepare in the background while the block runs; the pool must be running."""
    works = (shelf.preparing.work(), shelf.desk.catching_up.work(), forgetting())
    async with sweeping(shelf.store), background(*works):
        yield
