"""`python -m bench [name ...] [--small]`: all measurements of `NAMES` unless some are named."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from bench import (
    bundles,
    crowding,
    ingest,
    live,
    opening,
    orthanc,
    refusing,
    search,
    shelves,
    signing,
    webbing,
)
from bench.measuring import Others
from bench.printing import note, row
from bench.stage import SMALL, Sizes, Stage, built

OF_SERIES = {"opening": opening.measure, "webbing": webbing.measure}
"""What needs the series that `ingest` has uploaded."""
BY_THEMSELVES = {
    "bundles": bundles.measure,
    "shelves": shelves.measure,
    "live": live.measure,
    "search": search.measure,
    "signing": signing.measure,
    "crowding": crowding.measure,
    "refusing": refusing.measure,
}
NAMES = ("ingest", *OF_SERIES, *BY_THEMSELVES)


async def run(names: Sequence[str], sizes: Sizes) -> None:
    """Everything named, in this order, against one portal; its memory after each."""
    print(f"{os.cpu_count()} processors; every ratio is ours divided by the peer's, in this run")
    print(orthanc.name(), flush=True)
    async with built(sizes) as stage:
        memory = {"at the start": stage.portal.family.memory()}
        uploaded = None
        for name in names:
            others = Others()
            if name not in BY_THEMSELVES and uploaded is None:
                uploaded = await ingest.measure(stage)
            if name in OF_SERIES and uploaded is not None:
                await OF_SERIES[name](stage, uploaded)
            if name in BY_THEMSELVES:
                await BY_THEMSELVES[name](stage)
            memory[f"after {name}"] = stage.portal.family.memory()
            note(f"others used {others.share():.0f} % of the machine meanwhile")
        await _print_memory(stage, memory)


async def _print_memory(stage: Stage, memory: dict[str, float]) -> None:
    print("\nMemory of the server and its children")
    peer = stage.orthanc.family.memory() if stage.orthanc else 0.0
    for when, mib in memory.items():
        row(when, mib, peer if when.endswith("opening") else 0.0, "MiB")


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Do *work*; an order to end cancels it, so that servers and folders go with this process."""
    task, told = asyncio.ensure_future(work), asyncio.Event()
    for order in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(order, told.set)
    orders = asyncio.create_task(told.wait())
    await asyncio.wait({task, orders}, return_when=asyncio.FIRST_COMPLETED)
    orders.cancel()
    if told.is_set():
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        raise asyncio.CancelledError  # also when its last step was over before it heard of it
    await task


def main() -> None:
    """Read what is wanted and measure it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="name")
    parser.add_argument(
        "--small", "--quick", action="store_true", help="only see that everything works"
    )
    chosen = parser.parse_args()
    names = [each for each in NAMES if each in chosen.names or not chosen.names]
    try:
        asyncio.run(_until_told(run(names, SMALL if chosen.small else Sizes())))
    except asyncio.CancelledError:
        sys.exit("stopped; nothing is left running")
    except live.UnheardError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
