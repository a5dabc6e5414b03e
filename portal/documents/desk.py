"""What the verbs of this room work with; made once by the composition root."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from portal import edge
from portal.core.actor import AccountId
from portal.core.settings import Settings
from portal.documents.reading_room import ReadingRoom
from portal.storing import Boxes, Store
from viewer.pdf import PdfPool

REMEMBERED: Final = 10_000


class Slow:
    """Documents whose pages took too long lately: they are drawn again only if somebody insists."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, None] = OrderedDict()

    def add(self, document: UUID) -> None:
        """Remember it; of too many the oldest is forgotten."""
        self._known[document] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def __contains__(self, document: UUID) -> bool:
        return document in self._known


def _one_at_a_time() -> edge.Turnstile[AccountId]:
    return edge.Turnstile(each=5, all_=1, waiting=64)


@dataclass(frozen=True, slots=True)
class Desk:
    """The sealed objects, and the limited children that look into documents."""

    boxes: Boxes
    reading_room: ReadingRoom = field(repr=False)
    free_quota: int
    """Bytes a free account may keep."""
    slow: Slow = field(default_factory=Slow, repr=False)
    unwrapping: edge.Turnstile[AccountId] = field(default_factory=_one_at_a_time, repr=False)
    """Enclosed documents are taken out of their objects one at a time, which bounds the memory."""

    @classmethod
    def of(cls, settings: Settings, store: Store, pool: PdfPool) -> Self:
        """A desk over *store*; the pool must be running before it is used."""
        return cls(Boxes(store), ReadingRoom(pool), settings.free_quota)
