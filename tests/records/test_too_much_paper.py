"""A span that no paper holds: the page says so, and offers what can be printed and the table."""

import re
from datetime import date
from io import BytesIO

import pypdfium2
import pytest

from portal.records import diary_printing
from portal.records.diary import Entry
from portal.records.diary_forms import Span
from portal.records.diary_printing import printable
from tests.people import World
from tests.records.writing import text_of, words_on, writes_an_entry

MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))


def entries(*days: int, text: str = "") -> list[Entry]:
    return [Entry(when=f"2026-03-{day:02}T08:00", text=text) for day in days]


def test_whole_days_are_printed_the_last_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diary_printing, "MOST_PRINTED", 3)
    monkeypatch.setattr(diary_printing, "MOST_LETTERS", 20)
    last = Span(date(2026, 3, 3), date(2026, 3, 31))

    assert printable(MARCH, []) == MARCH
    assert printable(MARCH, entries(1, 2, 3)) == MARCH
    assert printable(MARCH, entries(1, 2, 2, 3, 3)) == last
    assert printable(MARCH, entries(1, 2, 3, text="ten letter")) == Span(
        date(2026, 3, 2), MARCH.until
    )
    assert printable(MARCH, entries(3, 3, 3, 3)) is None
    assert printable(MARCH, entries(3, text="twenty-one letters, I")) is None


async def test_whoever_asks_for_too_much_paper_is_offered_less_and_the_table(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    for day in ("01", "02", "02", "03"):
        await writes_an_entry(erika.browser, f"2026-03-{day}T08:30", text=f"Words of {day}")
    monkeypatch.setattr(diary_printing, "MOST_PRINTED", 3)
    span = {"since": "2026-03-01", "until": "2026-03-31", "kind": "text"}

    refused = await erika.browser.post("/diary/print", form=span)

    assert refused.status_code == 422
    page = await text_of(refused)
    assert "printed at once" in words_on(page)
    assert "the last days: from 2 March 2026 to 31 March 2026" in words_on(page)
    form = page.split('action="/diary/print"')[1].split("</form>")[0]
    offered = dict(re.findall(r'name="(since|until|kind)" value="([^"]*)"', form))
    paper = await erika.browser.post("/diary/print", form=offered)
    pages = pypdfium2.PdfDocument(BytesIO(await paper.get_data(as_text=False)))
    said = " ".join(str(each.get_textpage().get_text_range()) for each in pages)
    assert "Words of 02" in said
    assert "Words of 01" not in said
    table = await erika.browser.post("/diary/table", form=span)
    assert "Words of 01" in await text_of(table)
