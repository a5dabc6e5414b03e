"""An archive that is to be, and what a person is told of it."""

from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

from portal.core.language import gettext as _
from portal.core.language import show_bytes
from portal.exporting.archive import Archive
from portal.exporting.drafts import Drafts
from portal.exporting.readme import Counts


@dataclass(frozen=True, slots=True)
class Plan:
    """An archive, and what a person is told of it."""

    archive: Archive = field(repr=False)
    counts: Counts
    drafts: Drafts = field(repr=False)
    series: tuple["Series", ...] = ()

    @property
    def shown_size(self) -> str:
        """Bytes in words, about so many where not everything was made yet."""
        size = show_bytes(self.archive.size)
        return size if self.drafts.are_sized else _("about %(size)s", size=size)

    async def sized(self) -> Self:
        """The same, its archive as large as it says.  Raises `Busy`, `vault.Tampered`."""
        if self.drafts.are_sized:
            return self
        archive = await self.drafts.sized(self.archive)
        return replace(self, archive=archive, drafts=Drafts(self.drafts.known))


@dataclass(frozen=True, slots=True)
class Series:
    """One that an examination has, to be had alone."""

    image: UUID
    """Its first one."""
    number: int
    description: str = field(repr=False)
    files: int
