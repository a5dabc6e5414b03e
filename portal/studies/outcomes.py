"""What comes to be filed, and what became of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from viewer.dicom import Header

CONFLICT: Final = "conflict"
"""Why a file is refused whose number an image with other content has."""
LOST: Final = "conflict_lost"
"""The same, when the image that has it is lost: only the very same one takes its place."""
ELSEWHERE: Final = "other_study"
"""Why an image is refused that is to belong to one study and belongs to another."""
Bytes = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Incoming:
    """One whole file as it arrived."""

    file: int
    """The number its sender gave it."""
    data: Bytes
    fingerprint: bytes


@dataclass(slots=True)
class Outcome:
    """What became of the files, by their numbers."""

    kept: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    studies: set[UUID] = field(default_factory=set)
    restored: list[int] = field(default_factory=list)
    """What came again and took what lay in the bin out of it: images of it, or a document."""
    headers: dict[int, Header] = field(default_factory=dict, repr=False)
    """What was read of those that are images."""

    def repeated(self, file: int, reason: str) -> None:
        """Its number is taken: by the same content, or refused for a *reason*."""
        if reason:
            self.refused.append((file, reason))
        else:
            self.duplicates.append(file)

    @property
    def files(self) -> set[int]:
        """All files of which this tells."""
        return {*self.kept, *self.duplicates, *(file for file, _ in self.refused)}

    def add(self, other: "Outcome") -> None:
        """Count another outcome in."""
        self.kept += other.kept
        self.duplicates += other.duplicates
        self.refused += other.refused
        self.studies |= other.studies
        self.restored += other.restored
        self.headers |= other.headers


class Abandoned(Exception):
    """Raised by `Then`: somebody else did all this already, undo it."""


Then = Callable[[Outcome], Awaitable[None]]
