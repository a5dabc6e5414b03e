"""Which bytes of which pack are a frame: remembered for studies that are being read."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar
from uuid import UUID

STUDIES: Final = 64
"""Studies remembered at a time."""
MOST: Final = 60_000
"""
Instances and frames remembered at a time, of all these studies: some 60 MiB, and as much again when
each frame lies in as many pieces as are remembered (`originals.PIECES_NOTED`).
"""

Places = TypeVar("Places")


class Maps(Generic[Places]):
    """
    Where the frames of studies opened lately lie, so a frame costs one read.

    Ids, offsets and lengths only: nothing that a person's data could be read from.  Who asks holds
    the study's key, opened for this request.
    """

    def __init__(self, studies: int = STUDIES, most: int = MOST) -> None:
        self._studies, self._most = studies, most
        self._maps = OrderedDict[UUID, tuple[int, Places, int]]()

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

    def put(self, study: UUID, generation: int, places: Places, size: int) -> None:
        """
        Remember a map of *size* instances and frames, and forget those used longest ago.

        The latest is remembered however large it is: whoever reads it would look for every frame.
        """
        self.forget(study)
        self._maps[study] = generation, places, size
        while len(self._maps) > 1 and (len(self._maps) > self._studies or self._size > self._most):
            self._maps.popitem(last=False)

    @property
    def _size(self) -> int:
        return sum(size for _, _, size in self._maps.values())
