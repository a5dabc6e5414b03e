"""What was written here is put on paper when it is downloaded: once, and not to be looked at."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from portal import typesetting, vault
from portal.accounts.factors import stepping_up
from portal.core.db import now
from portal.exporting import drafts
from portal.records import diary_printing, printing
from portal.records.models import RecordVersion
from tests.documents.test_documents import Erika
from tests.exporting.test_downloading import opened
from tests.exporting.test_everything import ARCHIVE, PAGE, Read, exported, proves
from tests.records.writing import writes_a_plan, writes_an_entry


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The papers that were made."""
    made, typeset = list[str](), typesetting.typeset

    def counted(sheet: Any, words: dict[str, Any]) -> bytes:
        made.append(words["title"])
        return typeset(sheet, words)

    monkeypatch.setattr(printing, "typeset", counted)
    return made


async def _writes(erika: Erika) -> None:
    await writes_a_plan(erika.person.browser)
    await writes_an_entry(erika.person.browser, "2026-02-12T08:30", text="A cold begins")
    await writes_an_entry(erika.person.browser, "2026-03-12T08:30", text="Well again")


async def test_nothing_is_printed_to_be_looked_at_or_before_a_proof(
    erika: Erika, printed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await _writes(erika)
    later = now() + 2 * stepping_up.LASTS
    monkeypatch.setattr(stepping_up, "now", lambda: later)

    page = await erika.sees(PAGE)
    size = await erika.sees("/download/size?all=1")
    unproved = await exported(erika)
    named = await exported(erika, Range="bytes=9-", **{"If-Range": '"0123456789abcdef"'})

    assert (unproved.status_code, named.status_code) == (303, 303)
    assert "you download about" in page
    assert "Download (about" in size
    assert printed == []


async def test_each_is_printed_once_and_a_range_prints_what_it_holds(
    erika: Erika, printed: list[str]
) -> None:
    await _writes(erika)
    await proves(erika)
    answer = await exported(erika)
    whole, tag = await answer.get_data(as_text=False), answer.headers["ETag"]
    assert len(whole) == int(answer.headers["Content-Length"])
    assert sorted(printed) == ["Health diary", "Health diary", "Medication plan"]
    printed.clear()

    assert "about" not in (await erika.sees(PAGE)).partition("Download (")[2][:30]
    for start, most in ((len(whole) - 100, 0), (whole.index(b"%PDF-") + 1, 1)):
        part = await exported(erika, Range=f"bytes={start}-{start + 50}", **{"If-Range": tag})
        assert await part.get_data(as_text=False) == whole[start : start + 51]
        assert len(printed) <= most
    printed.clear()
    whole_again = await (await exported(erika)).get_data(as_text=False)
    assert whole_again == whole
    assert len(printed) == 3


async def test_what_finds_no_room_is_printed_again_and_the_same(
    erika: Erika, printed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST_HELD", 0)
    await _writes(erika)
    await proves(erika)

    files = await opened(await exported(erika))

    assert len([name for name in files if name.endswith(".pdf")]) == 3
    assert len(printed) == 6


async def test_a_version_that_stops_opening_ends_one_transfer_and_no_other(
    erika: Erika, slices: Callable[..., list[bytes]]
) -> None:
    await writes_an_entry(erika.person.browser, "2026-03-12T08:30", text="Well again")
    await writes_an_entry(erika.person.browser, "2026-03-13T08:30", text="Ill again")
    await proves(erika)
    await opened(await exported(erika))
    row = await RecordVersion.all().first()
    assert row is not None
    await RecordVersion.filter(id=row.id).update(body=b"torn")

    with pytest.raises(vault.Tampered):
        await opened(await exported(erika))
    files = await opened(await exported(erika))

    (record,) = json.loads(files["HealthDataSpace.json"])["records"]
    assert json.loads(files[record["data"]])["damaged_versions"] == 1
    assert files[record["pdf"]].startswith(b"%PDF-")


async def test_a_month_that_no_paper_holds_comes_as_a_table(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diary_printing, "MOST_LETTERS", 20)
    await writes_an_entry(erika.person.browser, text="A long, long night without sleep")
    await proves(erika)

    files = await opened(await exported(erika))

    (record,) = json.loads(files["HealthDataSpace.json"])["records"]
    assert record["pdf"] == ""
    rows = list(csv.reader(io.StringIO(files[record["table"]].decode("utf-8-sig"))))
    assert rows[1][-1] == "A long, long night without sleep"
    assert record["table"].endswith(".csv")
    links = Read.page(files["index.html"]).links
    assert any(link.endswith(".csv") for link in links)
    assert ARCHIVE not in links
