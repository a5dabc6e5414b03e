"""
What is not made before somebody downloads it: what was written here, on paper and as data, and
pictures in full size.

A page says about how much that is.  Whoever downloads is told exactly, so whatever nobody remembers
the size of is made first, once, and kept for the sending as far as there is room; of what was made
before, nothing is made again but what is asked for.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import Final

from portal import vault
from portal.core.errors import Busy, Unknown
from portal.exporting.archive import UNREADABLE, Archive, Known, sums_of
from portal.exporting.zipping import Entry

MOST_HELD: Final = 8 * 1024 * 1024
"""Bytes of one archive that are kept between their making and their sending."""

Make = Callable[[], Awaitable[bytes]]


class Unmade(vault.Tampered):
    """It cannot be made, now or later: the next archive does without."""


class _Draft:
    """One that is made when its turn comes."""

    def __init__(self, make: Make, lies: bytes) -> None:
        self.make, self.lies = make, lies
        self.held: bytes | None = None

    async def read(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """So many bytes of it."""
        made = await self.make() if self.held is None else self.held
        yield made[start:stop]


class Drafts:
    """Those of one archive."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._unsized: dict[bytes, _Draft] = {}

    @property
    def are_sized(self) -> bool:
        """Whether the archive is as large as it says."""
        return not self._unsized

    def entry(self, mark: bytes, lies: bytes, make: Make, about: int) -> Entry:
        """An entry without a name, of *about* so many bytes unless it was made before."""
        draft, size = _Draft(make, lies), self.known.sizes.get(mark)
        if size is None:
            self._unsized[mark] = draft
        return Entry("", about if size is None else size, mark, draft.read, lies=lies)

    async def sized(self, archive: Archive) -> Archive:
        """
        The same archive, as large as it says.  Raises `Busy` when something went away meanwhile or
        cannot be made, `vault.Tampered` for what does not open: the next archive leaves it out.
        """
        sizes, held, unmade = dict[bytes, int](), 0, False
        for mark, draft in self._unsized.items():
            try:
                made = await self._made(draft)
            except Unmade:
                unmade = True
                continue
            self.known.sums.put(mark, await asyncio.to_thread(sums_of, made))
            self.known.sizes.put(mark, len(made))
            sizes[mark] = len(made)
            if held + len(made) <= MOST_HELD:
                draft.held, held = made, held + len(made)
        if unmade:
            raise Busy(retry_after=1)
        entries = [replace(each, size=sizes.get(each.mark, each.size)) for each in archive.entries]
        return await asyncio.to_thread(Archive, entries, self.known)

    async def _made(self, draft: _Draft) -> bytes:
        try:
            return await draft.make()
        except Unknown:
            raise Busy(retry_after=1) from None
        except UNREADABLE:
            self.known.unreadable.put(draft.lies, None)
            raise
