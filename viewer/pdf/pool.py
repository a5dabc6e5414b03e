"""The children that read documents: PDFs, and photos as documents of one page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple, TypeVar, get_args

from viewer.children import Buffer, ChildLost, Children, PoolFull, understood
from viewer.pdf.facts import MOST_PAGES, WIDTHS, Look, Outline, Paper, Unshown, Why
from viewer.photos import LARGEST, SAYS

CHILD: Final = "viewer.pdf.child"
WORKERS: Final = 2
"""Documents that are read at a time, and so what all of them together take of the memory."""
LOOK_SECONDS: Final = 3
PAGE_SECONDS: Final = 15
"""Processor time of the first sight, and of a page that somebody asked for."""
LOOK_WALL: Final = 10.0
"""Seconds to the first sight, however busy the machine is."""
ANSWER: Final = LARGEST + (1 << 20)
"""Bytes of one answer: a photo without its data, a drawn page, or the texts of fifty pages."""

T = TypeVar("T")


class Reader(NamedTuple):
    """For whom, and in what, a document is read."""

    person: Hashable
    """A child that read for one reads for nobody else."""
    task: Hashable
    """A document, or a part of an upload: a child that served one task serves no other."""

    @classmethod
    def unknown(cls) -> Reader:
        """Somebody who shares nothing with anybody."""
        return cls(object(), object())


class PdfPool(Children):
    """
    Looks into documents in child processes; every fault of a document is a value, never an error.

    It serves whoever asks first; who shares it fairly among many is the caller's business.
    """

    def __init__(
        self,
        workers: int = WORKERS,
        *,
        queue: int = 200,
        wall_seconds: float = 40,
        child: str = CHILD,
    ) -> None:
        super().__init__(
            workers, queue=queue, wall_seconds=wall_seconds, child=child, answer=ANSWER, ahead=1
        )

    async def look(self, data: Buffer, reader: Reader | None = None) -> Look | Unshown:
        """The document at first sight."""
        try:
            return await self._ask({"do": "look", "seconds": LOOK_SECONDS}, data, reader, _look)
        except TimeoutError:
            return Unshown("timeout")

    async def words(self, data: Buffer, reader: Reader | None = None) -> str | Unshown:
        """What is written in a PDF, for the search."""
        task = {"do": "words", "seconds": LOOK_SECONDS}
        try:
            return await self._ask(task, data, reader, lambda _, blobs: blobs[0].decode())
        except TimeoutError:
            return Unshown("timeout")

    async def outline(
        self, data: Buffer, first: int, count: int, reader: Reader | None = None
    ) -> Outline | Unshown:
        """*count* pages from number *first* (from 1), as far as there are so many."""
        task = {"do": "outline", "first": first, "count": count, "seconds": PAGE_SECONDS}
        return await self._ask(task, data, reader, _outline)

    async def page(
        self, data: Buffer, number: int, width: int, reader: Reader | None = None
    ) -> bytes | Unshown:
        """Page *number* (from 1) as a WebP picture, *width* (of `WIDTHS`) pixels wide."""
        if not 1 <= number <= MOST_PAGES or width not in WIDTHS:
            return Unshown("damaged")
        task = {"do": "page", "number": number, "width": width, "seconds": PAGE_SECONDS}
        return await self._ask(task, data, reader, lambda _, blobs: blobs[0])

    async def clean(self, data: Buffer, reader: Reader | None = None) -> bytes | Unshown:
        """A photo without what it tells beside its picture (`viewer.photos.stripping`)."""
        task = {"do": "clean", "seconds": PAGE_SECONDS}
        return await self._ask(task, data, reader, lambda _, blobs: blobs[0])

    async def _ask(
        self,
        task: dict[str, Any],
        data: Buffer,
        reader: Reader | None,
        read: Callable[[dict[str, Any], list[bytes]], T],
    ) -> T | Unshown:
        mine = reader or Reader.unknown()
        patience = LOOK_WALL if task["do"] in {"look", "words"} else None
        try:
            async with asyncio.timeout(patience), self.child(mine) as child:
                message, blobs = await child.ask_once(task, [[data]])
                with understood():
                    if message["kind"] == "unshown":
                        return Unshown(_why(message["why"]))
                    return read(message, blobs)
        except PoolFull:
            return Unshown("busy")
        except ChildLost as lost:
            return Unshown(lost.cause)


def _why(said: str) -> Why:
    """Raises KeyError for what no child of ours says."""
    return {known: known for known in get_args(Why)}[said]  # type: ignore[no-any-return]


def _look(message: dict[str, Any], blobs: list[bytes]) -> Look:
    found = tuple(each for each in SAYS if each in message.get("found", []))
    return Look(int(message["pages"]), str(message["created"]), blobs[0], found)


def _outline(message: dict[str, Any], _blobs: list[bytes]) -> Outline:
    papers = tuple(
        Paper(int(number), float(width), float(height), str(text))
        for number, width, height, text in message["papers"]
    )
    return Outline(int(message["pages"]), papers)
