"""
Pins: the state of the viewer that a post talks about, and the small picture of it.

A pin is what the browser said; it is checked for shape and size, shown as text only, and given back
to the viewer as it came.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID

from portal import vault
from portal.core.actor import Secret
from portal.core.errors import Invalid, reading

LONGEST_VIEW: Final = 32 * 1024
"""Characters of a view as JSON."""
LARGEST_IMAGE: Final = 40 * 1024
"""Bytes of the small picture."""
LARGEST_NUMBER: Final = 2**53 - 1
"""The largest whole number that a browser is sure of (ECMA-262, Number.MAX_SAFE_INTEGER)."""
_AXES: Final = 2
_JPEG_START: Final = b"\xff\xd8\xff"
_JPEG_END: Final = b"\xff\xd9"
_NAMES: Final = frozenset(
    {"v", "study", "series", "instance", "sop", "frame", "index", "count", "seriesNumber", "window"}
    | {"invert", "zoom", "pan", "rotation", "flipH", "flipV", "annotations"}
)


class BadPin(Invalid):
    """This is not a view that our viewer has shown."""

    code = "bad_pin"


@dataclass(frozen=True, slots=True)
class Pin:
    """A view (viewer contract, version 1) and, when the browser could draw it, its JPEG."""

    view: Mapping[str, Any] = field(repr=False)
    image: bytes | None = field(default=None, repr=False)

    @property
    def study(self) -> UUID:
        """The study that is shown."""
        return UUID(self.view["study"])

    @classmethod
    def parse(cls, data: Any) -> Self:
        """Read `{"view": {…}, "image": base64 JPEG or null}`; raises `Invalid`."""
        with reading():
            view, image = dict(data["view"]), data.get("image")
        _check_view(view)
        return cls(view, None if image is None else _read_image(image))


def _check_view(view: Mapping[str, Any]) -> None:
    if _length(view) > LONGEST_VIEW or not set(view) <= _NAMES or view.get("v") != 1:
        raise BadPin
    with reading():
        if not (_is_plain(view["study"]) and _is_plain(view["instance"])):
            raise BadPin
        if len(view["pan"]) != _AXES:
            raise BadPin
        whole = [view["frame"], view["index"], view["count"], view.get("seriesNumber", 0) or 0]
        numbers = [view["zoom"], view["rotation"], *view["pan"]]
        window = view["window"]
        if window is not None:
            numbers += [window["center"], window["width"]]
        drawn = view.get("annotations", [])
    if not all(isinstance(each, int) for each in whole):
        raise BadPin
    if not all(map(_is_number, [*whole, *numbers])):
        raise BadPin
    if not isinstance(drawn, list) or not all(isinstance(each, dict) for each in drawn):
        raise BadPin


def _length(view: Mapping[str, Any]) -> int:
    """Characters as JSON (RFC 8259), which has no NaN and no infinity: no browser reads them."""
    try:
        return len(json.dumps(view, allow_nan=False))
    except (ValueError, RecursionError):
        raise BadPin from None


def _is_plain(spelled: str) -> bool:
    """An id as our pages spell it: browsers compare ids as text, so no other spelling will do."""
    found = UUID(spelled)
    return spelled in {str(found), found.hex}


def _is_number(value: object) -> bool:
    """Finite and no larger than anything a viewer counts, so that it can be rounded and shown."""
    return isinstance(value, int | float) and abs(value) <= LARGEST_NUMBER


def _read_image(encoded: Any) -> bytes:
    """A JPEG by its markers (ISO/IEC 10918-1 B.1.1.3); it is only ever shown in <img>."""
    try:
        image = base64.b64decode(encoded, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise BadPin from None
    if not (image.startswith(_JPEG_START) and image.endswith(_JPEG_END)):
        raise BadPin
    if len(image) > LARGEST_IMAGE:
        raise BadPin
    return image


@dataclass(frozen=True, slots=True)
class PinLabel:
    """What a pin says about itself in words."""

    series: int | None
    image: int
    count: int
    window: tuple[int, int] | None
    """Width and centre, rounded."""

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> Self:
        window = view["window"]
        return cls(
            series=view.get("seriesNumber"),
            image=view["index"] + 1,
            count=view["count"],
            window=None if window is None else (round(window["width"]), round(window["center"])),
        )


def box_image(root: Secret, community: UUID, epoch: int, post: UUID, pin: Pin) -> bytes:
    """The small picture under the community's root, bound to its post."""
    if pin.image is None:
        raise BadPin
    return vault.box(vault.sub_key(root, "text"), pin.image, _image(community, epoch, post))


def open_image(root: Secret, community: UUID, epoch: int, post: UUID, boxed: bytes) -> bytes:
    """The JPEG that `box_image` boxed.  Raises `vault.Tampered`."""
    return vault.unbox(vault.sub_key(root, "text"), boxed, _image(community, epoch, post))


def _image(community: UUID, epoch: int, post: UUID) -> bytes:
    return vault.contexts.text("community", community, epoch, "pin_image", "image", post, 1)
