"""Looking into a photo with Pillow; runs in the limited child.

A photo is one page: its points are its size, and what is held sideways is shown upright.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from PIL import ExifTags, Image, ImageCms, ImageOps

from viewer.photos.facts import FORMATS
from viewer.photos.framing import framed
from viewer.photos.stripping import superfluous, without

MOST_DRAWN: Final = 12_000_000
LONGEST_SIDE: Final = 8000
"""Pixels of a picture that is shown."""
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
_LONGEST_PROFILE: Final = 4 * 1024 * 1024
_TAKEN: Final = re.compile(r"(\d{4}):(\d{2}):(\d{2})")
_HERE: Final = re.compile(rb"GPSLatitude|photoshop:City|Iptc4xmpExt:Location")
_BASE, _GPS, _EXIF = ExifTags.Base, ExifTags.IFD.GPSInfo, ExifTags.IFD.Exif
_TIMES: Final = (_BASE.DateTimeOriginal, _BASE.DateTimeDigitized, _BASE.DateTime)
_CAMERA: Final = (
    _BASE.Make, _BASE.Model, _BASE.MakerNote, _BASE.BodySerialNumber, _BASE.LensModel,
    _BASE.LensSerialNumber, _BASE.CameraOwnerName,
)  # fmt: skip


class Undrawable(Exception):
    """The photo cannot be decoded."""


def look(data: bytes) -> tuple[dict[str, Any], Image.Image]:
    """What is said of it, and the photo itself, small.  Raises `Undrawable`."""
    with _opened(data) as image:
        told = _told(image)
        found = [name for name, is_there in _says(told, data).items() if is_there]
        facts = {"pages": 1, "created": _created(told), "found": found}
        return facts, _drawn(image, told.get(_BASE.Orientation), 256, 256)


def outline(data: bytes) -> dict[str, Any]:
    """Its only page.  Raises `Undrawable`."""
    with _opened(data) as image:
        wide, high = image.size
        if _told(image).get(_BASE.Orientation) in _SIDEWAYS:
            wide, high = high, wide
        return {"pages": 1, "papers": [[1, wide, high, ""]]}


def page(data: bytes, width: int) -> bytes:
    """A WebP picture at most *width* pixels wide.  Raises `Undrawable`."""
    with _opened(data) as image:
        drawn = _drawn(image, _told(image).get(_BASE.Orientation), width, LONGEST_SIDE)
    out = io.BytesIO()
    drawn.save(out, "WEBP", quality=88, method=2)
    return out.getvalue()


def cleaned(data: bytes) -> bytes:
    """The photo without place, camera and time, its picture untouched.  Raises `Undrawable`."""
    with _opened(data) as image:
        said = _told(image).get(_BASE.Orientation)
    return without(data, said if isinstance(said, int) else 1)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    frame = framed(data)
    try:
        with Image.open(io.BytesIO(data), formats=[FORMATS[frame.kind]]) as image:
            if image.width > frame.width or image.height > frame.height:
                raise Undrawable
            yield image
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise Undrawable from None


def _told(image: Image.Image) -> Mapping[int, Any]:
    """What Exif says; damaged Exif says nothing."""
    try:
        exif = image.getexif()
        return {**exif, **exif.get_ifd(_EXIF), _GPS: exif.get_ifd(_GPS)}
    except Exception:  # noqa: BLE001 - the decoder of Exif fails in a dozen ways
        return {}


def _says(told: Mapping[int, Any], data: bytes) -> dict[str, bool]:
    """By the names of `facts.SAYS`."""
    position = told.get(_GPS) or {}
    place = any(each in position for each in (ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLongitude))
    camera = any(told.get(each) for each in _CAMERA)
    time = any(told.get(each) for each in _TIMES)
    place = place or _HERE.search(data) is not None
    more = not (place or camera or time) and superfluous(data)
    return {"place": place, "camera": camera, "time": time, "more": more}


def _created(told: Mapping[int, Any]) -> str:
    for each in _TIMES:
        if said := _TAKEN.match(str(told.get(each, ""))):
            return "".join(said.groups())
    return ""


def _drawn(image: Image.Image, orientation: object, width: int, height: int) -> Image.Image:
    """Within *width* and *height*, upright, in colours every browser knows; never enlarged."""
    across, down = image.size
    if orientation in _SIDEWAYS:
        width, height = height, width
    scale = min(1.0, width / across, height / down, (MOST_DRAWN / (across * down)) ** 0.5)
    size = max(1, round(across * scale)), max(1, round(down * scale))
    image.draft("RGB", size)
    profile = image.info.get("icc_profile")
    small = _plain(image).resize(size, Image.Resampling.LANCZOS)
    return _turned(_on_white(_in_srgb(small, profile)), orientation)


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits a colour, and transparency where there is some."""
    if image.mode.startswith(("I", "F")):
        return image.point(lambda value: value / 257).convert("L")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode in {"RGB", "CMYK", "L"} else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """As the photo's own colour profile means it; without one, or with a damaged one, as it is."""
    if profile and len(profile) <= _LONGEST_PROFILE and image.mode in {"RGB", "CMYK"}:
        with suppress(Exception):  # littlecms names its faults in many ways
            theirs, ours = io.BytesIO(profile), ImageCms.createProfile("sRGB")
            found = ImageCms.profileToProfile(image, theirs, ours, outputMode="RGB")
            return found or image.convert("RGB")
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    sheet = Image.new("RGB", image.size, "white")
    sheet.paste(image, mask=image.getchannel("A"))
    return sheet


def _turned(image: Image.Image, orientation: object) -> Image.Image:
    if orientation not in range(2, 9):
        return image
    image.getexif()[_BASE.Orientation] = orientation
    return ImageOps.exif_transpose(image)


def warm_up() -> None:
    """Do everything once while files can still be opened."""
    for name in FORMATS.values():
        out = io.BytesIO()
        Image.new("RGB", (32, 16), "gray").save(out, name)
        look(out.getvalue())
        page(out.getvalue(), 16)
        cleaned(out.getvalue())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    _in_srgb(Image.new("RGB", (8, 8)), profile)
