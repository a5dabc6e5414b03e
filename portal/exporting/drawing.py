"""
Images as pictures in full size: with every pixel, as bright as their file says.

They are drawn when somebody downloads them, in the children, one after the other; the same frame
gives the same bytes.  Of a file whose original is gone there is what was kept.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import version
from typing import Final
from uuid import UUID

from portal import studies
from portal.core.errors import Busy, Unknown
from portal.exporting.drafts import Drafts, Unmade
from portal.exporting.picturing import Look
from portal.exporting.places import Placed
from portal.exporting.reading import Reader, marked
from portal.exporting.zipping import Entry

MOST_FRAMES: Final = 300
"""Of one image; a longer one gives so many, evenly spread."""
MOST_DRAWN: Final = 2_000
"""Of one archive: they are drawn before its first byte leaves, which may take minutes."""
TRIES: Final = 4
"""While the children are busy; a frame that ends its child each time is given as a small one."""
AS_JPEG: Final = Look("jpeg", None, invert=False).how
ABOUT: Final = 4
"""Pixels for a byte of a JPEG, about, before it is drawn."""


def chosen(file: studies.Original) -> Sequence[int]:
    """The frames (from 0) of which there will be a picture; none of what is no still image."""
    view = file.entry.get("view")
    if view is None or view["codec"] == "none" or file.entry["header"]["kind"] != "image":
        return ()
    there = count(file)
    if file.is_gone:
        return range(there)
    wanted = min(there, MOST_FRAMES)
    return [number * there // wanted for number in range(wanted)]


def count(file: studies.Original) -> int:
    """Frames of one that is shown."""
    return len(file.entry["view"]["frames"])


def entries(reader: Reader, drafts: Drafts, at: Placed, frames: Mapping[bytes, int]) -> list[Entry]:
    """The pictures of *frames*, by their marks; names count them where there are several."""
    found, lie = list[Entry](), at.file.entry["view"]["frames"]
    for mark, frame in frames.items():
        if at.file.is_gone:
            read = reader.kept(at.study, at.instance, frame, lie[frame])
            entry = Entry("", sum(int(each[2]) for each in lie[frame]), mark, read)
        else:
            make = partial(_draw, reader, at.study, at.instance, frame)
            entry = drafts.entry(mark, mark, make, _about(at.file))
        name = f"{at.stem}-{frame + 1:04}.jpg" if len(lie) > 1 else f"{at.stem}.jpg"
        found.append(replace(entry, name=name, day=at.header["study_date"]))
    return found


def _about(file: studies.Original) -> int:
    """About how many bytes each will have."""
    facts = file.entry["view"]["facts"]
    return int(facts["rows"] * facts["columns"] * facts["samples"]) // ABOUT + 1


def marks(instance: UUID, file: studies.Original, frames: Sequence[int]) -> list[bytes]:
    """
    Of each frame: two pictures of one mark have the same bytes.

    Where the frames lie says nothing of that: they are packed anew without becoming others.
    """
    if file.is_gone:
        lie = file.entry["view"]["frames"]
        return [marked("kept", instance.hex, str(lie[each])) for each in frames]
    facts = json.dumps([file.entry["view"]["facts"], AS_JPEG], sort_keys=True)
    looks = marked("look", facts, _drawers()).hex()
    sha256 = file.entry["sha256"]
    return [marked("drawn", instance.hex, sha256, looks, str(each)) for each in frames]


async def _draw(reader: Reader, study: UUID, instance: UUID, frame: int) -> bytes:
    """The picture.  Raises `Unmade` where there can be none, and `Unknown` when it is gone."""
    file = (await reader.files(study)).get(instance)
    if file is None:
        raise Unknown
    for _ in range(TRIES):
        try:
            return await file.drawn(frame, AS_JPEG)
        except Unknown:
            break
        except Busy as busy:
            await asyncio.sleep(busy.details.get("retry_after", 1))
    raise Unmade


@cache
def _drawers() -> str:
    """Another edition of what draws may draw otherwise."""
    return ",".join(version(each) for each in ("pillow", "numpy", "imagecodecs"))
