"""PDFs of all kinds: shown, or said in one word why not; the child lives or is replaced."""

import io
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.viewer.dicom.making import DATA
from tests.viewer.pdf.making import encapsulated, pdf
from viewer.dicom import Embedded, Pool, Reason, Refused
from viewer.pdf import Look, Outline, PdfPool, Reader, Unshown, begins_pdf
from viewer.pdf.reading import LONGEST_SIDE, MOST_PIXELS

FILES = sorted((DATA / "pdf").glob("*/*.pdf")) if DATA.is_dir() else []
NOT_SHOWN = {
    "bad1.pdf": "damaged",
    "bug1020226.pdf": "damaged",
    "bug1980958.pdf": "damaged",
    "graph-encrypted.pdf": "encrypted",
    "libreoffice-writer-password.pdf": "encrypted",
}


class OneTask(PdfPool):
    """One child for all that follows, so that a fault of one document would be seen by the next."""

    async def _ask(self, task: Any, data: Any, reader: Reader | None, read: Any) -> Any:
        return await super()._ask(task, data, reader or Reader("one", "task"), read)


@pytest.fixture
async def pool() -> AsyncIterator[PdfPool]:
    async with OneTask() as pool:
        yield pool


def _size(picture: bytes | Unshown) -> tuple[int, int]:
    assert isinstance(picture, bytes)
    return Image.open(io.BytesIO(picture)).size


@pytest.mark.skipif(not FILES, reason="needs the test data beside the project")
async def test_every_sample_is_shown_or_named(pool: PdfPool) -> None:
    """JavaScript, attachments, forms, broken tables, passwords: nothing runs, nothing hangs."""
    for path in FILES:
        data = path.read_bytes()
        look, drawn = await pool.look(data), await pool.page(data, 1, 1200)
        outline = await pool.outline(data, 1, 3)
        if path.name in NOT_SHOWN:
            assert look == drawn == outline == Unshown(NOT_SHOWN[path.name])  # type: ignore[arg-type]
        else:
            assert isinstance(look, Look), path.name
            assert look.pages >= 1
            assert look.preview.startswith(b"\xff\xd8")
            assert isinstance(outline, Outline)
            assert _size(drawn)[0] in {1199, 1200, 1201}, path.name


async def test_pages_have_their_size_their_text_and_no_more_than_asked_for(pool: PdfPool) -> None:
    data = pdf(["First page", "Kein Befund: ä ö ü ß", "Third page"])

    outline = await pool.outline(data, 2, 1)

    assert isinstance(outline, Outline)
    (paper,) = outline.papers
    assert (outline.pages, paper.number, paper.width, paper.height) == (3, 2, 595.0, 842.0)
    assert paper.text == "Kein Befund: ä ö ü ß"
    width, height = _size(await pool.page(data, 3, 800))
    assert abs(width - 800) <= 1
    assert abs(height - 1132) <= 1
    assert await pool.page(data, 4, 800) == Unshown("damaged")
    assert await pool.page(data, 1, 100_000) == Unshown("damaged")


async def test_a_page_as_large_as_a_field_is_drawn_small(pool: PdfPool) -> None:
    for box in ("0 0 1000000 1000000", "0 0 14400 14400", "0 0 10 200000", "0 0 200000 2"):
        drawn = await pool.page(pdf(box=box), 1, 2400)
        if isinstance(drawn, bytes):
            width, height = _size(drawn)
            assert width * height <= MOST_PIXELS * 1.01, box
            assert height <= LONGEST_SIDE + 1, box
    assert isinstance(await pool.look(pdf()), Look), "the next one is read"


async def test_thousands_of_pages_are_counted_and_a_few_are_read(pool: PdfPool) -> None:
    data = pdf([f"Page {number}" for number in range(5000)])

    look, outline = await pool.look(data), await pool.outline(data, 4999, 50)

    assert isinstance(look, Look)
    assert look.pages == 5000
    assert isinstance(outline, Outline)
    assert [paper.text for paper in outline.papers] == ["Page 4998", "Page 4999"]


async def test_a_drawing_without_end_is_stopped_and_the_next_document_is_shown() -> None:
    """A bomb of work: a hundred thousand broad strokes over each other."""
    content = b"40 w\n" + b"0 0 m 595 842 l 0 842 l 595 0 l S\n" * 100_000
    async with PdfPool(child="tests.viewer.pdf.hurried") as pool:
        drawn = await pool.page(pdf(content=content), 1, 2400)

        assert drawn == Unshown("timeout")
        assert isinstance(await pool.look(pdf()), Look)


async def test_mutants_always_get_an_answer(pool: PdfPool) -> None:
    dice = random.Random(7)
    sound = pdf(["One", "Two"], catalog="/OpenAction << /S /JavaScript /JS (app.alert(1)) >>")
    for _ in range(150):
        mutant = bytearray(sound)
        for _ in range(dice.randint(1, 30)):
            mutant[dice.randrange(8, len(mutant))] = dice.randrange(256)
        assert isinstance(await pool.look(bytes(mutant)), Look | Unshown)
        assert isinstance(await pool.page(bytes(mutant), 1, 800), bytes | Unshown)


def test_only_what_begins_as_a_pdf_is_one() -> None:
    """A polyglot is what its first bytes say, and then it is no PDF."""
    sound = pdf()
    for start in (b"", b"\n", b"\xef\xbb\xbf", b"\x00\r\n  "):
        assert begins_pdf(start + sound), start
    for start in (b"MZ", b"GIF89a", b"<html>", b"\xff\xd8\xff\xe0", b"PK\x03\x04", b"%!PS\n"):
        assert not begins_pdf(start + sound), start
    assert not begins_pdf(b"")
    assert not begins_pdf(b"%PDF-")
    assert not begins_pdf(b" " * 65 + sound)


async def test_the_document_inside_a_dicom_object_is_the_one_that_was_put_in() -> None:
    odd, even = pdf(["Odd"]), pdf(["Even"])
    odd = odd if len(odd) % 2 else odd + b"\n"
    even = even if len(even) % 2 == 0 else even + b"\n"
    async with Pool() as pool:
        for data in (odd, even):
            around = encapsulated(data)
            found = await pool.embedded(around)
            where = around.index(data)
            assert found == Embedded(data, "application/pdf", "Report of the scanner", where)
        assert isinstance(await pool.embedded(b"no DICOM at all"), Refused)
        empty = await pool.embedded(encapsulated(b""))
        assert isinstance(empty, Refused)
        assert empty.reason is Reason.NOT_IMAGE


@pytest.mark.skipif(not FILES, reason="needs the test data beside the project")
async def test_a_real_encapsulated_report_is_shown(pool: PdfPool) -> None:
    (path,) = (DATA / "documents" / "encapsulated-pdf").iterdir()
    async with Pool() as images:
        found = await images.embedded(Path(path).read_bytes())
    assert isinstance(found, Embedded)
    assert begins_pdf(found.data)
    assert isinstance(await pool.look(found.data), Look)
