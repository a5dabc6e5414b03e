"""
A flood of sign-ins, and how long somebody who is signed in already waits meanwhile (S29).

Wrong passwords come from an even stream of requests, whether answered or not, each for another
address and, by `X-Forwarded-For`, from another network, so that no throttle stops them before the
work begins.  What does not fit through the door is refused at once; that is the point.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter

import aiohttp

from bench import people
from bench.measuring import watching
from bench.printing import head, note, percentile, row
from bench.stage import Stage

RATE = 500
"""Sign-ins a second."""
AT_ONCE = 2000
"""Requests under way at most; what would be more is counted as not sent."""
PAUSE = 0.05
"""Seconds between two pages of the one who is signed in."""
GOAL = 1000.0
"""Milliseconds, 99th percentile."""


@dataclass(slots=True)
class _Flood:
    """What became of it."""

    answers: Counter[int] = field(default_factory=Counter)
    unsent: int = 0
    lost: int = 0


async def measure(stage: Stage) -> None:
    """Pages of a session alone, then beside the flood."""
    visitor = await people.physician(stage.portal, "Sign")
    seconds = stage.sizes.seconds
    head(f"Signing in: {RATE} wrong passwords a second for {seconds * 3:.0f} s", "-")
    limit = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(stage.portal.url, connector=limit) as http:
        alone = await _pages(http, visitor.headers, seconds)
        flood = _Flood()
        with watching(stage.portal.family) as spent:
            flooding = asyncio.create_task(_flood(http, stage, seconds * 3, flood))
            beside = await _pages(http, visitor.headers, seconds * 3)
            await flooding
    row("a page of a session alone, p99", _ms(alone, 99), 0.0, "ms")
    row("a page of a session in the flood, p50", _ms(beside, 50), 0.0, "ms")
    goal = f"< {GOAL:.0f} ms"
    row("a page of a session in the flood, p99", _ms(beside, 99), 0.0, "ms", goal=goal)
    row("memory at the peak", spent.peak, 0.0, "MiB")
    told = ", ".join(f"{number} x {status}" for status, number in sorted(flood.answers.items()))
    note(f"answered {told}; {flood.lost} cut off, {flood.unsent} never sent")


async def _pages(
    http: aiohttp.ClientSession, headers: dict[str, str], seconds: float
) -> list[float]:
    """How long each page of somebody signed in took, one after the other."""
    taken: list[float] = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(taken) < 2:
        start = perf_counter()
        async with http.get("/profile", headers=headers | {"Accept": "text/html"}) as answer:
            await answer.read()
            assert answer.status == 200, answer.status
        taken.append(perf_counter() - start)
        await asyncio.sleep(PAUSE)
    return taken


async def _flood(http: aiohttp.ClientSession, stage: Stage, seconds: float, flood: _Flood) -> None:
    """*RATE* requests a second by the clock, however slowly they are answered."""
    under_way: set[asyncio.Task[None]] = set()
    begun, sent = perf_counter(), 0
    while (passed := perf_counter() - begun) < seconds:
        for number in range(sent, int(passed * RATE)):
            if len(under_way) >= AT_ONCE:
                flood.unsent += 1
                continue
            task = asyncio.create_task(_guess(http, stage, number, flood))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        sent = int(passed * RATE)
        await asyncio.sleep(0.01)
    for task in list(under_way):
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


async def _guess(http: aiohttp.ClientSession, stage: Stage, number: int, flood: _Flood) -> None:
    form = {"mail": f"guess{number}@example.test", "password": "not this one, surely"}
    headers = {
        "Origin": stage.portal.settings.origin,
        "Sec-Fetch-Site": "same-origin",
        "Accept": "application/json",
        "X-Forwarded-For": f"10.{number >> 8 & 255}.{number & 255}.1",
    }
    try:
        async with http.post("/sign-in", data=form, headers=headers) as answer:
            await answer.read()
            flood.answers[answer.status] += 1
    except aiohttp.ClientError:
        flood.lost += 1


def _ms(seconds: list[float], percent: int) -> float:
    return 1000 * percentile(seconds, percent)
