"""What the verbs of this room work with; made once by the composition root."""

from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from portal import edge
from portal.core.actor import AccountId
from portal.core.settings import Settings
from portal.documents.catching_up import CatchingUp
from portal.documents.reading_room import ReadingRoom
from portal.memories import Memory
from portal.storing import Boxes, Store
from viewer.pdf import PdfPool

REMEMBERED: Final = 10_000


def _one_at_a_time() -> edge.Turnstile[AccountId]:
    return edge.Turnstile(each=5, all_=1, waiting=64)


@dataclass(frozen=True, slots=True)
class Desk:
    """The sealed objects, and the limited children that look into documents."""

    boxes: Boxes
    reading_room: ReadingRoom = field(repr=False)
    free_quota: int
    """Bytes a free account may keep."""
    catching_up: CatchingUp = field(repr=False)
    """Reads the words of what came before words were kept."""
    slow: Memory[UUID, None] = field(default_factory=lambda: Memory(REMEMBERED), repr=False)
    """Documents whose pages took too long lately: drawn again only if somebody insists."""
    unwrapping: edge.Turnstile[AccountId] = field(default_factory=_one_at_a_time, repr=False)
    """Enclosed documents are taken out of their objects one at a time, which bounds the memory."""

    @classmethod
    def of(cls, settings: Settings, store: Store, pool: PdfPool) -> Self:
        """A desk over *store*; the pool must be running before it is used."""
        boxes, room = Boxes(store), ReadingRoom(pool)
        return cls(boxes, room, settings.free_quota, CatchingUp(boxes, room))
