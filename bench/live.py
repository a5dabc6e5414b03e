"""
From one post to the sockets of a whole community, beside a bare python-socketio server.

Ours checks session and membership, seals the post, writes it durably with its change, asks which
sessions still live, and answers with the rendered post; the peer only passes the payload on.
Clients are the same raw websockets in a process of their own for both.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import uuid4

import aiohttp

from bench import people
from bench.measuring import Family, watching
from bench.portal import START_SECONDS, free_port, running
from bench.printing import head, note, percentile, row
from bench.stage import Stage

STEADY_RATE = 5
"""Posts a second."""
BURST = 40
BURST_AT_ONCE = 8
PATIENCE = 30.0
"""Seconds until a message that has not arrived counts as lost."""
ANSWER_SECONDS = 120

Post = Callable[[], Awaitable[int]]
"""Posts once; the number in the payload that members will hear."""


class UnheardError(Exception):
    """Not one socket got a post: there is nothing to measure, and something is wrong."""


@dataclass(slots=True)
class Figures:
    """What one server did, seconds unless said."""

    kb_a_socket: float = 0.0
    delays: list[float] = field(default_factory=list)
    cpu_a_delivery: float = 0.0
    """Microseconds."""
    a_second: float = 0.0
    """Deliveries in the burst."""
    lost: int = 0


class _Ears:
    """The process that listens."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, line: str) -> Any:
        """Send a line, read the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(ANSWER_SECONDS):
            return json.loads(await self._process.stdout.readline())

    async def heard(self) -> dict[int, list[float]]:
        """When each numbered message arrived, socket by socket."""
        told = await self.ask("report")
        return {
            json.loads(message[2:])[1]["seq"]: times
            for message, times in told.items()
            if message.startswith('42["change"')
        }


async def measure(stage: Stage) -> None:
    """Every size of community, ours and the peer's."""
    for count in stage.sizes.crowds:
        ours = await _ours(stage, count)
        theirs = await _theirs(stage, count)
        head(f"Live, {count} members with a socket each", "socket.io")
        for percent in (50, 99):
            row(f"from post to socket, {STEADY_RATE} posts/s, p{percent}",
                percentile(ours.delays, percent) * 1000,
                percentile(theirs.delays, percent) * 1000,
                "ms", goal="<= 1.25" if percent == 99 else "")  # fmt: skip
        row("CPU of the server a delivery", ours.cpu_a_delivery, theirs.cpu_a_delivery, "µs",
            goal="<= 1.25")  # fmt: skip
        row(f"burst of {BURST} posts: deliveries", ours.a_second, theirs.a_second, "1/s",
            goal=">= 0.8")  # fmt: skip
        row("memory a socket", ours.kb_a_socket, theirs.kb_a_socket, "KiB", goal="<= 2.0")
        note(f"lost: {ours.lost} of ours, {theirs.lost} of the peer's")


async def _ours(stage: Stage, count: int) -> Figures:
    owner = await people.physician(stage.portal, f"Live{count}")
    community = await people.community(owner.actor, f"Crowd of {count}")
    thread = await people.discussion(community, [])
    cookies = await people.crowd(community, count)
    headers = [people.sent_by(stage.portal, each) for each in cookies]
    async with aiohttp.ClientSession(stage.portal.url, headers=owner.headers) as session:

        async def post() -> int:
            said = {"client_id": str(uuid4()), "text": "Midline shift of four millimetres."}
            async with session.post(f"/threads/{thread}/posts", json=said) as answer:
                answer.raise_for_status()
                return int((await answer.json())["seq"])

        return await figures(
            stage.portal.url, stage.portal.family, headers, post, stage.sizes.seconds
        )


async def _theirs(stage: Stage, count: int) -> Figures:
    async with plain_server() as (url, family), aiohttp.ClientSession(url) as session:
        numbers = iter(range(1, 1_000_000))
        ids = {"community": str(uuid4()), "case": str(uuid4())}

        async def post() -> int:
            number = next(numbers)
            async with session.post("/tell", json=ids | {"seq": number}) as answer:
                answer.raise_for_status()
            return number

        return await figures(url, family, [{}] * count, post, stage.sizes.seconds)


@asynccontextmanager
async def plain_server() -> AsyncIterator[tuple[str, Family]]:
    """The peer, started: where it is and what it uses."""
    port = free_port()
    async with running("bench.plain_sockets", str(port)) as process:
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                break
        yield f"http://127.0.0.1:{port}", Family(process.pid)


async def figures(
    url: str, family: Family, headers: Sequence[Mapping[str, str]], post: Post, seconds: float
) -> Figures:
    """What members with these headers hear, measured *seconds* long.  Raises `UnheardError`."""
    measured, before = Figures(), family.memory()
    async with running("bench.listeners") as process:
        ears = _Ears(process)
        where = {"url": url.replace("http", "ws", 1), "headers": headers}
        assert (await ears.ask(json.dumps(where)))["connected"] == len(headers)
        measured.kb_a_socket = (family.memory() - before) * 1024 / len(headers)
        await _first(ears, post, len(headers))
        with watching(family) as spent:
            sent = await _steadily(post, seconds)
            heard = await _arrived(ears, sent, len(headers))
        measured.delays = [at - sent[n] for n in sent for at in heard.get(n, ())]
        if not measured.delays:
            raise UnheardError(f"None of {len(sent)} posts reached anybody; the first one did.")
        measured.cpu_a_delivery = spent.cpu * 1e6 / max(1, len(measured.delays))
        measured.lost = len(sent) * len(headers) - len(measured.delays)
        await _burst(measured, ears, post, len(headers))
    return measured


async def _first(ears: _Ears, post: Post, members: int) -> None:
    """What the first post loads and compiles is nobody's delay; that it arrives is to be seen."""
    if not await _arrived(ears, {await post(): 0.0}, members):
        raise UnheardError(
            f"A post was accepted and reached none of {members} connected members within"
            f" {PATIENCE:.0f} s: there is no delivery to measure. Whoever is not confirmed as a"
            " professional hears nothing; see bench/people.py."
        )


async def _steadily(post: Post, seconds: float) -> dict[int, float]:
    """When each post was begun, by its number."""
    sent: dict[int, float] = {}

    async def one() -> None:
        began = perf_counter()
        sent[await post()] = began

    async with asyncio.TaskGroup() as posts:
        for _ in range(max(1, round(seconds * STEADY_RATE))):
            posts.create_task(one())
            await asyncio.sleep(1 / STEADY_RATE)
    return sent


async def _burst(measured: Figures, ears: _Ears, post: Post, members: int) -> None:
    sent: dict[int, float] = {}
    waiting = iter(range(BURST))

    async def send() -> None:
        for _ in waiting:
            sent[await post()] = 0.0

    began = perf_counter()
    await asyncio.gather(*(send() for _ in range(BURST_AT_ONCE)))
    heard = await _arrived(ears, sent, members)
    times = [at for number in sent for at in heard.get(number, ())]
    measured.a_second = len(times) / (max(times) - began) if times else 0.0
    measured.lost += BURST * members - len(times)


async def _arrived(ears: _Ears, sent: Mapping[int, float], members: int) -> dict[int, list[float]]:
    """What was heard, once everybody heard everything or patience ends."""
    until = perf_counter() + PATIENCE
    while True:
        heard = await ears.heard()
        complete = all(len(heard.get(number, ())) >= members for number in sent)
        if complete or perf_counter() > until:
            return heard
        await asyncio.sleep(0.5)
