"""Nobody's child meets another's document."""

from collections.abc import AsyncIterator

import pytest

from tests.viewer.pdf.making import pdf
from viewer.children import ChildLost, Children
from viewer.pdf import Look, PdfPool, Reader


@pytest.fixture
async def pool() -> AsyncIterator[PdfPool]:
    async with PdfPool() as pool:
        yield pool


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
