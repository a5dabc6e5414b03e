"""The children that read PDFs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, get_args

from viewer.dicom import ChildLost, Children, Data, PoolFull, Reason, joined, understood
from viewer.pdf.facts import MOST_PAGES, WIDTHS, Look, Outline, Paper, Unshown, Why

CHILD: Final = "viewer.pdf.child"
T = TypeVar("T")
_WHY: Final[dict[Reason, Why]] = {Reason.TIMEOUT: "timeout", Reason.MEMORY: "memory"}


class PdfPool(Children):
    """Looks into PDFs in child processes; every fault of a document is a value, never an error."""

    def __init__(
        self,
        workers: int = 1,
        *,
        queue: int = 64,
        wall_seconds: float = 40,
        child: str = CHILD,
    ) -> None:
        super().__init__(workers, queue=queue, wall_seconds=wall_seconds, child=child)

    async def look(self, data: Data) -> Look | Unshown:
        """The document at first sight."""
        return await self._ask({"do": "look"}, data, _look)

    async def outline(self, data: Data, first: int, count: int) -> Outline | Unshown:
        """*count* pages from number *first* (from 1), as far as there are so many."""
        task = {"do": "outline", "first": first, "count": count}
        return await self._ask(task, data, _outline)

    async def page(self, data: Data, number: int, width: int) -> bytes | Unshown:
        """Page *number* (from 1) as a WebP picture, *width* (of `WIDTHS`) pixels wide."""
        if not 1 <= number <= MOST_PAGES or width not in WIDTHS:
            return Unshown("damaged")
        task = {"do": "page", "number": number, "width": width}
        return await self._ask(task, data, lambda _, blobs: blobs[0])

    async def _ask(
        self,
        task: dict[str, Any],
        data: Data,
        read: Callable[[dict[str, Any], list[bytes]], T],
    ) -> T | Unshown:
        try:
            async with self.child() as child:
                message, blobs = await child.ask_once(task, [joined(data)])
                with understood():
                    if message["kind"] == "unshown":
                        return Unshown(_why(message["why"]))
                    return read(message, blobs)
        except PoolFull:
            return Unshown("busy")
        except ChildLost as lost:
            return Unshown(_WHY.get(lost.reason, "crashed"))


def _why(said: str) -> Why:
    """Raises KeyError for what no child of ours says."""
    return {known: known for known in get_args(Why)}[said]  # type: ignore[no-any-return]


def _look(message: dict[str, Any], blobs: list[bytes]) -> Look:
    return Look(int(message["pages"]), str(message["created"]), blobs[0])


def _outline(message: dict[str, Any], _blobs: list[bytes]) -> Outline:
    papers = tuple(
        Paper(int(number), float(width), float(height), str(text))
        for number, width, height, text in message["papers"]
    )
    return Outline(int(message["pages"]), papers)
