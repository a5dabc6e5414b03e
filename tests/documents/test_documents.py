"""Findings as people meet them: kept once, beside their images, shown safely, given back whole."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from quart import Quart

from portal import documents, storing, studies
from portal.accounts.factors import stepping_up
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Unknown
from portal.documents.facts import label_of
from portal.storing import QuotaFull
from portal.studies import parts
from tests.accounts.factors.stories import HIDDEN
from tests.accounts.losing import NEW
from tests.people import PASSWORD, Person, World
from tests.viewer.dicom.making import parsed
from tests.viewer.pdf.making import encapsulated, pdf

Slices = Callable[..., list[bytes]]
JSON = {"Accept": "application/json"}
PAGE = b"\n<html><script>alert(1)</script>"
ACTIVE = "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"


@dataclass
class Erika:
    """Erika, her browser, and the shelf behind it."""

    person: Person
    shelf: studies.Shelf
    folder: Path
    """Where the sealed objects lie."""

    @property
    def actor(self) -> Actor:
        return self.person.actor

    async def sends(self, files: list[bytes], notes: list[list[Any]] | None = None) -> Any:
        """One upload of whole files: what the server says of them."""
        begin = {"client": str(uuid4()), "documents": notes or []}
        browser = self.person.browser
        upload = (await (await browser.post("/uploads", json=begin, headers=JSON)).get_json())["id"]
        body = parts.build(list(enumerate(files)))
        answer = await browser.put(f"/uploads/{upload}/parts/1", data=body, headers=JSON)
        await browser.post(f"/uploads/{upload}/finish", json={}, headers=JSON)
        return await answer.get_json()

    async def finding(self, data: bytes, name: str = "Report.pdf") -> str:
        """The id of a document that was just uploaded."""
        assert (await self.sends([data], [[0, name, ""]]))["kept"] == [0]
        digest = hashlib.sha256(data).hexdigest()
        (found,) = [each for each in await self.mine() if each.facts.sha256 == digest]
        return str(found.id)

    async def mine(self) -> list[documents.DocumentSummary]:
        return await documents.mine(self.actor)

    async def sees(self, path: str) -> str:
        answer = await self.person.browser.get(path)
        assert answer.status_code == 200, path
        return str(await answer.get_data(as_text=True))

    async def used(self) -> int:
        return (await storing.space(self.actor.id, self.shelf.free_quota)).used


@pytest.fixture
async def erika(world: World, app: Quart) -> Erika:
    return Erika(
        await world.patient("Erika Beispiel"),
        app.extensions["hds"]["shelf"],
        world.settings.object_folder,
    )


async def test_a_finding_comes_back_bit_for_bit_and_cannot_run(erika: Erika) -> None:
    """T34 and T35: as a download that is never shown by the browser, whatever is in it."""
    active = pdf(["Befund"], catalog=ACTIVE)
    for data in (
        active,
        active + b"PK\x05\x06" + bytes(18),
        active + PAGE,
    ):
        document = await erika.finding(data, "Befund Müller.pdf")

        answer = await erika.person.browser.get(f"/d/{document}/original")

        assert await answer.get_data(as_text=False) == data
        headers = answer.headers
        assert headers["Content-Type"] == "application/pdf"
        assert headers["Content-Disposition"].startswith("attachment;")
        assert "Befund%20M%C3%BCller.pdf" in headers["Content-Disposition"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert headers["Content-Length"] == str(len(data))
        assert headers["Cache-Control"] == "no-store"


async def test_a_large_finding_comes_in_pieces_and_leaves_as_a_stream(erika: Erika) -> None:
    data = pdf(["Large"]) + b"%" + bytes(5 * 1024 * 1024)
    begin = {"client": str(uuid4()), "documents": [[0, "Large.pdf", ""]]}
    browser = erika.person.browser
    upload = (await (await browser.post("/uploads", json=begin, headers=JSON)).get_json())["id"]
    for number, body in enumerate(parts.build_pieces(0, data)):
        answer = await browser.put(f"/uploads/{upload}/parts/{number}", data=body, headers=JSON)
    assert (await answer.get_json())["kept"] == [0]

    (document,) = await erika.mine()

    whole = await (await browser.get(f"/d/{document.id}/original")).get_data(as_text=False)
    assert (whole, document.title, document.pages) == (data, "Large", 1)


async def test_a_finding_stands_beside_the_images_it_came_with(
    erika: Erika, slices: Slices
) -> None:
    images = slices(2, size=64)
    study = parsed(images[0]).StudyInstanceUID
    finding, letter = pdf(["Kein Befund", "Seite zwei"]), pdf(["Letter"])

    said = await erika.sends(
        [*images, finding, letter], [[2, "CD/Befund.pdf", study], [3, "CD/Letter.pdf", ""]]
    )

    assert (said["kept"], said["refused"]) == ([0, 1, 2, 3], [])
    beside, alone = sorted(
        await studies.my_documents(erika.shelf, erika.actor), key=lambda entry: entry.study is None
    )
    assert [paper.title for paper in beside.papers] == ["Befund"]
    assert [paper.title for paper in alone.papers] == ["Letter"]
    page = await erika.sees("/documents")
    assert page.index("Schädel nativ") < page.index("Befund</a>")
    assert "2 pages" in page
    assert beside.study is not None
    await erika.person.browser.post(f"/documents/{beside.study.id}/delete")
    left = await studies.my_documents(erika.shelf, erika.actor)
    assert {entry.papers[0].title for entry in left} == {"Befund", "Letter"}, "nothing is lost"
    await erika.sends(images)
    (again,) = [
        entry for entry in await studies.my_documents(erika.shelf, erika.actor) if entry.study
    ]
    assert [paper.title for paper in again.papers] == ["Befund"], "it finds its images again"


async def test_an_account_secured_anew_recognises_what_it_keeps(
    erika: Erika, world: World, slices: Slices
) -> None:
    """Twice: the key of the marks moves along from root to root."""
    images, finding = slices(2, size=64), pdf(["Kein Befund"])
    study = parsed(images[0]).StudyInstanceUID
    await erika.sends([*images, finding], [[2, "CD/Befund.pdf", study]])
    for password, present in ((NEW, PASSWORD), (PASSWORD, NEW)):
        form = {"present": present, "password": password}
        assert (await erika.person.browser.post("/profile/secure", form=form)).status_code == 200
        erika.person.actor, erika.person.browser = await world.signs_in(erika.person.mail, password)
    assert erika.actor.epoch == 3

    fingerprints = [hashlib.sha256(each).hexdigest() for each in (*images, finding)]
    ask = {"json": {"fingerprints": fingerprints}, "headers": JSON}
    known = await erika.person.browser.post("/uploads/known", **ask)
    said = await erika.sends([*images, finding], [[2, "CD/Befund.pdf", study]])
    later = await erika.sends([pdf(["Nachtrag"])], [[0, "CD/Nachtrag.pdf", study]])

    assert (await known.get_json())["known"] == [0, 1, 2]
    assert (said["kept"], said["duplicates"]) == ([], [0, 1, 2])
    assert later["kept"] == [0]
    (kept,) = await studies.my_documents(erika.shelf, erika.actor)
    assert kept.study is not None
    assert {paper.title for paper in kept.papers} == {"Befund", "Nachtrag"}


async def test_the_same_finding_again_is_already_there_and_counted_once(erika: Erika) -> None:
    data, other = pdf(["Once"]), pdf(["Twice"])
    digests = [hashlib.sha256(each).hexdigest() for each in (other, data)]
    ask = {"json": {"fingerprints": digests}, "headers": JSON}
    known = await erika.person.browser.post("/uploads/known", **ask)
    assert (await known.get_json())["known"] == []
    await erika.sends([data])
    used = await erika.used()
    assert used > len(data)

    said = await erika.sends([data, other, other])

    assert (said["kept"], said["duplicates"]) == ([1], [0, 2])
    assert len(await erika.mine()) == 2
    assert await erika.used() < 2 * used + len(other)
    known = await erika.person.browser.post("/uploads/known", **ask)
    assert (await known.get_json())["known"] == [0, 1]


async def test_deleting_asks_again_who_is_there(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await erika.finding(pdf(["Kept"]))
    browser, path = erika.person.browser, f"/d/{document}/delete"
    monkeypatch.setattr(stepping_up, "now", lambda: now() + timedelta(minutes=6))

    asked = await browser.post(path)
    page = await asked.get_data(as_text=True)
    kept = await browser.get(f"/d/{document}")
    proof = dict(HIDDEN.findall(page)) | {"proof_password": PASSWORD}
    proved = await browser.post("/confirm", form=proof)
    deleted = await browser.post(path, form=proof)

    assert (asked.status_code, "Is it you?" in page, kept.status_code) == (403, True, 200)
    assert (proved.status_code, proved.headers["Location"]) == (307, path)
    assert (deleted.status_code, deleted.headers["Location"]) == (303, "/documents")
    assert await erika.mine() == []


async def test_what_was_sent_can_be_opened_from_where_it_was_sent(
    erika: Erika, world: World, slices: Slices
) -> None:
    images, data = slices(1, size=64), pdf(["Mine"])
    study = str(parsed(images[0]).StudyInstanceUID)
    (kept,) = (await erika.sends(images))["studies"]
    document = await erika.finding(data)
    contents = ["00" * 32, hashlib.sha256(data).hexdigest()]
    ask = {"json": {"studies": [study, "2.25.1"], "fingerprints": contents}, "headers": JSON}
    otto = await world.patient("Otto Beispiel")

    hers = await (await erika.person.browser.post("/uploads/places", **ask)).get_json()
    his = await (await otto.browser.post("/uploads/places", **ask)).get_json()

    assert hers == {"studies": {study: kept}, "documents": {"1": document}}
    assert his == {"studies": {}, "documents": {}}
    for wrong in ({}, {"studies": ["1" * 99], "fingerprints": []}, {"studies": 5}):
        ask["json"] = wrong
        assert (await otto.browser.post("/uploads/places", **ask)).status_code == 422


async def test_what_one_has_nobody_else_learns(erika: Erika, world: World, slices: Slices) -> None:
    data, images = pdf(["Mine"]), slices(1, size=64)
    named = parsed(images[0])
    pairs = [[str(named.StudyInstanceUID), str(named.SOPInstanceUID)], ["2.25.1", "2.25.2"]]
    document = await erika.finding(data)
    await erika.sends(images)
    otto = await world.patient("Otto Beispiel")

    for person, there in ((erika.person, [0]), (otto, [])):
        for path, sent in (
            ("/uploads/known", {"fingerprints": [hashlib.sha256(data).hexdigest()]}),
            ("/uploads/named", {"instances": pairs}),
        ):
            answer = await person.browser.post(path, json=sent, headers=JSON)
            assert (await answer.get_json())["known"] == there, path
    for path in (f"/d/{document}", f"/d/{document}/original", f"/d/{document}/pages/1"):
        assert (await otto.browser.get(path)).status_code == 404
    with pytest.raises(Unknown):
        await documents.delete(otto.actor, UUID(document))


async def test_pages_are_pictures_with_their_number_and_their_text(erika: Erika) -> None:
    document = await erika.finding(pdf(["First", "<b>Second</b>"], catalog=ACTIVE))

    page = await erika.sees(f"/d/{document}")

    assert 'alt="Page 2 of 2"' in page
    assert 'loading="lazy"' in page
    assert "&lt;b&gt;Second&lt;/b&gt;" in page
    for tag in ("<iframe", "<object", "<embed", "application/pdf"):
        assert tag not in page
    picture = await erika.person.browser.get(f"/d/{document}/pages/2?w=2400")
    assert picture.headers["Content-Type"] == "image/webp"
    assert "w=2400" in await erika.sees(f"/d/{document}?zoom=200")
    for path in ("pages/1?w=50000", "pages/2001"):
        assert (await erika.person.browser.get(f"/d/{document}/{path}")).status_code == 404
    missing = await erika.person.browser.get(f"/d/{document}/pages/3")
    assert missing.status_code == 422
    assert "cannot be shown" in await missing.get_data(as_text=True)


async def test_what_cannot_be_shown_is_kept_and_said_so(erika: Erika, shared: Any) -> None:
    locked = (shared / "pdf" / "encrypted" / "graph-encrypted.pdf").read_bytes()
    broken = (shared / "pdf" / "broken" / "bug1020226.pdf").read_bytes()
    for data, words in ((locked, "protected by a password"), (broken, "damaged")):
        document = await erika.finding(data)
        page = await erika.sees(f"/d/{document}")
        assert words in page
        assert "<img" not in page
        back = await erika.person.browser.get(f"/d/{document}/original")
        assert await back.get_data(as_text=False) == data
        assert (await erika.person.browser.get(f"/d/{document}/pages/1")).status_code == 404
    assert "protected by a password" in await erika.sees("/documents")


async def test_what_only_claims_to_be_a_pdf_is_refused_with_its_reason(erika: Erika) -> None:
    files = [b"%PDF-", b"just words", b"MZ" + pdf(), b"GIF89a" + pdf(), b"<html>" + pdf()]

    said = await erika.sends(files, [[place, "Befund.pdf", ""] for place in range(len(files))])

    assert said["kept"] == []
    assert [reason for _, reason in said["refused"]] == [
        "pdf", "text", "executable", "picture", "document",
    ]  # fmt: skip
    assert (await erika.mine(), await erika.used()) == ([], 0)


async def test_a_finding_gets_another_name_and_goes(erika: Erika) -> None:
    document = await erika.finding(pdf(["Something"]), "scan0001.pdf")

    await erika.person.browser.post(f"/d/{document}/label", form={"label": "Befund Knie <b>"})

    assert "Befund Knie &lt;b&gt;" in await erika.sees("/documents")
    await erika.person.browser.post(f"/d/{document}/label", form={"label": " \u202e "})
    assert (await erika.mine())[0].title == "Document"
    assert "destroyed" in await erika.sees(f"/d/{document}/delete")
    await erika.person.browser.post(f"/d/{document}/delete")
    assert (await erika.mine(), await erika.used()) == ([], 0)
    assert (await erika.person.browser.get(f"/d/{document}")).status_code == 404


async def test_names_are_one_line_without_a_way_out() -> None:
    assert label_of("CD/ST0/Befund Müller.PDF") == "Befund Müller"
    assert label_of("..\\..\\a\r\nb\u202e.pdf") == "a b"
    assert label_of("\0\u200b") == ""
    assert len(label_of("x" * 500)) == 120


async def test_without_room_nothing_is_kept(erika: Erika) -> None:
    desk = replace(erika.shelf.desk, free_quota=200)
    folder = erika.folder
    arrived = [documents.Arrived(0, pdf(["Too much"]), bytes(32))]

    with pytest.raises(QuotaFull):
        async with documents.taking(desk, erika.actor, arrived) as taking:
            await taking.keep()

    assert (await erika.mine(), await erika.used()) == ([], 0)
    assert not [path for path in folder.rglob("*") if path.is_file()], "nothing is half stored"


async def test_a_finding_among_the_images_is_shown_from_the_study(
    erika: Erika, slices: Slices
) -> None:
    (image,) = slices(1, size=64)
    inside = pdf(["Report of the scanner"])
    said = await erika.sends(
        [image, encapsulated(inside, StudyInstanceUID=parsed(image).StudyInstanceUID)]
    )
    assert said["kept"] == [0, 1]
    study = await studies.open_own(erika.shelf, erika.actor, UUID(said["studies"][0]))
    listed = [each for series in (await study.manifest())["series"] for each in series["instances"]]
    ids = {each["kind"]: UUID(each["id"]) for each in listed}

    page = await erika.sees(f"/v/{study.id}/i/{ids['document']}/document")

    assert "Report of the scanner" in page
    assert 'alt="Page 1 of 1"' in page
    base = f"/v/{study.id}/i/{ids['document']}/document"
    picture = await erika.person.browser.get(f"{base}/pages/1")
    assert picture.headers["Content-Type"] == "image/webp"
    original = await erika.person.browser.get(f"{base}/original")
    assert (await original.get_data(as_text=False)).rstrip(b"\0") == inside.rstrip(b"\0")
    assert original.headers["Content-Security-Policy"].startswith("sandbox")
    image_page = await erika.person.browser.get(f"/v/{study.id}/i/{ids['image']}/document")
    assert image_page.status_code == 404


async def test_an_account_that_goes_takes_its_documents_along(erika: Erika) -> None:
    await erika.finding(pdf(["Gone"]))

    await documents.Belongings().forget(erika.actor.id)

    assert await erika.mine() == []
