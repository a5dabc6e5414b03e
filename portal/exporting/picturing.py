"""One image of one's own as a picture that every program opens: as it stands on the screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, Self
from uuid import UUID

from portal import studies
from portal.core.actor import Actor
from portal.core.errors import Invalid, reading

QUALITY: Final = 95
"""Of a JPEG: what it leaves out is not seen."""
FARTHEST: Final = 1e9
"""Beyond what any pixel says."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a frame is drawn: its kind of file, and brightness and contrast as on the screen."""

    format: str
    window: tuple[float, float] | None
    """Centre and width in the units of the image; None: as the file or its values say."""
    invert: bool

    @classmethod
    def asked(cls, given: Mapping[str, str]) -> Self:
        """From an address.  Raises `Invalid`."""
        with reading():
            said = [float(given[name]) for name in ("center", "width") if name in given]
        format_ = given.get("as", "png")
        wrong = [each for each in said if not (isfinite(each) and abs(each) < FARTHEST)]
        if format_ not in {"png", "jpeg"} or wrong or len(said) == 1 or (said and said[1] <= 0):
            raise Invalid
        window = (said[0], said[1]) if said else None
        return cls(format_, window, given.get("invert") == "1")

    @property
    def suffix(self) -> str:
        """How its name ends."""
        return {"png": ".png", "jpeg": ".jpg"}[self.format]

    @property
    def how(self) -> dict[str, Any]:
        """The same for `viewer.dicom.rendering`."""
        # The browser's viewer draws every window as a straight line, too.
        named = dict(zip(("center", "width"), self.window or (), strict=False))
        drawn = named | {"function": "LINEAR", "explanation": ""}
        return {
            "format": self.format,
            "quality": QUALITY,
            "window": drawn if self.window else None,
            "invert": self.invert,
            "region": None,
            "size": "body",
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture under a name that says nothing of anybody."""

    name: str
    data: bytes


async def pictured(
    shelf: studies.Shelf, actor: Actor, study_id: UUID, instance: UUID, frame: int, look: Look
) -> Picture:
    """
    A frame (from 0) of an image of one's own: its pixels and nothing else, no name is drawn in.

    Raises `Unknown` also for what others let one see, and where there is no picture, and `Busy`.
    """
    study = await studies.open_own(shelf, actor, study_id)
    await studies.seen(actor, study, "picture")
    file = await study.original_file(instance)
    header = file.entry["header"]
    numbers = [f"{header['series_number'] or 0:03}", f"{header['instance_number'] or 0:05}"]
    if (header["frames"] or 1) > 1:
        numbers.append(f"{frame + 1:04}")
    data = await file.drawn(frame, look.how)
    return Picture("-".join(["HealthDataSpace", *numbers]) + look.suffix, data)
