import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from quart import Response

from portal import accounts
from portal.accounts import passes
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
