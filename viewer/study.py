"""What the viewer needs from whoever keeps the studies."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

from viewer.series import Series


class ViewedFile(Protocol):
    """A file that is read in stretches of bounded length."""

    @property
    def size(self) -> int: ...

    def stretches(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The bytes from *start* up to *stop*."""
        ...


class ViewedStudy(Protocol):
    """
    One study that the person who asks may look at, already unlocked.

    Asked for an instance or a frame that it does not hold, it raises what the portal shows as
    "not found".
    """

    @property
    def id(self) -> UUID: ...

    @property
    def title(self) -> str:
        """A heading without the patient's name, unless the reader may know it."""
        ...

    @property
    def subtitle(self) -> str: ...

    async def opening(self) -> tuple[bytes, Sequence[Series]]:
        """
        Everything the browser has to know before it shows pixels, and the series in it.

        JSON, packed (RFC 1952): `{"study": {"id"}, "series": [{"id", "number", "description",
        "modality", "instances": [{"id", "sop", "kind", "number", "rows", "columns", "frames",
        "codec", "why", "bytes", "ends", "preview", "meta"}]}]}`; series and instances stand in the
        order of display, `bytes` and `ends` (byte ends of the HTJ2K resolutions) have one item per
        frame, and `meta` is `viewer.dicom.Canonical.meta`: lengths in mm, times in ms.
        `"preview": false` marks an instance without previews.
        """
        ...

    async def listed(self) -> Sequence[Series]:
        """The series alone, for who has the manifest or needs none of it."""
        ...

    async def frame_size(self, instance: UUID, frame: int) -> tuple[str, int]:
        """Codec and bytes of a canonical frame, counted from 0."""
        ...

    async def frame(
        self, instance: UUID, frame: int, start: int = 0, stop: int | None = None
    ) -> bytes:
        """Bytes [start, stop) of a canonical frame, counted from 0."""
        ...

    async def preview(self, instance: UUID, size: int) -> bytes | None:
        """A JPEG of at most *size* (128 or 512) pixels per side."""
        ...

    async def original_file(self, instance: UUID) -> ViewedFile:
        """The file as it was uploaded, bit for bit (DICOM PS3.10)."""
        ...


OpenStudy = Callable[[UUID], Awaitable[ViewedStudy]]
"""Opens a study for whoever asks, or raises what the portal shows as "not found"."""
