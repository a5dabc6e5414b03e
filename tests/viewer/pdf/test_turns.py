"""Nobody's documents wait for one person's, and nobody's child meets another's document."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.viewer.pdf.making import pdf
from viewer.children import ChildLost, Children
from viewer.pdf import Look, PdfPool, Reader, Unshown
from viewer.pdf.turns import NoTurn, Turns

SLOW = b"40 w\n" + b"0 0 m 595 842 l 0 842 l 595 0 l S\n" * 20_000


@pytest.fixture
async def pool() -> AsyncIterator[PdfPool]:
    async with PdfPool(each=4) as pool:
        yield pool


async def test_free_places_go_round_the_people_who_wait() -> None:
    turns, served = Turns(1, each=10, all_=100), list[str]()

    async def works(whose: str) -> None:
        async with turns.turn(whose):
            served.append(whose)
            await asyncio.sleep(0)

    await asyncio.gather(*(works(whose) for whose in "aaaaabbc"))

    assert "".join(served) == "abcabaaa"


async def test_one_person_has_one_place_and_a_short_queue() -> None:
    turns, inside, most = Turns(4, each=2, all_=100), 0, 0

    async def works() -> None:
        nonlocal inside, most
        async with turns.turn("a"):
            inside, most = inside + 1, max(most, inside + 1)
            await asyncio.sleep(0.01)
            inside -= 1

    done = await asyncio.gather(*(works() for _ in range(6)), return_exceptions=True)

    assert most == 1
    assert sum(isinstance(each, NoTurn) for each in done) == 3
    await works()


async def test_whoever_leaves_the_queue_leaves_no_place_taken() -> None:
    turns = Turns(1, each=5, all_=5)

    async def works(seconds: float) -> None:
        async with turns.turn("a" if seconds else "b"):
            await asyncio.sleep(seconds)

    for moment in (0, 0.01):
        tasks = [asyncio.create_task(works(10)) for _ in range(4)]
        await asyncio.sleep(moment)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    await asyncio.wait_for(works(0), 1)


async def test_one_persons_slow_pages_hold_up_nobody_else(pool: PdfPool) -> None:
    slow = pdf(content=SLOW)
    hog = [asyncio.create_task(pool.page(slow, 1, 2400, Reader("hog", n))) for n in range(8)]
    await asyncio.sleep(0.05)

    found = await pool.look(pdf(), Reader("erika", "hers"))

    assert isinstance(found, Look)
    assert sum(each.done() and each.result() == Unshown("busy") for each in hog) == 3
    assert sum(not each.done() for each in hog) >= 3, "only waiting turns are refused"
    for each in hog:
        each.cancel()
    await asyncio.gather(*hog, return_exceptions=True)


async def test_what_is_loaded_is_loaded_when_the_turn_has_come(pool: PdfPool) -> None:
    loaded, go_on = 0, asyncio.Event()

    async def load() -> bytes:
        nonlocal loaded
        loaded += 1
        await go_on.wait()
        return pdf()

    calls = [asyncio.create_task(pool.page(load, 1, 800, Reader(n, n))) for n in range(4)]
    await asyncio.sleep(0.05)
    assert loaded == 2
    go_on.set()
    assert all(isinstance(each, bytes) for each in await asyncio.gather(*calls))


async def test_a_child_serves_one_task_and_goes(pool: PdfPool) -> None:
    async def served(reader: Reader) -> int:
        assert isinstance(await pool.look(pdf(), reader), Look)
        return pool._idle[-1][1].pid

    mine, hers = Reader("erika", "one"), Reader("otto", "one")
    first = await served(mine)

    assert await served(mine) == first
    assert await served(Reader("erika", "two")) != first
    assert await served(hers) != first
    assert len({await served(mine), await served(hers), first}) == 3
    assert len(pool._all) <= 2 + 1, "two places, and one child that is started ahead"


async def test_a_child_cannot_answer_more_than_is_agreed() -> None:
    task = {"do": "page", "number": 1, "width": 800, "seconds": 5}
    async with Children(child="viewer.pdf.child", answer=1000) as children:
        with pytest.raises(ChildLost):
            async with children.child() as child:
                await child.ask_once(task, [[pdf(["Some words"])]])
