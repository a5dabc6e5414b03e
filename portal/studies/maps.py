"""Which bytes of which pack are a frame: remembered for studies that are being read."""

from typing import Final, Generic, TypeVar
from uuid import UUID

from portal.core.memories import Memory

STUDIES: Final = 64
"""Studies remembered at a time."""

Places = TypeVar("Places")


class Maps(Generic[Places]):
    """
    Where the frames of studies opened lately lie, so a frame costs one read.

    Ids, offsets and lengths only: nothing that a person's data could be read from.  Who asks holds
    the study's key, opened for this request.
    """

    def __init__(self) -> None:
        self._maps = Memory[UUID, tuple[int, Places]](STUDIES)

    def get(self, study: UUID, generation: int) -> Places | None:
        """The map of this generation, if it is remembered."""
        found = self._maps.get(study)
        return found[1] if found is not None and found[0] == generation else None

    def forget(self, study: UUID) -> None:
        """It is no longer true: whoever asks next looks."""
        self._maps.forget(study)

    def put(self, study: UUID, generation: int, places: Places) -> None:
        """Remember a map and forget the one used longest ago."""
        self._maps.put(study, (generation, places))
