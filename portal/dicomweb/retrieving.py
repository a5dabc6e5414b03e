"""WADO-RS of whole files and of large values (PS3.18 10.4): as they were uploaded, bit for bit."""

from collections.abc import Sequence
from typing import Final

from quart import Response

from portal import studies
from portal.core.errors import Unknown
from portal.dicomweb.accepting import MULTIPART, Wish, accepted
from portal.dicomweb.errors import NotAcceptable
from portal.dicomweb.holdings import Held
from portal.dicomweb.messages import Part, message
from viewer.routes import streamed

DICOM: Final = "application/dicom"
OCTETS: Final = "application/octet-stream"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"


async def files(found: Sequence[Held]) -> Response:
    """
    The files of instances in one message, or one file by itself, of which a range may be asked.

    Nothing is encoded anew: a transfer syntax other than the file's own raises `NotAcceptable`.
    """
    wish = next((each for each in accepted() if _fits(each, found)), None)
    if wish is None:
        syntaxes = ", ".join(sorted({each.syntax for each in found}))
        raise NotAcceptable(available=f'{MULTIPART}; type="{DICOM}"; transfer-syntax={syntaxes}')
    if not wish.several:
        answer = await streamed(found[0].file.size, found[0].file.stretches)
        answer.content_type = _media(found[0])
        return answer
    return await message(
        [Part(_media(each), each.file.size, each.file.stretches) for each in found]
    )


def _fits(wish: Wish, found: Sequence[Held]) -> bool:
    if not wish.takes(DICOM) or not (wish.several or len(found) == 1):
        return False
    return wish.syntax in {"", "*"} or all(wish.syntax == each.syntax for each in found)


def _media(instance: Held) -> str:
    return f"{DICOM}; transfer-syntax={instance.syntax}"


async def bulk(instance: Held, place: str) -> Response:
    """
    A large value of an instance, in a message or by itself; *place* as its metadata give it.

    Raises `Unknown` when nothing lies there, and `NotAcceptable`.
    """
    described = await instance.described()
    if place not in described["bulk"]:
        raise Unknown
    if instance.syntax == BIG_ENDIAN:
        raise NotAcceptable(available=f"{DICOM}; transfer-syntax={BIG_ENDIAN}")
    wish = next((each for each in accepted() if each.takes(OCTETS)), None)
    if wish is None:
        raise NotAcceptable(available=f'{OCTETS}, {MULTIPART}; type="{OCTETS}"')
    start, length = described["bulk"][place]
    read = studies.stretches_of(instance.file, start, described["packed"])
    if not wish.several:
        answer = await streamed(length, read)
        answer.content_type = OCTETS
        return answer
    return await message([Part(OCTETS, length, lambda: read(0, length))])
