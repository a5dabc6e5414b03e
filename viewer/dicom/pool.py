"""The children that read DICOM files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import Any, Final

from viewer.children import ChildLost, Children, Data, joined, understood
from viewer.dicom.embedding import Embedded
from viewer.dicom.frames import Canonical, Frame
from viewer.dicom.header import Header
from viewer.dicom.reasons import Reason, Refused, Undecodable
from viewer.dicom.reporting import Report

Keep = Callable[[Frame], Awaitable[None]]
Turn = Callable[[], Awaitable[AbstractContextManager[None]]]
"""Waits until one may have a child for a spell of some seconds."""


async def _at_once() -> AbstractContextManager[None]:
    return nullcontext()


CHILD: Final = "viewer.dicom.child"
BATCH_FILES: Final = 256
BATCH_BYTES: Final = 32 << 20
MOST: Final = 1 << 30
"""Bytes of a document: more than any object holds."""


class Pool(Children):
    """Reads DICOM files in child processes; every fault of a file is a value, never an error."""

    def __init__(
        self,
        workers: int = 1,
        *,
        queue: int = 64,
        wall_seconds: float = 60,
        child: str = CHILD,
    ) -> None:
        super().__init__(workers, queue=queue, wall_seconds=wall_seconds, child=child)

    async def inspect(self, files: Sequence[Data], turn: Turn = _at_once) -> list[Header | Refused]:
        """
        One answer per file, in order.  Raises PoolFull and what *turn* raises.

        Asked anew for every spell, so that files that take long make only their sender wait.
        """
        answers: list[Header | Refused] = []
        while len(answers) < len(files):
            batch = _batch(files, len(answers))
            with await turn():
                got, lost = await self._inspect(batch)
            answers += got
            if lost:
                with await turn():
                    answers += await self._inspect_alone(batch[len(got)])
        return answers

    async def _inspect(self, batch: Sequence[Data]) -> tuple[list[Header | Refused], bool]:
        """Answers for as many as a spell allows, and whether the next took the child with it."""
        got: list[Header | Refused] = []
        try:
            async with self.child() as child:
                sending = [joined(data) for data in batch]
                async with aclosing(child.ask({"do": "inspect"}, sending, len(batch))) as answers:
                    async for message, _ in answers:
                        with understood():
                            if message["kind"] != "later":
                                got.append(_header(message))
        except ChildLost:
            return got, True
        return got, False

    async def _inspect_alone(self, data: Data) -> list[Header | Refused]:
        """Once more in a fresh child, because the fault may have been a neighbour's."""
        try:
            async with self.child() as child:
                message, _ = await child.ask_once({"do": "inspect"}, [joined(data)])
                with understood():
                    return [_header(message)]
        except ChildLost as lost:
            return [Refused(Reason(lost.cause))]

    async def canonical(self, data: Data, keep: Keep | None = None) -> Canonical | Undecodable:
        """Frames, previews and facts of one instance.

        With `keep` each frame is handed over as it comes, the next is read when it returns, and
        `frames` stays empty: memory is a few frames, however many there are. When the answer
        is Undecodable, frames already handed over are void. Raises PoolFull and what `keep`
        raises.
        """
        frames: list[Frame] = []
        try:
            async with (
                self.child() as child,
                aclosing(child.ask({"do": "canonical"}, [joined(data)], None)) as answers,
            ):
                async for message, blobs in answers:
                    with understood():
                        part = _part(message, blobs, frames)
                    if not isinstance(part, Frame):
                        return part
                    if keep is None:
                        frames.append(part)
                    else:
                        await keep(part)
        except ChildLost as lost:
            return Undecodable(Reason(lost.cause))
        return Undecodable(Reason.CRASHED)

    async def embedded(self, data: Data, most: int = MOST) -> Embedded | Refused:
        """
        The document of at most *most* bytes inside an Encapsulated Document object.

        Raises PoolFull.
        """
        task = {"do": "embedded", "most": most}
        try:
            async with self.child() as child:
                message, blobs = await child.ask_once(task, [joined(data)])
                with understood():
                    if message["kind"] == "refused":
                        return Refused(Reason(message["reason"]), message["detail"])
                    packed = None if message["packed"] is None else int(message["packed"])
                    return Embedded(
                        blobs[0], str(message["mime"]), str(message["title"]),
                        int(message["start"]), packed,
                    )  # fmt: skip
        except ChildLost as lost:
            return Refused(Reason(lost.cause))

    async def report(self, data: Data) -> Report | Refused:
        """What a structured report or a selection of key images says.  Raises PoolFull."""
        try:
            async with self.child() as child:
                message, _ = await child.ask_once({"do": "report"}, [joined(data)])
                with understood():
                    if message["kind"] == "refused":
                        return Refused(Reason(message["reason"]), message["detail"])
                    return Report.from_json(message["report"])
        except ChildLost as lost:
            return Refused(Reason(lost.cause))

    async def describe(
        self, data: Data, lengths: Sequence[int] | None = None
    ) -> dict[str, Any] | Refused:
        """
        The data set of a file as DICOM JSON, and where its large values and frames lie.

        `{"dataset", "bulk": {path: [start, length]}, "packed", "pixels"}` as
        `viewer.dicom.describing` makes it.  With *lengths* of its frames, *data* is a skeleton.
        Raises PoolFull, and ChildLost, which says nothing about the file.
        """
        task = {"do": "describe", "lengths": None if lengths is None else [*lengths]}
        async with self.child() as child:
            message, _ = await child.ask_once(task, [joined(data)])
            with understood():
                if message["kind"] == "refused":
                    return Refused(Reason(message["reason"]), message["detail"])
                return {name: message[name] for name in ("dataset", "bulk", "packed", "pixels")}

    async def rebuild(self, skeleton: bytes, frames: Sequence[bytes]) -> bytes | None:
        """
        The original file, bit for bit; None when the parts do not yield it.

        Raises PoolFull, and ChildLost, which says nothing about the parts.
        """
        parts = [[skeleton], *([frame] for frame in frames)]
        async with self.child() as child:
            _, blobs = await child.ask_once({"do": "rebuild"}, parts)
        return blobs[0] if blobs else None

    async def stored(self, layout: dict[str, Any], frame: bytes) -> bytes | None:
        """
        One frame as it was in the original; None when it cannot be.

        Raises PoolFull, and ChildLost, which says nothing about the frame.
        """
        async with self.child() as child:
            _, blobs = await child.ask_once({"do": "stored", "layout": layout}, [[frame]])
        return blobs[0] if blobs else None

    async def decode(self, pixels: dict[str, Any], frame: bytes) -> bytes | None:
        """
        The values of a compressed frame, little endian; None when they cannot be read.

        *pixels* is what `describe` says of the file.  Raises PoolFull, and ChildLost, which says
        nothing about the frame.
        """
        task = {"do": "decode", "pixels": {**pixels, "frames": []}}
        async with self.child() as child:
            _, blobs = await child.ask_once(task, [[frame]])
        return blobs[0] if blobs else None

    async def render(self, how: dict[str, Any], frame: bytes) -> bytes | None:
        """
        A canonical frame as people see it, PNG or JPEG; None when it cannot be read.

        *how* is what `viewer.dicom.rendering` needs to know.  Raises PoolFull, and ChildLost, which
        says nothing about the frame.
        """
        async with self.child() as child:
            _, blobs = await child.ask_once({"do": "render", "how": how}, [[frame]])
        return blobs[0] if blobs else None


def _size(data: Data) -> int:
    return sum(memoryview(piece).nbytes for piece in joined(data))


def _batch(files: Sequence[Data], start: int) -> Sequence[Data]:
    stop, total = start, 0
    while stop < len(files) and stop - start < BATCH_FILES:
        total += _size(files[stop])
        if total > BATCH_BYTES and stop > start:
            break
        stop += 1
    return files[start:stop]


def _header(message: dict[str, Any]) -> Header | Refused:
    if message["kind"] == "header":
        return Header.from_json(message["header"])
    return Refused(Reason(message["reason"]), message["detail"])


def _part(
    message: dict[str, Any], blobs: list[bytes], frames: list[Frame]
) -> Frame | Canonical | Undecodable:
    if message["kind"] == "frame":
        return Frame(message["index"], message["codec"], blobs[0], tuple(message["ends"]))
    if message["kind"] == "undecodable":
        return Undecodable(Reason(message["reason"]), message["detail"], message["meta"])
    large, small, *rest = blobs
    return Canonical(
        meta=message["meta"],
        frames=tuple(frames),
        preview_512=large,
        preview_128=small,
        skeleton=rest[0] if rest else None,
        sha256=message["sha256"],
        size=message["size"],
    )
