"""STOW-RS: images come by themselves or in thousands, and are kept like every upload."""

import asyncio
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pytest
import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset, dcmwrite
from quart import Response

from portal import keys, storing, studies
from portal.core.db import now
from portal.core.settings import Settings
from portal.dicomweb.errors import BadMessage
from portal.dicomweb.parting import Begin, Content, End, Parser, boundary_of
from portal.storing.models import StoredObject
from tests.accounts.programs import asks
from tests.dicomweb.conftest import Client, Made, told, uid
from tests.people import Person, World
from tests.studies.reading import originals_of
from tests.viewer.dicom.making import dataset, written

JSON: Final = {"Accept": "application/dicom+json"}
MEDIA: Final = 'multipart/related; type="application/dicom"; boundary=frontier'


@pytest.fixture
async def ada(world: World) -> Person:
    return await world.physician("Dr. Ada Lindqvist")


def message(*files: bytes, head: bytes = b"Content-Type: application/dicom") -> bytes:
    parts = [b"--frontier\r\n" + head + b"\r\n\r\n" + each + b"\r\n" for each in files]
    return b"".join(parts) + b"--frontier--\r\n"


async def sends(person: Person, body: bytes, to: str = "", media: str = MEDIA) -> Response:
    headers = JSON | {"Content-Type": media}
    return await person.browser.post(f"/dicomweb/studies{to}", data=body, headers=headers)


async def kept(person: Person, world: World) -> set[bytes]:
    """SHA-256 of all files of somebody's examinations."""
    return digests(*await originals_of(world.app.extensions["hds"]["shelf"], person.actor))


def digests(*files: bytes) -> set[bytes]:
    return {hashlib.sha256(each).digest() for each in files}


def as_sent(image: Dataset) -> bytes:
    """What the client makes of it."""
    out = io.BytesIO()
    dcmwrite(out, image)
    return out.getvalue()


async def said(answer: Response) -> Dataset:
    return Dataset.from_json(json.loads(await answer.get_data()))


async def test_a_client_of_the_field_stores_searches_and_gets_it_back(
    ada: Person, client: Client, made: Made, world: World
) -> None:
    asks: DICOMwebClient = client(ada)
    images = made(3)
    for image in images:
        image.preamble = bytes(128)  # or the client leaves it out
    for _ in range(2):  # again: nothing is kept twice
        answer = await told(asks.store_instances, images)
        assert len(answer.ReferencedSOPSequence) == 3
        assert "FailedSOPSequence" not in answer
    (found,) = await told(asks.search_for_studies)
    assert found["00201208"]["Value"] == [3]
    study = images[0].StudyInstanceUID
    assert answer.RetrieveURL == f"{asks.base_url}/studies/{study}"
    back = await told(asks.retrieve_study, study)
    assert {each.SOPInstanceUID for each in back} == {each.SOPInstanceUID for each in images}
    assert await kept(ada, world) == digests(*map(as_sent, images))


async def test_each_image_that_is_not_stored_is_named_with_a_reason(
    ada: Person, made: Made, world: World
) -> None:
    (image,), (other,) = made(1), made(1)
    assert (await sends(ada, message(written(image)))).status_code == 200
    again = written(image)
    image.PatientComments = "other content"

    answer = await sends(ada, message(written(image), written(other), b"no image", b"%PDF-1.7"))
    assert answer.status_code == 202
    told_ = await said(answer)
    assert [each.FailureReason for each in told_.FailedSOPSequence] == [0x0111]
    assert told_.FailedSOPSequence[0].ReferencedSOPInstanceUID == image.SOPInstanceUID
    assert told_.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == other.SOPInstanceUID
    assert [each.FailureReason for each in told_.OtherFailuresSequence] == [0xC000, 0xC000]
    assert await kept(ada, world) == digests(again, written(other))
    answer = await sends(ada, message(written(other), head=b"Content-Type: image/jpeg"))
    assert (answer.status_code, (await said(answer)).OtherFailuresSequence[0].FailureReason) == (
        409,
        0xC000,
    )


async def test_what_is_sent_to_a_study_is_of_that_study(ada: Person, made: Made) -> None:
    (image,), (other,) = made(1), made(1)
    body = message(written(image), written(other))
    answer = await sends(ada, body, f"/{image.StudyInstanceUID}")
    assert answer.status_code == 202
    (failed,) = (await said(answer)).FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == (
        other.SOPInstanceUID,
        0xA900,
    )
    assert (await sends(ada, body, "/2.25.17")).status_code == 409
    assert (await sends(ada, body, "/x")).status_code == 400


async def test_what_finds_no_room_is_named_and_nothing_of_it_stays(
    ada: Person, made: Made, world: World
) -> None:
    (image,) = made(1)
    shelf = world.app.extensions["hds"]["shelf"]
    object.__setattr__(shelf, "free_quota", 1000)
    large = np.zeros((1200, 2000), np.uint16)
    big = dataset(large, StudyInstanceUID=uid(), SOPInstanceUID=uid())
    answer = await sends(ada, message(written(image), written(big)))
    assert answer.status_code == 507
    assert "delete examinations" in answer.headers["Warning"], "what to do"
    failed = await said(answer)
    reasons = [*failed.get("FailedSOPSequence", []), *failed.get("OtherFailuresSequence", [])]
    assert [each.FailureReason for each in reasons] == [0xA700, 0xA700]
    assert await kept(ada, world) == set()
    assert await studies.my_studies(shelf, ada.actor) == []
    assert (await storing.space(ada.actor.id, 1000)).used == 0


async def test_what_is_larger_than_a_file_may_be_is_told_so_and_what_to_do(
    ada: Person, made: Made, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies.parts, "FILE", 100_000)
    (image,) = made(1)
    big = written(dataset(np.zeros((200, 400), np.uint16), SOPInstanceUID=uid()))

    answer = await sends(ada, message(big))
    assert answer.status_code == 413
    assert [each.FailureReason for each in (await said(answer)).OtherFailuresSequence] == [0xA700]
    assert "512 MiB" in answer.headers["Warning"]
    assert "Concatenation" in answer.headers["Warning"], "what to do"
    assert await kept(ada, world) == set()
    assert (await storing.space(ada.actor.id, 1000)).used == 0

    answer = await sends(ada, message(big, written(image)))
    assert answer.status_code == 202
    assert "512 MiB" in answer.headers["Warning"]
    assert await kept(ada, world) == digests(written(image)), "the other one is whole"
    answer = await sends(ada, message(big, b"no image"))
    assert answer.status_code == 409


async def test_a_large_image_is_never_in_memory_before_it_is_whole(
    ada: Person, world: World
) -> None:
    noise = np.random.default_rng(2).integers(0, 4000, (1500, 2000), dtype=np.uint16)
    large = written(dataset(noise, StudyInstanceUID=uid(), SOPInstanceUID=uid()))
    assert len(large) > studies.parts.PIECE
    shelf = world.app.extensions["hds"]["shelf"]
    small = written(dataset(noise[:9, :9], StudyInstanceUID=uid(), SOPInstanceUID=uid()))
    for _ in range(2):
        answer = await sends(ada, message(small, large))
        assert answer.status_code == 200, await answer.get_data()
    assert await kept(ada, world) == digests(small, large)

    cut = message(large)[:-20_000]
    assert (await sends(ada, cut)).status_code == 400
    mine = {each.id for each in await studies.my_studies(shelf, ada.actor)}
    assert {row.holding for row in await StoredObject.all()} == mine, "its pieces went"


HOSTILE: Final[dict[str, tuple[int, str, bytes]]] = {
    "no boundary": (400, 'multipart/related; type="application/dicom"', message(b"x")),
    "an endless boundary": (400, f"{MEDIA}{'x' * 100}", message(b"x")),
    "a boundary with a line's end": (400, 'multipart/related; boundary="a\\r\\nb"', b"--a"),
    "no end": (400, MEDIA, message(b"x")[:-6]),
    "cut in a head": (400, MEDIA, b"--frontier\r\nContent-"),
    "an endless head": (400, MEDIA, b"--frontier\r\n" + b"A: b\r\n" * 100_000),
    "no colon in a head": (400, MEDIA, message(b"x", head=b"nonsense")),
    "an endless preamble": (400, MEDIA, b"x" * 100_000 + message(b"x")),
    "an endless epilogue": (400, MEDIA, message(b"x") + b"x" * 100_000),
    "nothing": (400, MEDIA, b""),
    "no part": (400, MEDIA, b"--frontier--"),
    "no multipart": (415, "application/dicom", b"x"),
    "a form": (415, "multipart/form-data; boundary=frontier", message(b"x")),
    "JSON": (415, 'multipart/related; type="application/dicom+json"; boundary=x', b"x"),
    "no type at all": (415, "", b"x"),
    "an empty part": (409, MEDIA, message(b"")),
    "packed": (409, MEDIA, message(b"x", head=b"Content-Encoding: gzip")),
    "ten thousand parts": (409, MEDIA, message(*[b"x"] * 10_000)),
}


async def test_hostile_messages_are_told_so_and_nothing_is_kept(ada: Person, world: World) -> None:
    for what, (status, media, body) in HOSTILE.items():
        answer = await sends(ada, body, media=media)
        assert answer.status_code == status, what
    assert await kept(ada, world) == set()
    xml = {"Accept": "application/dicom+xml", "Content-Type": MEDIA}
    answer = await ada.browser.post("/dicomweb/studies", data=message(b"x"), headers=xml)
    assert answer.status_code == 406


async def test_a_length_that_lies_harms_nobody(
    ada: Person, server: str, settings: Settings, made: Made, client: Client
) -> None:
    (image,) = made(1)
    session = client(ada)._session
    cookie = "; ".join(f"{each.name}={each.value}" for each in session.cookies)
    host, port = server.removeprefix("http://").split(":")
    body = message(written(image))
    for length in (len(body) + 10, len(body) - 10):
        reader, writer = await asyncio.open_connection(host, int(port))
        head = (
            f"POST /dicomweb/studies HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n"
            f"Origin: {server}\r\nX-HDS-CSRF: {session.headers['X-HDS-CSRF']}\r\n"
            f"Accept: application/json\r\nContent-Type: {MEDIA}\r\nContent-Length: {length}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        if length > len(body):
            writer.write_eof()
            assert await reader.read() == b"", "nobody is there to be told"
        else:
            assert b" 400 " in await reader.readline()
        writer.close()
    assert (await sends(ada, body)).status_code == 200


async def test_a_program_with_a_token_stores_or_looks_as_its_token_says(
    ada: Person, world: World, made: Made
) -> None:
    (image,) = made(1)
    until = now() + timedelta(days=2)
    look = await keys.make_token(ada.actor, "Workstation", ["read"], until)
    add = await keys.make_token(ada.actor, "Scanner", ["add"], until)
    body, headers = message(written(image)), JSON | {"Content-Type": MEDIA}

    async def stores(token: str) -> int:
        path = "/dicomweb/studies"
        answer = await asks(world, token, path, "POST", data=body, headers=headers)
        return answer.status_code

    async def finds(token: str) -> int:
        return (await asks(world, token, "/dicomweb/studies", headers=JSON)).status_code

    assert await stores(look) == 403
    assert (await stores(add), await finds(add), await finds(look)) == (200, 403, 200)


async def test_writes_need_what_every_write_needs(
    ada: Person, server: str, client: Client, made: Made
) -> None:
    session = client(ada)._session
    for name in ("Origin", "X-HDS-CSRF"):
        alone = requests.Session()
        alone.cookies.update(session.cookies)
        alone.headers.update({k: v for k, v in session.headers.items() if k != name})
        headers = {"Content-Type": MEDIA}
        url = f"{server}/dicomweb/studies"
        answer = await told(alone.post, url, data=message(b"x"), headers=headers)
        assert answer.status_code == 403, name


def events(boundary: str, body: bytes, step: int) -> Iterator[Any]:
    parser, stream = Parser(boundary), io.BytesIO(body)
    while chunk := stream.read(step):
        yield from parser.feed(chunk)
    parser.close()


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 4096])
def test_however_it_is_cut_a_message_says_the_same(step: int) -> None:
    contents = [b"", b"\r\n", b"-frontier", b"\r\n--fronti", b"a\r\n--frontie\r\n", bytes(500)]
    body = b"preamble\r\n" + message(*contents).replace(b"--frontier\r\n", b"--frontier \t\r\n", 2)
    found: list[bytes] = []
    for event in events("frontier", body, step):
        if isinstance(event, Begin):
            assert event == Begin("application/dicom", plain=True)
            found.append(b"")
        elif isinstance(event, Content):
            found[-1] += event.data
        else:
            assert isinstance(event, End)
    assert found == contents


def test_boundaries_are_read_as_the_standard_writes_them() -> None:
    assert boundary_of('Multipart/Related; Type="application/dicom";boundary="a b"') == "a b"
    assert boundary_of("multipart/related;boundary=x; type=application/dicom; q=1") == "x"
    with pytest.raises(BadMessage):
        boundary_of('multipart/related; boundary="a "')
