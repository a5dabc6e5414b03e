"""Pictures for people (PS3.18 10.4.1.1.3 and 10.4.1.1.4): windowed, cut out and scaled here."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from quart import Response, request

from portal.core.errors import Busy, Unknown
from portal.dicomweb.accepting import MULTIPART, accepted
from portal.dicomweb.errors import BadQuery, NotAcceptable, TooMany
from portal.dicomweb.holdings import Held
from portal.dicomweb.messages import growing
from viewer.dicom import ChildLost, PoolFull

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
THUMBNAIL: Final = 128
"""Pixels of the longer side."""
LARGEST: Final = 8192
QUALITY: Final = 90
MOST: Final = 1000
"""Pictures of one message."""
PER_PICTURE: Final = 1024 * 1024
"""Bytes that are expected of a picture, for the time its answer may take."""

_FUNCTIONS: Final = {
    "linear": "LINEAR",
    "linear-exact": "LINEAR_EXACT",
    "sigmoid": "SIGMOID",
}


async def rendered(instance: Held, frame: int) -> Response:
    """A frame (from 1) as PNG or JPEG.  Raises `BadQuery`, `NotAcceptable`, `Unknown`, `Busy`."""
    media = _media((JPEG, PNG))
    return Response(await _picture(instance, frame, _wanted(media)), content_type=media)


async def all_rendered(found: Sequence[Held]) -> Response:
    """
    The first frames of all instances that have a picture, in one message, made as it is read.

    Raises `TooMany`, and what `rendered` raises when there is no picture to begin with.
    """
    media = _media_of_several()
    how = _wanted(media)
    shown = [each for each in found if _is_shown(each)]
    if not all(each.file.entry.get("view") for each in shown) or not shown:
        raise NotAcceptable(available="application/dicom")
    if len(shown) > MOST:
        raise TooMany(most=MOST)
    return await growing(media, _pictures(shown, how), PER_PICTURE * len(shown))


def _is_shown(instance: Held) -> bool:
    """Whether it has a picture, or one is still being made."""
    view = instance.file.entry.get("view")
    if view is None:
        return bool(instance.header["kind"] == "image")
    return bool(view["codec"] != "none")


async def _pictures(
    shown: Sequence[Held], how: dict[str, Any]
) -> AsyncGenerator[tuple[str, bytes], None]:
    """Addresses and pictures; one of which nothing can be cut out is left out, all are refused."""
    refusal: BadQuery | None = None
    count = 0
    for each in shown:
        try:
            made = await _picture(each, 1, how)
        except BadQuery as error:
            refusal = error
            continue
        count += 1
        yield f"{each.address}/rendered", made
    if refusal is not None and not count:
        raise refusal


def _wanted(media: str) -> dict[str, Any]:
    """How the present request wants a picture.  Raises `BadQuery`."""
    viewport = _numbers("viewport", (2, 6))
    return {
        "format": media.partition("/")[2],
        "quality": _quality(),
        "window": _window(),
        "region": _region(viewport),
        "size": None if viewport is None else _size(viewport),
    }


async def thumbnail(instance: Held, frame: int | None) -> Response:
    """A small JPEG of an instance, or of its *frame* (from 1)."""
    _media((JPEG,))
    viewport = _numbers("viewport", (2,))
    size = [THUMBNAIL, THUMBNAIL] if viewport is None else _size(viewport)
    if frame is None and viewport is None:
        made = await _preview(instance)
        if made is not None:
            return Response(made, content_type=JPEG)
    how = {"format": "jpeg", "quality": 75, "window": None, "region": None, "size": size}
    middle = max(1, instance.header["frames"]) // 2 + 1
    return Response(await _picture(instance, frame or middle, how), content_type=JPEG)


async def _preview(instance: Held) -> bytes | None:
    try:
        return await instance.study.preview(instance.id, THUMBNAIL)
    except Unknown:
        return None


async def _picture(instance: Held, frame: int, how: dict[str, Any]) -> bytes:
    view = instance.file.entry.get("view")
    if frame > max(1, instance.header["frames"]):
        raise Unknown
    if view is None or view["codec"] == "none":
        raise NotAcceptable(available="application/dicom")
    facts = dict(view["facts"])
    apart = facts.pop("perFrame", None) or []
    if len(apart) >= frame:
        facts |= apart[frame - 1]
    data = await instance.study.frame(instance.id, frame - 1)
    try:
        made = await instance.service.shelf.pool.render(
            how | {"codec": view["codec"], "meta": facts}, data
        )
    except (PoolFull, ChildLost):  # neither says anything about the frame
        raise Busy(retry_after=2) from None
    if made is None:
        raise BadQuery
    return made


def _media(offers: tuple[str, ...]) -> str:
    for wish in accepted():
        for offer in offers:
            if wish.single and wish.takes(offer):
                return offer
    raise NotAcceptable(available=", ".join(offers))


def _media_of_several() -> str:
    for wish in accepted():
        for offer in (JPEG, PNG):
            if wish.several and wish.takes(offer):
                return offer
    available = f'{MULTIPART}; type="{JPEG}", {MULTIPART}; type="{PNG}"'
    raise NotAcceptable(available=available)


def _quality() -> int:
    said = request.args.get("quality", str(QUALITY))
    if not (said.isascii() and said.isdigit() and 1 <= int(said[:4]) <= 100):  # noqa: PLR2004
        raise BadQuery
    return int(said)


def _window() -> dict[str, Any] | None:
    """`center,width,function` (PS3.18 8.3.5.1.4)."""
    said = request.args.get("window")
    if said is None:
        return None
    fields = said.split(",")
    function = _FUNCTIONS.get(fields[-1].lower())
    if len(fields) != 3 or function is None:  # noqa: PLR2004 -- three fields
        raise BadQuery
    center, width = map(_number, fields[:2])
    if width <= 0:
        raise BadQuery
    return {"center": center, "width": width, "function": function, "explanation": ""}


def _numbers(name: str, counts: tuple[int, ...]) -> list[float | None] | None:
    """Numbers parted by commas, of which some may be left out."""
    said = request.args.get(name)
    if said is None:
        return None
    fields = said.split(",")
    if len(fields) not in counts:
        raise BadQuery
    return [_number(each) if each else None for each in fields]


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise BadQuery from None
    if not abs(found) < 1e9:  # noqa: PLR2004 -- far beyond any picture; also no NaN
        raise BadQuery
    return found


def _size(viewport: list[float | None]) -> list[int]:
    """`width,height` of the viewport (PS3.18 8.3.5.1.3)."""
    width, height = viewport[:2]
    if width is None or height is None or not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
        raise BadQuery
    return [int(width), int(height)]


def _region(viewport: list[float | None] | None) -> list[int] | None:
    """`sx,sy,sw,sh`: the part of the picture that is shown."""
    if viewport is None or len(viewport) <= 2:  # noqa: PLR2004 -- width and height alone
        return None
    left, top, width, height = viewport[2:]
    if any(each is not None and each < 0 for each in viewport[2:]) or 0 in {width, height}:
        raise BadQuery
    return [int(left or 0), int(top or 0), int(width or LARGEST), int(height or LARGEST)]
