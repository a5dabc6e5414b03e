"""
Descriptions of whole series, remembered between two requests: packed, and sealed under the key of
their study.

Programs ask for one before they show anything, and often again.  To make it every data set is read
in a limited child; nothing of it changes before something is added to the study or taken from it.
"""

import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Self
from uuid import UUID, uuid5

from portal import vault
from portal.studies import OpenStudy

MOST: Final = 32 * 1024 * 1024
"""Bytes of all that is remembered."""
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of one description, packed; that of 300 slices has some hundred thousand."""


@dataclass(frozen=True, slots=True)
class Name:
    """Which description of which state of a study."""

    study: OpenStudy = field(repr=False)
    edition: int
    mark: UUID = field(repr=False)
    """Of the series, keyed: no UID is remembered by itself."""

    @classmethod
    def of(cls, study: OpenStudy, series: str) -> Self | None:
        """That of a *series*, or of all if it is empty; None while something is being added."""
        edition = study.edition
        if edition is None:
            return None
        mark = vault.blind_mark(study.key, "study", "metadata", series)
        return cls(study, edition, UUID(bytes=mark))

    @property
    def context(self) -> bytes:
        """What the box is bound to."""
        return vault.contexts.blob(self.study.id, uuid5(self.mark, str(self.edition)), "metadata")


class Sheets:
    """Boxes of bounded size; the ones used longest ago go first.  All of it is for threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._size = most, 0
        self._boxes = OrderedDict[tuple[UUID, UUID], tuple[int, bytes]]()
        self._changing = Lock()

    def get(self, name: Name) -> bytes | None:
        """What was put under this *name*, packed (RFC 1950)."""
        with self._changing:
            edition, box = self._boxes.get((name.study.id, name.mark), (0, b""))
            if edition != name.edition or not box:
                return None
            self._boxes.move_to_end((name.study.id, name.mark))
        return vault.unbox(name.study.key, box, name.context)

    def put(self, name: Name, packed: bytes) -> None:
        """Remember this from now on, instead of an earlier edition."""
        box = vault.box(name.study.key, packed, name.context)
        with self._changing:
            _, before = self._boxes.pop((name.study.id, name.mark), (0, b""))
            self._boxes[name.study.id, name.mark] = name.edition, box
            self._size += len(box) - len(before)
            while self._size > self._most:
                self._size -= len(self._boxes.popitem(last=False)[1][1])


class Packing:
    """A description that is being written; one that is too large is not held while it is sent."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(1)
        self._packed = bytearray()
        self._fits = True

    def add(self, piece: bytes) -> None:
        """Its next bytes."""
        if self._fits:
            self._take(self._packer.compress(piece))

    def done(self) -> bytes | None:
        """All of it (RFC 1950), or None if that is more than is remembered of one."""
        if self._fits:
            self._take(self._packer.flush())
        return bytes(self._packed) if self._fits else None

    def _take(self, packed: bytes) -> None:
        self._packed += packed
        self._fits = len(self._packed) <= LARGEST
        if not self._fits:
            self._packed.clear()
