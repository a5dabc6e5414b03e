"""Documents that take long: looked at later, drawn again only when somebody insists."""

import asyncio
import re
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from portal import documents, studies, vault
from portal.documents.models import Document
from portal.studies import parts
from tests.documents.test_documents import JSON, Erika, erika
from tests.people import World
from tests.viewer.dicom.making import parsed
from tests.viewer.pdf.making import encapsulated, pdf
from viewer.pdf import PREVIEW_BYTES, Look, PdfPool, Unshown

__all__ = ["erika"]

Slices = Callable[..., list[bytes]]
Patch = pytest.MonkeyPatch


async def test_what_there_was_no_time_for_is_looked_at_when_it_is_opened(
    erika: Erika, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(sys.modules["portal.documents.taking"], "LOOKING", 0.0)
    document = await erika.finding(pdf(["Later", "Two"]))
    used = await erika.used()
    assert (await erika.mine())[0].pages == 0

    assert 'alt="Page 2 of 2"' in await erika.sees(f"/d/{document}")

    (found,) = await erika.mine()
    assert (found.pages, found.trouble) == (2, "")
    picture = await erika.person.browser.get(f"/d/{document}/preview")
    assert (await picture.get_data(as_text=False)).startswith(b"\xff\xd8")
    assert await erika.used() == used, "its picture was counted beforehand"


async def test_a_page_that_took_too_long_is_drawn_only_for_who_insists(
    erika: Erika, monkeypatch: Patch
) -> None:
    document = await erika.finding(pdf(["Slow"]))
    drawn = 0

    async def page(_pool: PdfPool, *_: Any) -> Unshown:
        nonlocal drawn
        drawn += 1
        return Unshown("timeout")

    monkeypatch.setattr(PdfPool, "page", page)
    browser = erika.person.browser
    for _ in range(3):
        assert (await browser.get(f"/d/{document}/pages/1")).status_code == 422
    assert drawn == 1

    shown = await erika.sees(f"/d/{document}")
    assert "too long to draw" in shown
    assert "<img" not in shown
    assert f"/d/{document}/pages/1?w=1200&amp;anyway=1" in await erika.sees(
        f"/d/{document}?anyway=1"
    )
    assert (await browser.get(f"/d/{document}/pages/1?anyway=1")).status_code == 422
    assert drawn == 2


async def test_whose_large_document_is_looked_at_does_not_keep_others_waiting(
    erika: Erika, world: World, monkeypatch: Patch
) -> None:
    """Large files are put together one at a time; looking into one is nobody else's time."""
    monkeypatch.setattr(parts, "PIECE", 4096)
    look, looks, goes_on = PdfPool.look, asyncio.Event(), asyncio.Event()

    async def slowly(self: PdfPool, *about: Any) -> Look | Unshown:
        looks.set()
        await goes_on.wait()
        return await look(self, *about)

    monkeypatch.setattr(PdfPool, "look", slowly)
    other = Erika(await world.patient("Ben Beispiel"), erika.shelf, erika.folder)
    slow, quick = pdf(["Long"], content=b"% " * 5000), b"%" + bytes(10_000)

    async def sends_large(who: Erika, data: bytes) -> list[list[int]]:
        upload = (await studies.begin_upload(who.shelf, who.actor, uuid4())).id
        receipts = [
            await studies.receive_part(who.shelf, who.actor, upload, number, body)
            for number, body in enumerate(parts.build_pieces(1, data), start=1)
        ]
        return [[*each.kept, *(file for file, _ in each.refused)] for each in receipts]

    first = asyncio.create_task(sends_large(erika, slow))
    async with asyncio.timeout(30):
        await looks.wait()
        assert (await sends_large(other, quick))[-1] == [1], "answered while the other is looked at"
    assert not first.done()
    goes_on.set()

    assert (await first)[-1] == [1]
    (found,) = await erika.mine()
    assert found.pages == 1


async def test_many_pages_at_once_are_asked_to_wait(erika: Erika, monkeypatch: Patch) -> None:
    document = await erika.finding(pdf())

    async def page(_pool: PdfPool, *_: Any) -> Unshown:
        return Unshown("busy")

    monkeypatch.setattr(PdfPool, "page", page)
    answer = await erika.person.browser.get(f"/d/{document}/pages/1")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")


async def test_a_huge_finding_among_images_is_not_read_to_be_shown(
    erika: Erika, slices: Slices, monkeypatch: Patch
) -> None:
    (image,) = slices(1, size=64)
    inside = encapsulated(pdf(), StudyInstanceUID=parsed(image).StudyInstanceUID)
    said = await erika.sends([image, inside])
    study = await studies.open_own(erika.shelf, erika.actor, UUID(said["studies"][0]))
    listed = [each for series in (await study.manifest())["series"] for each in series["instances"]]
    (finding,) = [UUID(each["id"]) for each in listed if each["kind"] == "document"]
    monkeypatch.setattr("portal.documents.opening.SHOWN", len(inside) - 1)

    async def read(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(studies.OpenStudy, "original_file", read)
    base = f"/v/{study.id}/i/{finding}/document"
    assert "larger than 64 MB" in await erika.sees(base)
    assert (await erika.person.browser.get(f"{base}/pages/1")).status_code == 404
    whole = await erika.person.browser.get(f"{base}/original")
    assert whole.headers["Location"] == f"/v/{study.id}/i/{finding}/original"


async def test_pictures_of_findings_stay_in_no_browser_and_are_counted(erika: Erika) -> None:
    document = await erika.finding(pdf(["Kein Befund"]))

    picture = await erika.person.browser.get(f"/d/{document}/preview")

    assert picture.headers["Cache-Control"] == "no-store"
    row = await Document.get(id=UUID(document))
    assert row.preview is not None
    sealed = sum(path.stat().st_size for path in erika.folder.rglob("*") if path.is_file())
    assert row.words is not None
    boxes = len(row.facts) + len(row.preview) + len(row.words)
    assert await erika.used() == sealed + boxes


async def test_a_picture_of_noise_is_small_all_the_same() -> None:
    dots = b"".join(
        b"%d %d %d rg %d %d 3 3 re f\n" % (i % 2, i // 2 % 2, i // 3 % 2, i % 199 * 3, i // 199 * 3)
        for i in range(55_000)
    )
    async with PdfPool() as pool:
        look = await pool.look(pdf(content=dots))

    assert isinstance(look, Look)
    assert 0 < len(look.preview) <= PREVIEW_BYTES


async def test_an_exchanged_row_is_named_as_damaged_and_reported_once(
    erika: Erika, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = await erika.finding(pdf(["One"])), await erika.finding(pdf(["Two"]), "Two.pdf")
    other = await Document.get(id=UUID(second))
    await Document.filter(id=UUID(first)).update(facts=other.facts)

    for _ in range(2):
        page = await erika.sees("/documents")
        assert "Two</a>" in page
        assert "<strong>Damaged document</strong>" in page
        assert "<span>0\u00a0B</span>" not in page, "it still takes its space"

    found = await documents.mine(erika.actor)
    assert {(each.title, each.damaged) for each in found} == {
        ("Two", False), ("Damaged document", True)
    }  # fmt: skip
    said = [each.getMessage() for each in caplog.records if first in each.getMessage()]
    assert said == [f"document does not open: row {first}"]
    assert vault.Tampered.__name__ not in caplog.text


async def test_a_long_list_comes_in_pages(erika: Erika, monkeypatch: Patch) -> None:
    monkeypatch.setattr("portal.studies.list_routes.LISTED", 2)
    await erika.sends(
        [pdf([f"Number {n}"]) for n in range(3)], [[n, f"N{n}.pdf", ""] for n in range(3)]
    )

    first, second = await erika.sees("/documents"), await erika.sees("/documents?from=2")

    shown = [{f"N{n}" for n in range(3) if f"N{n}</a>" in page} for page in (first, second)]
    assert [len(each) for each in shown] == [2, 1]
    assert shown[0] | shown[1] == {"N0", "N1", "N2"}
    turning = [re.findall(r'name="from" value="(\d+)"', page) for page in (first, second)]
    assert turning == [["2"], ["0"]], "with what was sought and chosen, so by the form"
    assert ("1 to 2 of 3" in first, "3 to 3 of 3" in second) == (True, True)
    assert "3 to 3 of 3" in await erika.sees("/documents?from=70"), "never an empty list"


async def test_notes_have_their_size(erika: Erika) -> None:
    long = [[n, "x" * 400, ""] for n in range(1000)]
    begin = {"client": str(uuid4()), "documents": long}

    answer = await erika.person.browser.post("/uploads", json=begin, headers=JSON)

    assert answer.status_code == 422


async def test_one_account_asks_a_few_questions_at_a_time(erika: Erika) -> None:
    ask = {"fingerprints": ["00" * 32] * 5000}
    browser = erika.person.browser

    answers = await asyncio.gather(
        *(browser.post("/uploads/known", json=ask, headers=JSON) for _ in range(12))
    )

    codes = [each.status_code for each in answers]
    assert set(codes) <= {200, 429}
    assert codes.count(200) >= 1
