"""Whose turn it is to have a document looked into, so that nobody's wait for one person's."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from typing import Final, TypeVar

from portal import edge
from portal.core.errors import Busy
from viewer.children import Buffer
from viewer.pdf import Look, Outline, PdfPool, Reader, Unshown, begins_pdf

EACH: Final = 12
"""Calls of one person that may wait: about the pages that a browser asks for at once."""
WAITING: Final = 200

T = TypeVar("T")
Load = Callable[[], Awaitable[Buffer]]


class ReadingRoom:
    """
    Looks into documents for people, fairly: one of each person at a time.

    What is still to be loaded is loaded when the turn has come, which bounds the memory.
    """

    def __init__(self, pool: PdfPool, *, each: int = EACH) -> None:
        self._pool = pool
        self._turns = edge.Turnstile[Hashable](each=1 + each, all_=pool.workers, waiting=WAITING)

    async def look(self, data: Buffer | Load, reader: Reader) -> Look | Unshown:
        """The document at first sight, with what is written in it."""
        return await self._ask(data, reader, lambda whole: self._look(whole, reader))

    async def _look(self, whole: Buffer, reader: Reader) -> Look | Unshown:
        """Words are asked for by themselves: a document whose text defeats us is still shown."""
        found = await self._pool.look(whole, reader)
        if not isinstance(found, Look) or not begins_pdf(whole):
            return found
        words = await self._pool.words(whole, reader)
        return replace(found, words="" if isinstance(words, Unshown) else words)

    async def words(self, load: Load, reader: Reader) -> str | Unshown:
        """What is written in a PDF."""
        return await self._ask(load, reader, lambda whole: self._pool.words(whole, reader))

    async def outline(
        self, load: Load, first: int, count: int, reader: Reader
    ) -> Outline | Unshown:
        """*count* pages from number *first* (from 1), as far as there are so many."""
        return await self._ask(
            load, reader, lambda whole: self._pool.outline(whole, first, count, reader)
        )

    async def page(self, load: Load, number: int, width: int, reader: Reader) -> bytes | Unshown:
        """Page *number* (from 1) as a WebP picture, *width* (of `WIDTHS`) pixels wide."""
        return await self._ask(
            load, reader, lambda whole: self._pool.page(whole, number, width, reader)
        )

    async def clean(self, load: Load, reader: Reader) -> bytes | Unshown:
        """A photo without what it tells beside its picture."""
        return await self._ask(load, reader, lambda whole: self._pool.clean(whole, reader))

    async def _ask(
        self,
        data: Buffer | Load,
        reader: Reader,
        ask: Callable[[Buffer], Awaitable[T | Unshown]],
    ) -> T | Unshown:
        try:
            turn = await self._turns.through(reader.person)
        except Busy:
            return Unshown("busy")
        with turn:
            return await ask(await data() if callable(data) else data)
