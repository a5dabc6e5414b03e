"""Memory and processor time of processes while something runs, and how busy everybody else was."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import psutil

SAMPLE_SECONDS: Final = 0.05


class Family:
    """A process and its children."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)

    def memory(self) -> float:
        """Resident memory of all of them, MiB; what they share counts once for each."""
        return self._sum(lambda each: each.memory_info().rss) / 2**20

    def seconds(self) -> float:
        """Processor time that all of them have used since they began."""
        return self._sum(_spent)

    def _sum(self, fact: Callable[[psutil.Process], float]) -> float:
        total = 0.0
        with suppress(psutil.Error):
            for each in [self._root, *self._root.children(recursive=True)]:
                with suppress(psutil.Error):
                    total += fact(each)
        return total


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass(slots=True)
class Spent:
    """What something took: seconds by the clock, seconds of processor, MiB at the peak."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0


@contextmanager
def watching(family: Family) -> Iterator[Spent]:
    """Fills in what *family* spent while the block ran."""
    spent, stop = Spent(peak=family.memory()), threading.Event()

    def sample() -> None:
        while not stop.wait(SAMPLE_SECONDS):
            spent.peak = max(spent.peak, family.memory())

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    before, began = family.seconds(), perf_counter()
    try:
        yield spent
    finally:
        spent.wall, spent.cpu = perf_counter() - began, family.seconds() - before
        stop.set()
        sampler.join()


class Others:
    """How much of the machine processes that are not of this run have used since the start."""

    def __init__(self) -> None:
        self._busy, self._mine, self._at = _busy(), _mine(), perf_counter()

    def share(self) -> float:
        """Percent of all processors; a ratio of wall times means little above 20."""
        others = (_busy() - self._busy) - (_mine() - self._mine)
        return 100 * max(0.0, others) / ((perf_counter() - self._at) * (os.cpu_count() or 1))


def _busy() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def _mine() -> float:
    times = os.times()
    return Family(os.getpid()).seconds() + times.children_user + times.children_system
