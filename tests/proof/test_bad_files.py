"""T31, class by class: each gets a clear answer, nothing grows, and the next file is served."""

import asyncio
import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, RLELossless
from quart import Quart

from portal import studies
from portal.studies import parts
from tests.bounds import within_bounds
from tests.people import Person, World
from tests.viewer.dicom.making import dataset, image, nested, written
from tests.viewer.photos.making import photo

pytestmark = pytest.mark.one_engine

JSON: Final = {"Accept": "application/json"}
GREY: Final = np.zeros((16, 16), np.uint8)
META: Final = bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00"


def _syntax(uid: Any, stream: bytes, **changes: Any) -> bytes:
    made = dataset(GREY, **changes)
    made.file_meta.TransferSyntaxUID = uid
    made.PixelData = encapsulate([stream])
    made["PixelData"].is_undefined_length = True
    return written(made)


def _deflated() -> bytes:
    """Half a gigabyte in half a megabyte (PS3.5 A.5)."""
    made = dataset(GREY)
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    small = written(made)
    meta = 132 + 12 + int.from_bytes(small[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(b"\x08\x00\x05\x00CS\x00\x00")
    body = b"".join(packer.compress(bytes(16 << 20)) for _ in range(32))
    return small[:meta] + head + body + packer.flush()


def _palette(entries: int, data: bytes) -> bytes:
    colours = ("Red", "Green", "Blue")
    told = {f"{each}PaletteColorLookupTableDescriptor": [entries, 0, 16] for each in colours}
    held = dict.fromkeys((f"{each}PaletteColorLookupTableData" for each in colours), data)
    return image(GREY + 200, PhotometricInterpretation="PALETTE COLOR", **told, **held)


def _preamble(begins: bytes) -> bytes:
    return (begins + bytes(128))[:128] + image()[128:]


def _siz() -> bytes:
    size = struct.pack(">HH8IH3B", 41, 0, 60000, 60000, 0, 0, 60000, 60000, 0, 0, 1, 15, 1, 1)
    return b"\xff\x4f\xff\x51" + size + b"\xff\xd9"


RLE: Final = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * 64
HUGE: Final = {"Rows": 65535, "Columns": 65535}
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
DIRECTORY: Final = b"\x04\x00\x00\x15CS\x12\x00../../../etc/passwd"
REFUSED: Final[dict[str, tuple[Callable[[], bytes], set[str]]]] = {
    "deflated syntax": (_deflated, {"bomb", "memory", "damaged", "truncated"}),
    "5,000 sequences": (lambda: nested(5000), {"too_deep"}),
    "PAM": (lambda: b"P7\nWIDTH 4294967295\nHEIGHT 4294967295\nDEPTH 4\nENDHDR\n" + bytes(99),
            {"not_dicom"}),
    "meta header over-read": (lambda: META + b"\xf0\xff\xff\xff" + image()[144:400],
                              {"truncated", "damaged", "no_identity"}),
    "PE in the preamble": (lambda: _preamble(b"MZ\x90"), {"executable"}),
    "ELF in the preamble": (lambda: _preamble(b"\x7fELF\x02"), {"executable"}),
    "script in the preamble": (lambda: _preamble(b"#!/bin/sh\nid\n"), {"executable", "script"}),
    "DICOMDIR": (lambda: META[:132] + DIRECTORY, {"truncated", "damaged", "no_identity"}),
    "gigabytes announced": (
        lambda: image()[:-512] + b"\xe0\x7f\x10\x00OW\0\0\xff\xff\xff\x3f", {"truncated"}),
    "SVG": (lambda: SVG, {"document"}),
    "HTML": (lambda: b"<!DOCTYPE html><script>alert(1)</script>", {"document"}),
    "photo and page": (lambda: photo() + b"<html><script>1</script>", {"polyglot"}),
    "photo and ZIP": (lambda: photo() + b"PK\x03\x04" + bytes(30) + b"PK\x05\x06" + bytes(18),
                      {"polyglot"}),
    "ZIP": (lambda: b"PK\x03\x04" + bytes(200), {"archive"}),
    "gzip": (lambda: gzip.compress(bytes(64 << 20)), {"archive"}),
}  # fmt: skip
UNREAD: Final[dict[str, tuple[Callable[[], bytes], set[str]]]] = {
    "sizes beyond 32 bits": (
        lambda: image(GREY, **HUGE, NumberOfFrames=2**31 - 1), {"too_large", "short_pixels"}),
    "RLE of 65,535 squared": (lambda: _syntax(RLELossless, RLE, **HUGE), {"too_large"}),
    "stream larger than its header": (lambda: _syntax(JPEG2000Lossless, _siz()), {"bad_pixels"}),
    "palette shorter than it says": (lambda: _palette(0, b"\0\0"), {"bad_pixels"}),
}  # fmt: skip
SHOWN: Final = {"index out of the palette": lambda: _palette(16, bytes(32))}
"""Colours beyond the table's end are its last one (PS3.3 C.7.6.3.1.5)."""


class Ada:
    """Somebody who sends files one at a time."""

    def __init__(self, person: Person, shelf: studies.Shelf) -> None:
        self.person, self.shelf, self.number = person, shelf, 0
        self.upload = ""

    async def begins(self) -> None:
        begun = await self.person.browser.post(
            "/uploads", json={"client": str(uuid4())}, headers=JSON
        )
        self.upload = (await begun.get_json())["id"]

    async def sends(self, data: bytes) -> dict[str, Any]:
        self.number += 1
        path = f"/uploads/{self.upload}/parts/{self.number}"
        body = parts.build([(self.number, data)])
        answer = await self.person.browser.put(path, data=body, headers=JSON)
        said: dict[str, Any] = await answer.get_json()
        assert answer.status_code == 200, said
        return said

    async def why_unshown(self, study: str) -> Any:
        """Why the only image of a study has no picture; None when it has one."""
        assert await self.shelf.preparing.done(UUID(study), 60.0)
        assert (await self.person.browser.get(f"/v/{study}")).status_code == 200
        opened = await studies.open_own(self.shelf, self.person.actor, UUID(study))
        ((each,),) = [series["instances"] for series in (await opened.manifest())["series"]]
        return each["why"]


@pytest.fixture
async def ada(world: World, app: Quart) -> Ada:
    ada = Ada(await world.patient("Ada"), app.extensions["hds"]["shelf"])
    await ada.begins()
    assert (await ada.sends(image(SOPInstanceUID="2.25.7", StudyInstanceUID="2.25.8")))["kept"]
    return ada


@pytest.mark.parametrize("kind", REFUSED)
async def test_it_is_refused_with_its_reason(ada: Ada, kind: str) -> None:
    make, reasons = REFUSED[kind]
    data = make()
    async with within_bounds():
        said = await ada.sends(data)

    ((number, why),) = said["refused"]
    assert (number, said["kept"]) == (ada.number, [])
    assert why in reasons
    assert (await ada.sends(image()))["kept"] == [ada.number], "the next one is served"


@pytest.mark.parametrize("kind", [*UNREAD, *SHOWN])
async def test_it_is_kept_and_never_drawn_larger_than_it_is(ada: Ada, kind: str) -> None:
    make, reasons = UNREAD[kind] if kind in UNREAD else (SHOWN[kind], {None})
    data = make()
    async with within_bounds():
        said = await ada.sends(data)
        why = await ada.why_unshown(said["studies"][0]) if said["kept"] else said["refused"][0][1]

    assert why in reasons
    assert (await ada.sends(image(SOPInstanceUID="2.25.77", StudyInstanceUID="2.25.78")))["kept"]


async def test_a_packed_body_is_not_unpacked(ada: Ada) -> None:
    """A bomb in the coding of the request itself."""
    bomb = gzip.compress(bytes(64 << 20))
    async with within_bounds():
        answer = await ada.person.browser.put(
            f"/uploads/{ada.upload}/parts/{ada.number + 1}",
            data=bomb,
            headers=JSON | {"Content-Encoding": "gzip"},
        )
    assert answer.status_code in {400, 415, 422}
    assert (await ada.sends(image()))["kept"] == [ada.number]


async def test_a_body_that_says_it_is_a_terabyte_is_not_waited_for(ada: Ada, server: str) -> None:
    """Neither is room made for it."""
    host, port = server.removeprefix("http://").split(":")
    cookie = ada.person.browser.cookie("hds") or ""
    head = (
        f"PUT /uploads/{ada.upload}/parts/{ada.number + 1} HTTP/1.1\r\n"
        f"Host: {host}:{port}\r\nOrigin: {server}\r\n"
        f"Cookie: hds={cookie}\r\nX-HDS-CSRF: {ada.person.browser.csrf}\r\n"
        "Accept: application/json\r\nContent-Length: 1099511627776\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(host, int(port))
    async with within_bounds():
        writer.write(head.encode() + bytes(70_000))
        async with asyncio.timeout(20):
            status = await reader.readline()
    writer.close()

    assert status.split()[1] == b"413", status
    assert (await ada.sends(image()))["kept"] == [ada.number]


async def test_everything_broken_beside_the_project_is_shown_or_named(
    world: World, app: Quart, shared: Path
) -> None:
    """Files of `broken` and `pdf`, over HTTP: kept and opened, or refused with a reason."""
    ada = Ada(await world.patient("Ada"), app.extensions["hds"]["shelf"])
    await ada.begins()
    there, found = set[str](), 0
    for folder in ("broken", "pdf"):
        for path in sorted((shared / folder).rglob("*")):
            if not path.is_file():
                continue
            said = await ada.sends(path.read_bytes())
            found += 1
            assert len(said["kept"]) + len(said["refused"]) + len(said["duplicates"]) == 1, path
            there |= set(said["studies"])
    assert found > 180
    for study in there:
        assert await ada.shelf.preparing.done(UUID(study), 60.0)
        assert (await ada.person.browser.get(f"/v/{study}")).status_code == 200
    listed = await (await ada.person.browser.get("/documents")).get_data(as_text=True)
    assert "unsafe" not in listed
