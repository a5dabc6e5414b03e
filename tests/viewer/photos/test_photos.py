"""Photos: whole and alone or refused, the same without their data, drawn upright and bounded."""

import io
import random
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from tests.viewer.photos.making import XMP, photo, points, telling
from viewer.pdf import Look, Outline, PdfPool, Reader, Unshown
from viewer.photos import fault_of, kind_of
from viewer.photos.framing import MOST_PARTS

pytestmark = pytest.mark.one_engine
FORMATS = ("JPEG", "PNG", "WEBP")
ZIP = b"PK\x03\x04" + bytes(30) + b"PK\x05\x06" + bytes(18)


@pytest.fixture
async def pool() -> AsyncIterator[PdfPool]:
    async with PdfPool(workers=1) as pool:
        yield pool


@pytest.mark.parametrize("format_", FORMATS)
def test_a_photo_is_known_by_its_bytes_and_must_be_whole_and_alone(format_: str) -> None:
    data = telling(format_)
    assert kind_of(data) == format_.lower()
    assert fault_of(data) is None
    for cut in (1, len(data) // 2, len(data) - 40):
        assert fault_of(data[:-cut]) == "truncated", cut
    for hidden in (ZIP, b"<html><script>alert(1)</script>", b"\n%PDF-1.7", b"MZ" + bytes(90)):
        assert fault_of(data + hidden) == "polyglot", hidden
    assert fault_of(data + bytes(100)) is None, "padding hides nothing"


def test_phones_put_films_and_further_photos_behind_the_first_one() -> None:
    film = b"\x00\x00\x00\x18ftypmp42" + random.Random(1).randbytes(100_000)
    for behind in (film, photo(), random.Random(2).randbytes(300) + b"SEFT"):
        assert fault_of(photo() + behind) is None


def test_a_pdf_within_a_photo_is_not_taken_for_one() -> None:
    data = photo()
    hidden = data[:2] + b"\xff\xfe\x00\x0b%PDF-1.7\n" + data[2:]
    assert fault_of(hidden) == "polyglot"


def test_what_is_marked_as_dicom_is_no_photo() -> None:
    data = bytearray(photo())
    data[128:132] = b"DICM"
    assert kind_of(data) == ""


def test_bombs_are_refused_before_anything_is_decoded() -> None:
    png = bytearray(photo("PNG"))
    png[16:24] = (200_000).to_bytes(4, "big") * 2
    jpeg = bytearray(photo())
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    assert (fault_of(png), fault_of(jpeg)) == ("bomb", "bomb")
    many = b"\xff\xd8" + b"\xff\xfe\x00\x02" * (MOST_PARTS + 5) + photo()[2:]
    assert fault_of(many) == "too_many_elements"
    assert fault_of(photo()[:2] + b"\xff" * 1_000_000) == "damaged"
    assert fault_of(photo() + bytes(64 * 1024 * 1024)) == "photo_large"


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("orientation", [1, 6])
async def test_without_its_data_the_picture_is_the_same_point_by_point(
    pool: PdfPool, format_: str, orientation: int
) -> None:
    data = telling(format_, orientation=orientation) + b"\x00\x00\x00\x18ftypmp42 a film"
    look = await pool.look(data)
    assert isinstance(look, Look)
    assert (look.found, look.created) == (("place", "camera", "time"), "20260312")

    cleaned = await pool.clean(data)

    assert isinstance(cleaned, bytes)
    assert points(cleaned) == points(data)
    for said in (b"Acme", XMP, b"2026:03:12", b"a film"):
        assert said not in cleaned
    again = await pool.look(cleaned)
    assert isinstance(again, Look)
    assert (again.found, again.created) == ((), "")
    assert await pool.clean(cleaned) == cleaned
    shape = (40, 60) if orientation == 6 else (60, 40)
    outline = await pool.outline(cleaned, 1, 1)
    assert isinstance(outline, Outline)
    assert [(each.width, each.height) for each in outline.papers] == [shape]
    drawn = await pool.page(cleaned, 1, 800)
    assert isinstance(drawn, bytes)
    with Image.open(io.BytesIO(drawn)) as picture:
        assert (picture.format, picture.size) == ("WEBP", shape)


async def test_a_photo_that_tells_only_little_things_says_so(pool: PdfPool) -> None:
    look = await pool.look(photo(xmp=XMP))
    plain = await pool.look(photo())

    assert isinstance(look, Look)
    assert isinstance(plain, Look)
    assert (look.found, plain.found) == (("more",), ())


async def test_odd_colours_are_shown(pool: PdfPool) -> None:
    for mode, colour in (("I;16", 40_000), ("RGBA", (255, 0, 0, 0)), ("1", 1), ("LA", (9, 0))):
        out = io.BytesIO()
        Image.new(mode, (30, 20), colour).save(out, "PNG")
        assert isinstance(await pool.page(out.getvalue(), 1, 800), bytes), mode
    out = io.BytesIO()
    Image.new("CMYK", (30, 20)).save(out, "JPEG")
    assert isinstance(await pool.page(out.getvalue(), 1, 800), bytes)


async def test_a_large_photo_is_drawn_small(pool: PdfPool) -> None:
    out = io.BytesIO()
    Image.new("RGB", (12_000, 9_000)).save(out, "JPEG", quality=5)

    look = await pool.look(out.getvalue())
    drawn = await pool.page(out.getvalue(), 1, 2400)

    assert isinstance(look, Look)
    assert isinstance(drawn, bytes)
    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.size == (2400, 1800)


async def test_mutants_always_get_an_answer(pool: PdfPool) -> None:
    chance, reader = random.Random(4), Reader("one", "task")
    for format_ in FORMATS:
        whole = telling(format_)
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 6)):
                data[chance.randrange(12, len(data))] = chance.randrange(256)
            fault_of(data)
            assert isinstance(await pool.look(data, reader), Look | Unshown)
            assert isinstance(await pool.clean(data, reader), bytes | Unshown)
