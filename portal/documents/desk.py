"""What the verbs of this room work with; made once by the composition root."""

from dataclasses import dataclass
from typing import Self

from portal.core.settings import Settings
from portal.storing import Boxes, Store
from viewer.pdf import PdfPool


@dataclass(frozen=True, slots=True)
class Desk:
    """The sealed objects, and the limited children that look into documents."""

    boxes: Boxes
    pool: PdfPool
    free_quota: int
    """Bytes a free account may keep."""

    @classmethod
    def of(cls, settings: Settings, store: Store, pool: PdfPool) -> Self:
        """A desk over *store*; the pool must be running before it is used."""
        return cls(Boxes(store), pool, settings.free_quota)
