"""
A process of its own for searching and indexing, so that Whoosh never holds up the event loop.

It keeps the last few opened indexes in memory.  They are reachable only by community and number
of the last change, and the portal asks for one only after its door has let the actor
in; what is kept is dropped after a few idle minutes.
"""

import asyncio
import multiprocessing
import resource
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final, TypeVar, TypeVarTuple

from portal.indexing.index import Answer, Document, Index
from portal.indexing.query import build
from portal.indexing.wanted import Wanted

MOST_BYTES: Final = 256 * 1024 * 1024
"""Size of all kept indexes together."""
IDLE_SECONDS: Final = 300.0
MOST_HITS: Final = 200
"""Matches that can be paged through; beyond that the search wants another word."""

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Name:
    """One state of one community's index: everything up to change `seq` is in it."""

    community: str
    seq: int


class NotOpen(Exception):
    """The worker does not have this state in memory; send the bytes along."""


@dataclass(slots=True)
class _Kept:
    index: Index
    size: int
    used: float


_kept: OrderedDict[Name, _Kept] = OrderedDict()


def _opened(name: Name, raw: bytes | None) -> _Kept:
    """In the worker: the index of that state, from memory or *raw* (b"" starts an empty one)."""
    kept = _kept.get(name)
    if kept is None:
        if raw is None:
            raise NotOpen
        kept = _Kept(Index.load(raw) if raw else Index.empty(), len(raw), monotonic())
        _keep(name, kept)
    kept.used = monotonic()
    _kept.move_to_end(name)
    return kept


def _keep(name: Name, kept: _Kept) -> None:
    _kept[name] = kept
    stale = monotonic() - IDLE_SECONDS
    for old in [each for each, held in _kept.items() if held.used < stale and each != name]:
        del _kept[old]
    while sum(each.size for each in _kept.values()) > MOST_BYTES and len(_kept) > 1:
        _kept.popitem(last=False)


def _find(
    name: Name,
    wanted: Wanted,
    authors: Sequence[str] | None,
    cases: Sequence[str] | None,
) -> Answer:
    return _opened(name, None).index.find(build(wanted, authors=authors, cases=cases), MOST_HITS)


def _extend(
    name: Name,
    raw: bytes | None,
    then: Name,
    put: Sequence[Document],
    remove: Sequence[str],
) -> None:
    kept = _opened(name, raw)
    kept.index.apply(put, remove)
    del _kept[name]
    _keep(then, _Kept(kept.index, kept.index.size, monotonic()))


def _forget(community: str) -> None:
    for name in [each for each in _kept if each.community == community]:
        del _kept[name]


def _dump(name: Name) -> bytes:
    return _opened(name, None).index.dump()


def _harden() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Worker:
    """The portal's handle on that process."""

    def __init__(self) -> None:
        self._pool = self._new_pool()
        self._closed = False

    @staticmethod
    def _new_pool() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_harden,
        )

    def warm(self) -> None:
        """Let the process start now: the first search comes in a moment."""
        with suppress(BrokenProcessPool):  # the search itself replaces a process that was killed
            self._pool.submit(_harden)

    async def find(
        self,
        name: Name,
        wanted: Wanted,
        *,
        authors: Sequence[str] | None,
        cases: Sequence[str] | None,
    ) -> Answer:
        """What that state of the index knows.  Raises `NotOpen` unless it was just extended to."""
        return await self._run(_find, name, wanted, authors, cases)

    async def extend(
        self,
        name: Name,
        raw: bytes | None,
        then: Name,
        put: Sequence[Document],
        remove: Sequence[str],
    ) -> None:
        """Make state *then* from *name*, or from its bytes.  Raises `NotOpen` without either."""
        await self._run(_extend, name, raw, then, put, remove)

    async def forget(self, community: str) -> None:
        """Drop every state of a community's index."""
        await self._run(_forget, community)

    async def dump(self, name: Name) -> bytes:
        """The bytes of a state that was just extended to; tens of megabytes, so only to seal it."""
        return await self._run(_dump, name)

    async def _run(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Run in the worker; one that was killed is replaced, and the work tried once more."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, work, *args)
        except BrokenProcessPool:
            if self._closed:
                raise
            self._pool.shutdown(wait=False)
            self._pool = self._new_pool()
            return await loop.run_in_executor(self._pool, work, *args)

    def close(self) -> None:
        """Stop the process, whatever it is doing; what it holds is gone."""
        self._closed = True
        working = list((self._pool._processes or {}).values())  # noqa: SLF001 -- 3.14 has kill_workers
        for process in working:
            process.kill()
        # Dead already, so this is short; left alone, its thread closes what Python's exit uses.
        self._pool.shutdown(wait=True, cancel_futures=True)
