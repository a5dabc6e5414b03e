"""What lies in the portal, read as its owner reads it: every file, bit for bit."""

from portal import studies
from portal.core.actor import Actor
from portal.studies.originals import Original


async def file_of(original: Original) -> bytes:
    """All of a file at once."""
    return b"".join([piece async for piece in original.stretches()])


async def originals_in(study: studies.OpenStudy) -> set[bytes]:
    """The files of one study."""
    return {await file_of(original) async for _, original in study.originals()}


async def originals_of(shelf: studies.Shelf, owner: Actor) -> set[bytes]:
    """The files of all their studies that open."""
    found: set[bytes] = set()
    for summary in await studies.my_studies(shelf, owner):
        if not summary.damaged:
            found |= await originals_in(await studies.open_own(shelf, owner, summary.id))
    return found
