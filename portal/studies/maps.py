"""Which bytes of which pack are a frame: remembered for studies that are being read."""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from portal.studies.manifests import FrameSet

STUDIES: Final = 64
"""Studies remembered at a time."""


class Maps:
    """
    Where the frames of studies opened lately lie, so a frame costs one read.

    Ids, offsets and lengths only: nothing that a person's data could be read from.
    """

    def __init__(self) -> None:
        self._maps: OrderedDict[UUID, tuple[int, dict[str, FrameSet]]] = OrderedDict()

    def get(self, study: UUID, generation: int) -> dict[str, FrameSet] | None:
        """The map of this generation, if it is remembered."""
        found = self._maps.get(study)
        if found is None or found[0] != generation:
            return None
        self._maps.move_to_end(study)
        return found[1]

    def put(self, study: UUID, generation: int, frames: dict[str, FrameSet]) -> None:
        """Remember a map and forget the one used longest ago."""
        self._maps[study] = generation, frames
        self._maps.move_to_end(study)
        if len(self._maps) > STUDIES:
            self._maps.popitem(last=False)
