"""A photo of one's own is replaced by the same picture that tells nothing else."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

from portal.core.actor import Actor
from portal.core.db import transaction
from portal.core.errors import Busy, Conflict
from portal.core.language import N_, gettext
from portal.documents import listing
from portal.documents.desk import Desk
from portal.documents.facts import Facts
from portal.documents.marks import ids_of
from portal.documents.opening import open_own
from portal.documents.taking import Arrived, Bytes, taking
from viewer.pdf import Reader, Unshown
from viewer.photos import kind_of

TOLD: Final = {
    "place": N_("where it was taken"),
    "camera": N_("with which camera it was taken"),
    "time": N_("when it was taken"),
    "more": N_("other things, such as descriptions, a smaller picture or a short film"),
}
"""What a photo tells beside its picture, by the codes of `viewer.photos.SAYS`."""

KnownBy = Callable[[bytes], bytes]
"""What tells one content from another's."""


class Uncleanable(Conflict):
    """Nobody can read the photo, so nothing can be left out of it."""

    code = "uncleanable"
    message = N_(
        "This photo cannot be read well enough to remove anything from it. It is unchanged."
    )


def told(facts: Facts) -> list[str]:
    """What a photo tells beside its picture, in the reader's language."""
    return [gettext(TOLD[each]) for each in facts.says]


async def clean(desk: Desk, actor: Actor, document_id: UUID, known_by: KnownBy) -> UUID:
    """
    Keep a photo of one's own without place, camera and time, and destroy the one that tells them.

    The picture is the same, point by point: parts of the file are left out, nothing is encoded
    again.  Returns its new id, or that of the same picture if it is there already.  Raises
    `Unknown`, `Uncleanable`, `Busy`, `QuotaFull`, `DiskFull`; then everything is as before.
    """
    document = await open_own(desk, actor, document_id)
    facts = document.facts
    if not facts.says:
        return document.id
    found = await desk.reading_room.clean(document.whole, Reader(actor.id, document.id))
    if isinstance(found, Unshown):
        raise Busy(retry_after=2) if found.why == "busy" else Uncleanable
    mark = await asyncio.to_thread(known_by, found)
    name = facts.label + facts.suffix
    arrived = Arrived(0, found, mark, name, document.study_mark, facts.created)
    async with taking(desk, actor, [arrived]) as work, transaction():
        await listing.delete(actor, document.id)
        await work.keep()
    return (await ids_of(actor, [mark]))[0]


async def cleaned(desk: Desk, actor: Actor, arrived: Arrived, known_by: KnownBy) -> Arrived | None:
    """
    A photo that just arrived without place, camera and time, but with its day; itself if that
    leaves nothing out.  None for whatever nothing can be left out of: a photo that nobody can read,
    and every other kind, since its sender was promised that it tells nothing.  Raises `Busy`.
    """
    if not kind_of(arrived.data):
        return None
    reader = Reader(actor.id, uuid4())

    async def load() -> Bytes:
        return arrived.data

    look = await desk.reading_room.look(load, reader)
    found = look if isinstance(look, Unshown) else await desk.reading_room.clean(load, reader)
    if isinstance(look, Unshown) or isinstance(found, Unshown):
        if "busy" in {getattr(look, "why", ""), getattr(found, "why", "")}:
            raise Busy(retry_after=2)
        return None
    if found == arrived.data:
        return arrived
    mark = await asyncio.to_thread(known_by, found)
    return replace(arrived, data=found, fingerprint=mark, day=look.created)
