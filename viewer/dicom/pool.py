"""A few limited child processes and the queue in front of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Final, Self

from viewer.dicom.frames import Canonical, Frame
from viewer.dicom.header import Header
from viewer.dicom.process import ChildLost, Process
from viewer.dicom.reasons import Reason, Refused, Undecodable

Buffer = bytes | bytearray | memoryview
Data = Buffer | Sequence[Buffer]
"""One file, or the pieces of one file in order."""
Keep = Callable[[Frame], Awaitable[None]]

CHILD: Final = "viewer.dicom.child"
BATCH_FILES: Final = 256
BATCH_BYTES: Final = 32 << 20


class PoolFull(Exception):
    """Too many calls are waiting for a child already; try again later."""


class Pool:
    """Reads DICOM files in child processes; every fault of a file is a value, never an error.

    `workers` children at most, started when first needed and replaced when they die; `queue` calls
    may wait, one more raises PoolFull. Belongs to one event loop. `wall_seconds` without any answer
    ends a child that sleeps; one that computes is ended by its own processor limit before. `child`
    names the module that runs in the children.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        queue: int = 64,
        wall_seconds: float = 60,
        child: str = CHILD,
    ) -> None:
        self._free = asyncio.Semaphore(workers)
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._waiting = 0
        self._queue = queue
        self._wall = wall_seconds
        self._module = child
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all children. Calls still running get Refused or Undecodable as crashed."""
        self._closed = True
        self._idle.clear()
        await asyncio.gather(*(process.end() for process in list(self._all)))
        self._all.clear()

    async def inspect(self, files: Sequence[Data]) -> list[Header | Refused]:
        """One answer per file, in order. Raises PoolFull."""
        answers: list[Header | Refused] = []
        while len(answers) < len(files):
            batch = _batch(files, len(answers))
            got = await self._inspect(batch)
            answers += got
            if len(got) < len(batch):
                answers += await self._inspect_alone(batch[len(got)])
        return answers

    async def _inspect(self, batch: Sequence[Data]) -> list[Header | Refused]:
        """Answers up to the file that took the child with it."""
        got: list[Header | Refused] = []
        try:
            async with self._child() as child:
                sending = [_joined(data) for data in batch]
                async with aclosing(child.ask({"do": "inspect"}, sending, len(batch))) as answers:
                    async for message, _ in answers:
                        with _understood():
                            got.append(_header(message))
        except ChildLost:
            pass
        return got

    async def _inspect_alone(self, data: Data) -> list[Header | Refused]:
        """Once more in a fresh child, because the fault may have been a neighbour's."""
        try:
            async with self._child() as child:
                message, _ = await child.ask_once({"do": "inspect"}, [_joined(data)])
                with _understood():
                    return [_header(message)]
        except ChildLost as lost:
            return [Refused(lost.reason)]

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
                self._child() as child,
                aclosing(child.ask({"do": "canonical"}, [_joined(data)], None)) as answers,
            ):
                async for message, blobs in answers:
                    with _understood():
                        part = _part(message, blobs, frames)
                    if not isinstance(part, Frame):
                        return part
                    if keep is None:
                        frames.append(part)
                    else:
                        await keep(part)
        except ChildLost as lost:
            return Undecodable(lost.reason)
        return Undecodable(Reason.CRASHED)

    async def tags(self, data: Data) -> list[dict[str, Any]] | Refused:
        """All elements as rows for a table (see viewer.dicom.tags). Raises PoolFull."""
        try:
            async with self._child() as child:
                message, _ = await child.ask_once({"do": "tags"}, [_joined(data)])
                with _understood():
                    if message["kind"] == "refused":
                        return Refused(Reason(message["reason"]), message["detail"])
                    return list(message["rows"])
        except ChildLost as lost:
            return Refused(lost.reason)

    async def rebuild(self, skeleton: bytes, frames: Sequence[bytes]) -> bytes | None:
        """The original file, bit for bit; None when the parts do not yield it. Raises PoolFull."""
        parts = [[skeleton], *([frame] for frame in frames)]
        try:
            async with self._child() as child:
                _, blobs = await child.ask_once({"do": "rebuild"}, parts)
                return blobs[0] if blobs else None
        except ChildLost:
            return None

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[Process]:
        if self._closed:
            raise ChildLost(Reason.CRASHED)
        if self._free.locked() and self._waiting >= self._queue:
            raise PoolFull
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            process = self._idle.pop() if self._idle else await self._start()
            try:
                yield process
            except ChildLost:
                process.ready = False
                raise
            finally:
                await self._give_back(process)
        finally:
            self._free.release()

    async def _start(self) -> Process:
        process = await Process.start(self._module, self._wall)
        self._all.add(process)
        return process

    async def _give_back(self, process: Process) -> None:
        if process.ready and not self._closed:
            self._idle.append(process)
            return
        self._all.discard(process)
        await process.end()


def _joined(data: Data) -> Sequence[Buffer]:
    return [data] if isinstance(data, bytes | bytearray | memoryview) else data


def _size(data: Data) -> int:
    return sum(memoryview(piece).nbytes for piece in _joined(data))


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


@contextmanager
def _understood() -> Iterator[None]:
    """A child that answers nonsense is treated as one that died."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise ChildLost(Reason.CRASHED) from None


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
