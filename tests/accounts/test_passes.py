import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import get_args
from uuid import uuid4

import numpy as np
import pypdfium2
import pytest
import segno
from quart import Response

from portal import accounts, vault
from portal.accounts.papers import passes, printing
from portal.core.db import now
from tests.accounts.stories import ADA, CODE, text_of
from tests.people import World

pytestmark = pytest.mark.one_engine

Reader = Callable[[bytes], str]


@pytest.fixture
def text_in_pdf(tmp_path: Path) -> Reader:
    """What a PDF says, by Poppler."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")

    def read(pdf: bytes) -> str:
        file = tmp_path / "pass.pdf"
        file.write_bytes(pdf)
        return subprocess.run(
            ["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True
        ).stdout

    return read


async def registers(world: World, **changes: str) -> tuple[str, str]:
    """The code on the page, and the ticket for the sheet."""
    page = await text_of(await world.browser().post("/register", form=ADA | changes))
    code, ticket = CODE.search(page), re.search(r'name="ticket" value="([^"]+)"', page)
    assert code
    assert ticket
    return code.group(), ticket.group(1)


async def prints(world: World, ticket: str, language: str = "en") -> Response:
    return await world.browser().post(
        "/pass", form={"ticket": ticket}, headers={"Accept-Language": language}
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Your Pass", "Activation code", "Issued on", "Keep this sheet safe"]),
        (
            "de",
            [
                "Ihr Pass",
                "Aktivierungscode",
                "Ausgestellt am",
                "Bewahren Sie dieses Blatt sicher auf",
            ],
        ),
    ],
)
async def test_the_pass_holds_the_code_once_and_says_what_to_do(
    world: World, text_in_pdf: Reader, language: str, words: list[str]
) -> None:
    code, ticket = await registers(world)

    answer = await prints(world, ticket, language)
    text = text_in_pdf(await answer.get_data(as_text=False))

    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    assert text.count(code) == 1
    assert "Ada Lindqvist" in text
    assert world.settings.origin in text
    for word in words:
        assert word in text
    assert len(re.findall(r"\d{5} \d{5} \d{5} \d{5} \d{5} \d{5}", text)) == 1


async def test_the_pass_is_tagged_has_a_title_and_brings_its_fonts(
    world: World, tmp_path: Path
) -> None:
    if shutil.which("pdffonts") is None:
        pytest.skip("pdffonts (poppler-utils) is not installed")
    _, ticket = await registers(world)
    file = tmp_path / "pass.pdf"
    file.write_bytes(await (await prints(world, ticket, "de")).get_data(as_text=False))

    about = _said(["pdfinfo", str(file)])
    fonts = _said(["pdffonts", str(file)]).splitlines()[2:]
    raw = file.read_bytes()

    assert "Ihr Pass" in about
    assert re.search(r"Tagged:\s+yes", about)
    assert re.search(r"Page size:\s+595.* x 841.* pts \(A4\)", about)
    assert b"pdfuaid" in raw
    assert b"/Lang" in raw
    assert fonts
    assert all(re.search(r"\byes +(yes|no) +yes\b", line) for line in fonts), fonts


async def test_what_a_name_holds_is_printed_and_not_obeyed(
    world: World, text_in_pdf: Reader
) -> None:
    name = 'Ada #panic("x") <b>$1$</b> *_`\\'
    _, ticket = await registers(world, name=name)

    answer = await prints(world, ticket)

    assert answer.status_code == 200
    assert '#panic("x") <b>$1$</b>' in text_in_pdf(await answer.get_data(as_text=False)).replace(
        "”", '"'
    ).replace("“", '"')


async def test_only_our_own_tickets_are_printed_and_only_for_half_an_hour(world: World) -> None:
    code, ticket = await registers(world)
    issued = accounts.read_ticket(ticket)
    assert issued.code == code
    old = accounts.Pass(
        issued.account, issued.name, issued.code, issued.fingerprint, now() - timedelta(minutes=31)
    )

    for wrong in ("", "x", ticket[:-4] + "AAAA", ticket[::-1], passes.ticket(old), "ü" * 300):
        answer = await prints(world, wrong)
        assert answer.status_code == 410
        assert code not in await text_of(answer)
    assert (await prints(world, ticket)).status_code == 200


async def test_the_fingerprint_on_the_pass_is_the_one_in_the_profile(
    world: World, text_in_pdf: Reader
) -> None:
    erika = await world.patient("Erika Beispiel")
    page = await text_of(await erika.browser.get("/profile"))
    shown = re.search(r"(?:\d{5} ){5}\d{5}", page)
    assert shown

    code, ticket = await registers(world)
    text = text_in_pdf(await (await prints(world, ticket)).get_data(as_text=False))

    assert shown.group() not in text, "that one is Ada's"
    assert accounts.read_ticket(ticket).spoken_fingerprint in text
    assert code in text


def _said(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


NAMES = {
    "cyrillic": "Алексей Иванович Достоевский",
    "arabic": "محمد بن عبد الله",
    "markup": "<b>&#*_$1$ [x] @y</b>",
    "long": "Maria Magdalena von Hohenlohe " * 6 + "zu Langenburg-Au 199",
    "unbroken": "W" * 200,
    "chinese": "王小明",
    "nobody": "",
}
MILLIMETRE = 72 / 25.4


def _issued(name: str, purpose: passes.Purpose = "first") -> accounts.Pass:
    fingerprint = bytes(range(32))
    return accounts.Pass(uuid4(), name, vault.pass_code(), fingerprint, now(), purpose)


def _text(page: pypdfium2.PdfPage) -> str:
    return " ".join(str(page.get_textpage().get_text_range()).split())


def _assert_qr_reads(page: pypdfium2.PdfPage, issued: accounts.Pass) -> None:
    """The pure black on the page is the QR code alone: compare it module by module."""
    image = np.asarray(page.render(scale=6).to_pil().convert("RGB")).max(axis=2)
    rows, columns = np.nonzero(image == 0)
    top, left, bottom, right = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
    made = segno.make(printing.qr_text(issued), error="q", boost_error=False)
    wanted = np.array([list(row) for row in made.matrix], dtype=bool)
    size = (right - left) / len(wanted)
    assert abs((bottom - top) - (right - left)) <= 2
    assert size / 6 / MILLIMETRE > 0.4, "printers and telephones need modules of 0.4 mm"
    middle = ((np.arange(len(wanted)) + 0.5) * size).astype(int)
    assert (image[np.ix_(top + middle, left + middle)] < 128).tolist() == wanted.tolist()
    quiet = int(3.8 * size)
    around = image[top - quiet : bottom + quiet, left - quiet : right + quiet].copy()
    edge = quiet - 2  # the outermost modules may blur by a pixel
    around[edge:-edge, edge:-edge] = 255
    assert around.min() == 255, "the quiet zone is not quiet"


PAPERS: list[tuple[str, passes.Purpose, str]] = [
    *[(name, "first", "en") for name in NAMES],
    *[("cyrillic", purpose, "de") for purpose in get_args(passes.Purpose)],
]


@pytest.mark.parametrize(("who", "purpose", "language"), PAPERS)
async def test_sheet_and_card_hold_every_name_and_their_code_reads_back(
    who: str, purpose: passes.Purpose, language: str
) -> None:
    name = NAMES[who]
    issued = _issued(name, purpose)

    sheet = pypdfium2.PdfDocument(await accounts.as_pdf(issued, language, "https://hds.example"))
    card = pypdfium2.PdfDocument(await accounts.as_card(issued, language, "https://hds.example"))

    assert [page.get_size() for page in sheet] == [pytest.approx((595.28, 841.89), abs=0.1)]
    side = pytest.approx((85.6 * MILLIMETRE, 54 * MILLIMETRE), abs=0.1)
    assert [page.get_size() for page in card] == [side, side]
    for page in (sheet[0], card[0]):
        assert issued.code in _text(page)
        _assert_qr_reads(page, issued)
    assert issued.spoken_fingerprint in _text(sheet[0])
    assert issued.spoken_fingerprint in _text(card[1])
    assert issued.code not in _text(card[1]), "once is enough"
    assert "hds.example" in _text(card[0])
    by_hand = "by hand" if language == "en" else "von Hand"
    assert (by_hand in _text(card[0])) == (name in {"", "王小明"})
    if name in {NAMES["cyrillic"], NAMES["markup"]}:
        assert name in _text(sheet[0])
        assert name in _text(card[0])


async def test_the_recovery_sheet_says_what_it_is_and_has_no_card(world: World) -> None:
    issued = _issued("Ada Lindqvist", "recovery")
    sheet = await accounts.as_pdf(issued, "en", "https://hds.example")
    assert "Code of the recovery sheet" in _text(pypdfium2.PdfDocument(sheet)[0])

    ticket = passes.ticket(_issued("Ada Lindqvist", "recovery"))
    answer = await world.browser().post("/pass", form={"ticket": ticket, "paper": "card"})

    german = {"Accept-Language": "de"}
    form = {"ticket": ticket, "paper": "sheet"}
    translated = await world.browser().post("/pass", form=form, headers=german)

    assert "HealthDataSpace-Recovery-sheet.pdf" in answer.headers["Content-Disposition"]
    assert "HealthDataSpace-Notfallblatt.pdf" in translated.headers["Content-Disposition"]
    assert len(pypdfium2.PdfDocument(await answer.get_data(as_text=False))) == 1


async def test_after_registering_sheet_and_card_are_saved_or_printed(world: World) -> None:
    code, ticket = await registers(world)

    for paper, pages in (("pass", 1), ("card", 2)):
        for extra, how in (({}, "attachment"), ({"print": "1"}, "inline")):
            form = {"ticket": ticket, "paper": paper} | extra
            answer = await world.browser().post("/pass", form=form)
            assert answer.headers["Content-Disposition"].startswith(how)
            document = pypdfium2.PdfDocument(await answer.get_data(as_text=False))
            assert len(document) == pages
            assert code in _text(document[0])
