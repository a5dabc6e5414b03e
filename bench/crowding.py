"""
Far more parts of uploads at once than the portal reads, and what it takes of the memory meanwhile.

Nobody sends again what was refused, so most of what arrives here is thrown away unread.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

import aiohttp

from bench import images, ingest, people
from bench.measuring import watching
from bench.people import Visitor
from bench.printing import head, note, row
from bench.stage import Stage
from portal.studies import parts

PEOPLE: Final = 10
EACH: Final = 15
"""Parts of each of them at once."""
SLICES: Final = 15
"""Images of 512 x 512 in a part: 7.9 MB."""
GOAL: Final = 300.0
"""MiB above idle, of the server and its children."""


async def measure(stage: Stage) -> None:
    """Everything at once."""
    small = stage.sizes.side < images.FULL
    each, side = (EACH, images.FULL) if not small else (2, stage.sizes.side)
    files = images.ct(each * SLICES, side)
    bodies = [
        parts.build(list(enumerate(files[at : at + SLICES]))) for at in range(0, len(files), SLICES)
    ]
    crowd = [await people.physician(stage.portal, f"Crowd{number}") for number in range(PEOPLE)]
    await ingest.upload(stage, crowd[0], images.ct(2, 64), 1)  # starts the limited children
    head(f"{PEOPLE * each} parts of {len(bodies[0]) / 1e6:.1f} MB at once", "-")
    idle = stage.portal.family.memory()
    with watching(stage.portal.family) as spent:
        sent = await asyncio.gather(*(_send(stage, visitor, bodies) for visitor in crowd))
    row("memory before", idle, 0.0, "MiB")
    row("memory above that, peak", spent.peak - idle, 0.0, "MiB", goal=f"< {GOAL:.0f} MiB")
    row("wall until all are answered", spent.wall, 0.0, "s")
    told = Counter(status for statuses in sent for status in statuses)
    note("answered " + ", ".join(f"{count} x {status}" for status, count in sorted(told.items())))


async def _send(stage: Stage, visitor: Visitor, bodies: Sequence[bytes]) -> list[int]:
    """All parts of one upload at once; what each was answered, 0 for a connection that broke."""
    limit = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        stage.portal.url, headers=visitor.headers, connector=limit
    ) as http:
        async with http.post("/uploads", json={"client": str(uuid4())}) as answer:
            answer.raise_for_status()
            upload = (await answer.json())["id"]

        async def put(number: int, body: bytes) -> int:
            try:
                async with http.put(f"/uploads/{upload}/parts/{number}", data=body) as answer:
                    await answer.read()
                    return answer.status
            except aiohttp.ClientError:
                return 0

        return await asyncio.gather(*(put(*each) for each in enumerate(bodies, start=1)))
