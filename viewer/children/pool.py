"""A few limited child processes and the queue in front of them, whatever is asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Final, Self

from viewer.children.process import ChildLost, Process
from viewer.children.wire import MAX_BLOB

Buffer = bytes | bytearray | memoryview
Data = Buffer | Sequence[Buffer]
"""One file, or the pieces of one file in order."""


ANSWER: Final = MAX_BLOB + (64 << 20)
"""Bytes of one answer: a whole file, and what comes with it."""


class PoolFull(Exception):
    """Too many calls are waiting for a child already; try again later."""


class Children:
    """Limited child processes that run one module.

    `workers` children at most, started when first needed and replaced when they die; `queue` calls
    may wait, one more raises PoolFull. Belongs to one event loop. `wall_seconds` without any answer
    ends a child that sleeps; one that computes is ended by its own processor limit before. `child`
    names the module that runs in the children, `answer` how many bytes they may answer at a time,
    and `ahead` how many are started before anybody asks.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        queue: int = 64,
        wall_seconds: float = 60,
        child: str,
        answer: int = ANSWER,
        ahead: int = 0,
    ) -> None:
        self._free = asyncio.Semaphore(workers)
        self.workers = workers
        self._busy = 0
        self._idle: list[tuple[Hashable, Process]] = []
        self._fresh: list[Process] = []
        self._answer, self._ahead = answer, ahead
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
        """End all children. Calls still running get ChildLost."""
        self._closed = True
        self._idle.clear()
        self._fresh.clear()
        await asyncio.gather(*(process.end() for process in list(self._all)))
        self._all.clear()

    @asynccontextmanager
    async def child(self, task: Hashable = None) -> AsyncIterator[Process]:
        """A child that has served nothing but this *task*; without one, any."""
        if self._closed:
            raise ChildLost("crashed")
        if self._free.locked() and self._waiting >= self._queue:
            raise PoolFull
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        self._busy += 1
        try:
            process = await self._take(task)
            try:
                yield process
            except ChildLost:
                process.ready = False
                raise
            finally:
                await self._give_back(task, process)
        finally:
            self._busy -= 1
            self._free.release()

    async def _take(self, task: Hashable) -> Process:
        for place, (served, process) in enumerate(self._idle):
            if served == task:
                del self._idle[place]
                return process
        while self._idle and len(self._idle) + self._busy > self.workers:
            _, other = self._idle.pop(0)
            await self._end(other)
        process = self._fresh.pop() if self._fresh else await self._start()
        while len(self._fresh) < self._ahead and not self._closed:
            self._fresh.append(await self._start())
        return process

    async def _start(self) -> Process:
        process = await Process.start(self._module, self._wall, self._answer)
        self._all.add(process)
        return process

    async def _give_back(self, task: Hashable, process: Process) -> None:
        if process.ready and not self._closed:
            self._idle.append((task, process))
        else:
            await self._end(process)

    async def _end(self, process: Process) -> None:
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
        raise ChildLost("crashed") from None
