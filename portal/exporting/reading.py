"""How the files of an archive are read, when their turn comes: of examinations one at a time."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final
from uuid import UUID

from portal import documents, studies, vault
from portal.core.actor import Actor
from portal.core.errors import Busy
from viewer.routes import Stretches

TRIES: Final = 4
"""While frames are being packed, what was just found may lie elsewhere."""

Pieces = AsyncGenerator[bytes, None]


class Reader:
    """Whoever asks for the files of another examination lets go of the one before."""

    def __init__(self, shelf: studies.Shelf, actor: Actor) -> None:
        self._shelf, self._actor = shelf, actor
        self._study: studies.OpenStudy | None = None
        self._files: dict[UUID, studies.Original] = {}

    async def files(self, study_id: UUID) -> dict[UUID, studies.Original]:
        """Every file of an examination by its instance.  Raises `Unknown`."""
        if self._study is None or self._study.id != study_id:
            study = await studies.open_own(self._shelf, self._actor, study_id)
            self._files = {instance: file async for instance, file in study.originals(gone=True)}
            self._study = study
        return self._files

    async def enclosed(self, study_id: UUID, instance: UUID) -> documents.Enclosed:
        """The document inside a file.  Raises `Unknown`."""
        await self.files(study_id)
        if self._study is None:
            raise vault.Tampered
        return await self._study.enclosed(instance)

    def original(self, study_id: UUID, instance: UUID, sha256: str) -> Stretches:
        """Reads the file as it came, as long as it is that one."""

        async def read(start: int, stop: int) -> Pieces:
            file = await self._file(study_id, instance)
            if file.entry["sha256"] != sha256:
                raise vault.Tampered
            async with aclosing(file.stretches(start, stop)) as pieces:
                async for piece in pieces:
                    yield piece

        return self._patiently(read)

    def picture(self, study_id: UUID, instance: UUID, mark: bytes) -> Stretches:
        """Reads the picture that was made of it, as long as it is that one."""

        async def read(start: int, stop: int) -> Pieces:
            file = await self._file(study_id, instance)
            if picture_mark(instance, file) != mark:
                raise vault.Tampered
            yield (await file.picture())[start:stop]

        return self._patiently(read)

    def kept(
        self, study_id: UUID, instance: UUID, frame: int, lies: Sequence[Sequence[object]]
    ) -> Stretches:
        """Reads what is left of a frame, as long as it lies there."""

        async def read(start: int, stop: int) -> Pieces:
            file = await self._file(study_id, instance)
            if not file.is_gone or file.entry["view"]["frames"][frame] != lies:
                raise vault.Tampered
            yield (await file.kept_frame(frame))[start:stop]

        return self._patiently(read)

    def inside(self, study_id: UUID, instance: UUID) -> Stretches:
        """Reads the document inside it."""

        async def read(start: int, stop: int) -> Pieces:
            yield (await (await self.enclosed(study_id, instance)).whole())[start:stop]

        return self._patiently(read)

    def paper(self, document_id: UUID) -> Stretches:
        """Reads a document as it came."""

        async def read(start: int, stop: int) -> Pieces:
            document = await documents.open_own(self._shelf.desk, self._actor, document_id)
            async with aclosing(document.stream(start, stop)) as pieces:
                async for piece in pieces:
                    yield piece

        return read

    async def _file(self, study_id: UUID, instance: UUID) -> studies.Original:
        found = (await self.files(study_id)).get(instance)
        if found is None:
            raise vault.Tampered
        return found

    def _patiently(self, reads: Callable[[int, int], Pieces]) -> Stretches:
        """Goes on where it was interrupted because something moved, or all children were busy."""

        async def read(start: int, stop: int) -> Pieces:
            for left in reversed(range(TRIES)):
                try:
                    async with aclosing(reads(start, stop)) as pieces:
                        async for piece in pieces:
                            start += len(piece)
                            yield piece
                except Busy as busy:
                    if not left:
                        raise
                    self._study = None
                    await asyncio.sleep(busy.details.get("retry_after", 1))
                else:
                    return

        return read


def picture_mark(instance: UUID, file: studies.Original) -> bytes:
    """A picture is never written over: another one lies elsewhere."""
    return marked("picture", instance.hex, str(file.shown))


def marked(*parts: str) -> bytes:
    """Sixteen bytes that stand for these words."""
    return hashlib.sha256("\0".join(parts).encode()).digest()[:16]
