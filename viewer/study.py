"""What the viewer needs from whoever keeps the studies."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID


class ViewedFile(Protocol):
    """A file that is read in stretches of bounded length."""

    @property
    def size(self) -> int: ...

    def stretches(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The bytes from *start* up to *stop*."""
        ...


class ViewedStudy(Protocol):
    """One study that the person who asks may look at, already unlocked."""

    @property
    def id(self) -> UUID: ...

    @property
    def title(self) -> str:
        """A heading without the patient's name, unless the reader may know it."""
        ...

    @property
    def subtitle(self) -> str: ...

    async def manifest(self) -> dict[str, Any]:
        """
        Everything the browser has to know before it shows pixels, as JSON values.

        `{"study": {"id", "title", "subtitle"}, "series": [{"id", "number", "description",
        "modality", "instances": [{"id", "sop", "number", "rows", "columns", "frames", "codec",
        "why", "bytes", "ends", "meta"}]}]}`; series and instances stand in the order of display,
        `bytes` and `ends` (byte ends of the HTJ2K resolutions) have one item per frame, and `meta`
        is `viewer.dicom.Canonical.meta`: lengths in mm, times in ms.  `"preview": false` marks an
        instance without previews.
        """
        ...

    async def manifest_gzip(self) -> bytes:
        """The same JSON, packed (RFC 1952), as it goes to the browser."""
        ...

    async def frame_size(self, instance: UUID, frame: int) -> tuple[str, int]:
        """Codec and bytes of a canonical frame, counted from 0; `LookupError` for none."""
        ...

    async def frame(
        self, instance: UUID, frame: int, start: int = 0, stop: int | None = None
    ) -> bytes:
        """Bytes [start, stop) of a canonical frame, counted from 0; `LookupError` for none."""
        ...

    async def preview(self, instance: UUID, size: int) -> bytes | None:
        """A JPEG of at most *size* (128 or 512) pixels per side."""
        ...

    async def original_file(self, instance: UUID) -> ViewedFile:
        """The file as it was uploaded, bit for bit (DICOM PS3.10); `LookupError` for none."""
        ...


OpenStudy = Callable[[UUID], Awaitable[ViewedStudy]]
"""Opens a study for whoever asks, or raises what the portal shows as "not found"."""
