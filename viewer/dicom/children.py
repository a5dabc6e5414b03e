"""A few limited child processes and the queue in front of them, whatever is asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Self

from viewer.dicom.process import ChildLost, Process
from viewer.dicom.reasons import Reason

Buffer = bytes | bytearray | memoryview
Data = Buffer | Sequence[Buffer]
"""One file, or the pieces of one file in order."""


class PoolFull(Exception):
    """Too many calls are waiting for a child already; try again later."""


class Children:
    """Limited child processes that run one module.

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
        child: str,
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

    @asynccontextmanager
    async def child(self) -> AsyncIterator[Process]:
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


def joined(data: Data) -> Sequence[Buffer]:
    """The pieces of a file, also of one that came in one piece."""
    return [data] if isinstance(data, bytes | bytearray | memoryview) else data


@contextmanager
def understood() -> Iterator[None]:
    """A child that answers nonsense is treated as one that died."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise ChildLost(Reason.CRASHED) from None
