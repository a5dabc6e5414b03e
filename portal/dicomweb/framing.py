"""
WADO-RS of single frames (PS3.18 10.4.1.1.6), in the form that is asked for and can be given.

A frame lies here as it came, or as lossless HTJ2K that was proved to be the same; nothing is
encoded for an answer, and only grey values are decoded for one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from quart import Response

from portal.core.errors import Busy, Unknown
from portal.dicomweb.accepting import MULTIPART, Wish, first
from portal.dicomweb.errors import BadQuery, NotAcceptable
from portal.dicomweb.holdings import Held
from portal.dicomweb.messages import Part, message, whole
from portal.dicomweb.retrieving import OCTETS
from viewer.dicom import ChildLost, PoolFull

EXPLICIT: Final = "1.2.840.10008.1.2.1"
HTJ2K_RPCL: Final = "1.2.840.10008.1.2.4.202"
JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
MOST: Final = 256
"""Frames of one request."""

MEDIA: Final[dict[str, str]] = {
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    **{f"1.2.840.10008.1.2.4.{n}": "image/jpeg" for n in (50, 51, 57, 70)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jls" for n in (80, 81)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jp2" for n in (90, 91)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jpx" for n in (92, 93)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jphc" for n in (201, 202, 203)},
}
"""By transfer syntax (PS3.18 table 8.7.3-5)."""

OTHER_NAMES: Final = {
    "image/dicom-rle": "image/x-dicom-rle",
    "image/jls": "image/x-jls",
    "image/jphc": "image/jhc",
}
"""What programs in use call some of these; answers say the name of the standard."""

Read = Callable[[int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Offer:
    """One form in which the frames of an instance can be given."""

    media: str
    syntax: str
    read: Read
    stored: bool
    """As the file has them."""


def numbers(listed: str) -> list[int]:
    """Frames from 1, parted by commas (PS3.18 10.4.1.1.6).  Raises `BadQuery`."""
    found = listed.split(",")
    if len(found) > MOST or not all(each.isascii() and each.isdigit() for each in found):
        raise BadQuery
    if any(len(each) > 9 or int(each) < 1 for each in found):  # noqa: PLR2004 -- digits of 2**31
        raise BadQuery
    return [int(each) for each in found]


def number(listed: str) -> int:
    """One frame.  Raises `BadQuery`."""
    found = numbers(listed)
    if len(found) > 1:
        raise BadQuery
    return found[0]


async def frames(instance: Held, wanted: Sequence[int]) -> Response:
    """The *wanted* frames (from 1).  Raises `Unknown`, `NotAcceptable` and `Busy`."""
    offers = await offered(instance)
    if max(wanted) > max(1, instance.header["frames"]):
        raise Unknown
    found = first(offers, partial(_fits, len(wanted)))
    if found is None:
        forms = ", ".join(f"{each.media}; transfer-syntax={each.syntax}" for each in offers)
        raise NotAcceptable(available=forms or "application/dicom")
    wish, offer = found
    media = offer.media if _takes(wish, offer) else OCTETS
    media = f"{media}; transfer-syntax={offer.syntax}"
    if not wish.several:
        return Response(await offer.read(wanted[0] - 1), content_type=media)
    parts = []
    for number in wanted:
        data = await offer.read(number - 1)
        parts.append(Part(media, len(data), whole(data)))
    return await message(parts)


def _fits(count: int, wish: Wish, offer: Offer) -> bool:
    if not (wish.several or count == 1):
        return False
    if _takes(wish, offer):
        return wish.syntax in {"", "*", offer.syntax}
    return offer.stored and wish.part == OCTETS and wish.syntax in {"*", offer.syntax}


def _takes(wish: Wish, offer: Offer) -> bool:
    return wish.takes(offer.media) or wish.part == OTHER_NAMES.get(offer.media)


async def offered(instance: Held) -> list[Offer]:
    """The forms there are, those of the file itself first."""
    entry = instance.file.entry
    offers: list[Offer] = []
    if entry["at"]:
        pixels = await instance.pixels()
        offers += [] if pixels is None else _kept(instance, pixels)
    elif entry["view"]["codec"] == "jpeg":
        offers += _compressed(JPEG_BASELINE, partial(_own, instance), instance, _pixels(instance))
    else:
        offers.append(Offer(OCTETS, EXPLICIT, partial(_own, instance), stored=True))
    if _is_faithful(instance):
        read = partial(instance.study.frame, instance.id)
        offers.append(Offer("image/jphc", HTJ2K_RPCL, read, stored=False))
    return offers


def _kept(instance: Held, pixels: dict[str, Any]) -> list[Offer]:
    """Of a file that is kept as it came."""
    read = partial(_lying, instance, pixels)
    if not pixels["native"]:
        return _compressed(pixels["syntax"], read, instance, pixels)
    plain = pixels["little"] or pixels["allocated"] == 8  # noqa: PLR2004 -- a byte has no order
    return [Offer(OCTETS, EXPLICIT, read, stored=True)] if plain else []


def _compressed(syntax: str, read: Read, instance: Held, pixels: dict[str, Any]) -> list[Offer]:
    offers = [Offer(MEDIA[syntax], syntax, read, stored=True)] if syntax in MEDIA else []
    # Decoders give RGB, which is not what the data set of a picture in YCbCr says.
    if pixels["samples"] == 1 or pixels["photometric"] == "RGB":
        plain = partial(_decoded, instance, pixels | {"syntax": syntax}, read)
        offers.append(Offer(OCTETS, EXPLICIT, plain, stored=False))
    return offers


def _pixels(instance: Held) -> dict[str, Any]:
    header = instance.header
    return {
        "rows": header["rows"],
        "columns": header["columns"],
        "samples": header["samples"],
        "allocated": header["bits_allocated"],
        "photometric": header["photometric"],
        "planar": False,
    }


def _is_faithful(instance: Held) -> bool:
    """Whether the canonical frames hold the very values of which the data set speaks."""
    header, view = instance.header, instance.file.entry.get("view")
    if view is None or view["codec"] != "htj2k":
        return False
    facts = view["facts"]
    same = (
        ("bitsStored", "bits_stored"),
        ("signed", "signed"),
        ("samples", "samples"),
        ("photometric", "photometric"),
    )
    if any(facts.get(mine) != header[theirs] for mine, theirs in same):
        return False
    return not facts.get("scaled") and not facts.get("modalityLut")


async def _own(instance: Held, number: int) -> bytes:
    """A frame of a file that can be rebuilt."""
    found = await instance.file.stored_frame(number)
    if found is None:
        raise Busy(retry_after=1)
    return found


async def _lying(instance: Held, pixels: dict[str, Any], number: int) -> bytes:
    """A frame where it lies in its file."""
    if number >= len(pixels["frames"]):
        raise Unknown
    pieces = []
    for start, length in pixels["frames"][number]:
        pieces += [each async for each in instance.file.stretches(start, start + length)]
    return b"".join(pieces)


async def _decoded(instance: Held, pixels: dict[str, Any], read: Read, number: int) -> bytes:
    frame = await read(number)
    try:
        found = await instance.service.shelf.pool.decode(pixels, frame)
    except (PoolFull, ChildLost):  # neither says anything about the frame
        raise Busy(retry_after=2) from None
    if found is None:
        raise NotAcceptable(available=MEDIA.get(pixels["syntax"], MULTIPART))
    return found
