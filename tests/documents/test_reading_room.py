"""Nobody's documents wait for one person's."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from portal.documents.reading_room import ReadingRoom
from tests.viewer.pdf.making import pdf
from viewer.pdf import Look, PdfPool, Reader, Unshown

SLOW = b"40 w\n" + b"0 0 m 595 842 l 0 842 l 595 0 l S\n" * 20_000


@pytest.fixture
async def room() -> AsyncIterator[ReadingRoom]:
    async with PdfPool() as pool:
        yield ReadingRoom(pool, each=4)


async def test_one_persons_slow_pages_hold_up_nobody_else(room: ReadingRoom) -> None:
    async def slow() -> bytes:
        return pdf(content=SLOW)

    hog = [asyncio.create_task(room.page(slow, 1, 2400, Reader("hog", n))) for n in range(8)]
    await asyncio.sleep(0.05)

    found = await room.look(pdf(), Reader("erika", "hers"))

    assert isinstance(found, Look)
    assert sum(each.done() and each.result() == Unshown("busy") for each in hog) == 3
    assert sum(not each.done() for each in hog) >= 3, "only waiting turns are refused"
    for each in hog:
        each.cancel()
    await asyncio.gather(*hog, return_exceptions=True)


async def test_what_is_loaded_is_loaded_when_the_turn_has_come(room: ReadingRoom) -> None:
    loaded, go_on = 0, asyncio.Event()

    async def load() -> bytes:
        nonlocal loaded
        loaded += 1
        await go_on.wait()
        return pdf()

    calls = [asyncio.create_task(room.page(load, 1, 800, Reader(n, n))) for n in range(4)]
    await asyncio.sleep(0.05)
    assert loaded == 2
    go_on.set()
    assert all(isinstance(each, bytes) for each in await asyncio.gather(*calls))
