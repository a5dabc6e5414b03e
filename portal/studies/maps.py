"""Which bytes of which pack are a frame: remembered for studies that are being read."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar
from uuid import UUID

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
        self._maps: OrderedDict[UUID, tuple[int, Places]] = OrderedDict()

    def get(self, study: UUID, generation: int) -> Places | None:
        """The map of this generation, if it is remembered."""
        found = self._maps.get(study)
        if found is None or found[0] != generation:
            return None
        self._maps.move_to_end(study)
        return found[1]

    def forget(self, study: UUID) -> None:
        """It is no longer true: whoever asks next looks."""
        self._maps.pop(study, None)

    def put(self, study: UUID, generation: int, places: Places) -> None:
        """Remember a map and forget the one used longest ago."""
        self._maps[study] = generation, places
        self._maps.move_to_end(study)
        if len(self._maps) > STUDIES:
            self._maps.popitem(last=False)
