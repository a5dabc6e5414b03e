"""A medication plan on paper: in the form of the German federal one, readable by everybody."""

import re
import shutil
import subprocess
from datetime import date
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest

from portal.records import printing
from portal.records.medication import Line, Plan
from tests.people import World
from tests.records.writing import Form

pytestmark = pytest.mark.one_engine

LONG = Line(
    "a" * 16, "drug", substance="Hydrochlorothiazid und Ramipril " * 2, trade="Handelsname " * 4,
    strength="1000 mg/12,5 mg", form="Filmtabletten", morning="1", noon="0", evening="1/2",
    night="0", unit="Stück", notes="mit einem Glas Wasser vor dem Essen " * 2,
    reason="Bluthochdruck, Herzschwäche",
)  # fmt: skip


def _plan(lines: int) -> Plan:
    drugs = tuple(Line(f"{number:016x}", "drug", substance=f"Substance {number}", morning="1")
                  for number in range(lines))  # fmt: skip
    return Plan("Erika Beispiel", "1956-04-01", allergies="Penicillin", lines=drugs)


async def _pages(plan: Plan, language: str = "de") -> list[str]:
    made = printing.Printed(plan, "Erika Beispiel", date(2026, 3, 12), date(2026, 3, 14))
    pdf = pypdfium2.PdfDocument(BytesIO(await printing.as_pdf(made, language)))
    return [" ".join(str(page.get_textpage().get_text_range()).split()) for page in pdf]


async def test_the_german_form_is_german_whoever_reads_it(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    form = await Form(erika.browser, "/plans/new").opens()
    form.types(substance_0="Ramipril", strength_0="5 mg", morning_0="1", allergies="Penicillin")
    await form.presses("add-heading")
    plan = await form.types(heading_1="411").saves()
    said = {}
    for language in ("de", "en"):
        answer = await erika.browser.get(f"/plans/{plan}/print?form={language}")
        assert answer.mimetype == "application/pdf"
        name = {"de": "Medikationsplan.pdf", "en": "Medication plan.pdf"}[language]
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        pdf = pypdfium2.PdfDocument(BytesIO(await answer.get_data(as_text=False)))
        said[language] = " ".join(str(pdf[0].get_textpage().get_text_range()).split())

    for words in (
        "Medikationsplan", "Seite 1 von 1", "für: Erika Beispiel", "geb. am: 17. Mai 1970",
        "ausgedruckt von: Erika Beispiel", "Wirkstoff", "Handelsname", "Bedarfsmedikation",
        "keine Gewähr", "ohne 2D-Code", "Penicillin", "Ramipril",
    ):  # fmt: skip
        assert words in said["de"], words
    for words in ("Medication plan", "Page 1 of 1", "Active substance", "As needed", "Ramipril"):
        assert words in said["en"], words


async def test_fifteen_lines_are_a_page_however_long_their_words() -> None:
    pages = await _pages(_plan(31))
    assert len(pages) == 3
    assert "Substance 14 " in pages[0]
    assert "Substance 15 " in pages[1]
    assert "Seite 3 von 3" in pages[2]
    assert "Wirkstoff" in pages[2]
    full = Plan("Erika Beispiel", lines=(LONG,) * 15)
    assert len(await _pages(full)) == 1
    assert "Es sind keine Arzneimittel eingetragen." in (await _pages(Plan()))[0]


async def test_what_people_typed_is_printed_and_not_obeyed() -> None:
    words = '#panic("x") <b>$1$</b> *_`\\'
    (page,) = await _pages(Plan(words, lines=(Line("a" * 16, "text", text=words),)), "en")
    assert page.replace("”", '"').replace("“", '"').count('#panic("x") <b>$1$</b>') == 2


async def test_letters_without_a_shape_are_question_marks_and_the_page_says_so() -> None:
    lines = (Line("a" * 16, "drug", substance="药物", trade="Größe ½ – µg", morning="1"),)
    (page,) = await _pages(Plan("王小明", lines=lines))
    assert "Größe ½ – µg" in page
    assert "für: ???" in page
    assert "nicht gedruckt werden konnten" in page


async def test_it_is_tagged_has_a_title_and_brings_its_fonts(tmp_path: Path) -> None:
    if shutil.which("pdffonts") is None:
        pytest.skip("pdffonts (poppler-utils) is not installed")
    file = tmp_path / "plan.pdf"
    made = printing.Printed(_plan(16), "Erika Beispiel", date(2026, 3, 12), date(2026, 3, 14))
    file.write_bytes(await printing.as_pdf(made, "de"))

    def said(*command: str) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    about, fonts = said("pdfinfo", str(file)), said("pdffonts", str(file)).splitlines()[2:]
    structure = said("pdfinfo", "-struct", str(file))

    assert "Medikationsplan" in about
    assert re.search(r"Tagged:\s+yes", about)
    assert re.search(r"Page size:\s+841.* x 595.* pts \(A4\)", about)
    assert b"pdfuaid" in file.read_bytes()
    assert structure.count("Table") >= 2
    assert "TH" in structure
    assert all(re.search(r"\byes +(yes|no) +yes\b", line) for line in fonts), fonts
