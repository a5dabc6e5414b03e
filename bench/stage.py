"""What a run of benchmarks shares: the portal, the peer beside it, and how large it is."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import orthanc, portal
from bench.orthanc import Orthanc
from bench.portal import Portal


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    slices: int = 300
    side: int = 512
    crowds: tuple[int, ...] = (100, 1000)
    posts: int = 20_000
    small_files: int = 1000
    studies: int = 10_000
    """Examinations in one account."""
    seconds: float = 6.0
    """How long members are told at a steady pace, and how long frames are asked for."""


SMALL = Sizes(slices=6, side=64, crowds=(5,), posts=60, small_files=12, studies=30, seconds=0.5)
"""Enough to see that a benchmark works; its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Portal, peer and sizes of this run."""

    portal: Portal
    orthanc: Orthanc | None
    sizes: Sizes


@asynccontextmanager
async def built(sizes: Sizes) -> AsyncIterator[Stage]:
    """Everything started on loopback in a temporary folder that goes with it."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hds-bench-")))
        peer = await stack.enter_async_context(orthanc.running(folder / "orthanc"))
        ours = await stack.enter_async_context(portal.serving(folder / "portal"))
        yield Stage(ours, peer, sizes)
