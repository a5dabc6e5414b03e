"""Photos made on the spot, and what cameras write into them."""

import io
from typing import Final

from PIL import ExifTags, Image

KIEL: Final = {
    ExifTags.GPS.GPSLatitudeRef: "N",
    ExifTags.GPS.GPSLatitude: (54.0, 19.0, 31.0),
    ExifTags.GPS.GPSLongitudeRef: "E",
    ExifTags.GPS.GPSLongitude: (10.0, 8.0, 26.0),
}
XMP: Final = b"<x:xmpmeta><dc:creator>Erika Beispiel</dc:creator></x:xmpmeta>"


def photo(
    format_: str = "JPEG",
    *,
    size: tuple[int, int] = (60, 40),
    place: bool = False,
    camera: str = "",
    taken: str = "",
    orientation: int = 1,
    xmp: bytes = b"",
) -> bytes:
    """A noisy picture; *taken* as Exif writes it, `2026:03:12 10:15:00`."""
    exif = Image.Exif()
    if place:
        exif[ExifTags.IFD.GPSInfo] = KIEL
    if camera:
        exif[ExifTags.Base.Make] = camera
    if taken:
        exif[ExifTags.Base.DateTime] = taken
    if orientation > 1:
        exif[ExifTags.Base.Orientation] = orientation
    out = io.BytesIO()
    more = {"exif": exif.tobytes()} if len(exif) else {}
    if xmp:
        more["xmp"] = xmp
    if format_ == "WEBP":
        Image.effect_noise(size, 50).convert("RGB").save(out, format_, lossless=True, **more)
    else:
        Image.effect_noise(size, 50).convert("RGB").save(out, format_, **more)
    return out.getvalue()


def telling(format_: str = "JPEG", *, orientation: int = 1) -> bytes:
    """A photo that tells everything."""
    return photo(
        format_,
        place=True,
        camera="Acme",
        taken="2026:03:12 10:15:00",
        orientation=orientation,
        xmp=XMP,
    )


def points(data: bytes) -> bytes:
    """What is seen on a photo, before it is turned upright."""
    with Image.open(io.BytesIO(data)) as image:
        return image.tobytes()
