"""Files that take long to look at make their sender wait, and nobody else."""

import asyncio
import io
import struct
import zlib

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from portal.core.actor import Actor
from portal.studies import Shelf
from portal.studies.intake import keep_files
from tests.studies.conftest import Person, Slices

pytestmark = pytest.mark.one_engine

ELEMENTS = 60_000
"""Empty, some 300 bytes of a file, most of a second of a child."""


def dear(image: bytes) -> bytes:
    """*image*, deflated, with very many empty elements in front of its pixels."""
    plain = pydicom.dcmread(io.BytesIO(image))
    plain.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    whole = io.BytesIO()
    pydicom.dcmwrite(whole, plain, enforce_file_format=True)
    data = whole.getvalue()
    start = 144 + struct.unpack("<I", data[140:144])[0]
    body = zlib.decompress(data[start:], -15)
    cut = body.index(b"\xe0\x7f\x10\x00")
    many = b"".join(struct.pack("<HH2sH", 0x6001, 0x1000 + n, b"LO", 0) for n in range(ELEMENTS))
    squeezing = zlib.compressobj(9, zlib.DEFLATED, -15)
    return data[:start] + squeezing.compress(body[:cut] + many + body[cut:]) + squeezing.flush()


async def test_whoever_sends_one_image_waits_for_no_part_full_of_dear_ones(
    shelf: Shelf, erika: Actor, person: Person, slices: Slices
) -> None:
    costly = dear(slices(1)[0])
    attackers = [await person(), await person()]
    floods = [
        asyncio.create_task(keep_files(shelf, each, [costly] * 60))
        for each in attackers
        for _ in range(3)
    ]
    async with asyncio.timeout(60):
        while not shelf.inspecting._inside.total():
            await asyncio.sleep(0.01)

    said = await keep_files(shelf, erika, slices(1))

    assert len(said.kept) == 1
    assert not any(each.done() for each in floods)
    for each in floods:
        each.cancel()
    await asyncio.gather(*floods, return_exceptions=True)
