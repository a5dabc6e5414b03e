"""What is no image, or none that can be read: named with its reason, and the rest is kept."""

import io
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Request, expect
from pydicom.uid import DeflatedExplicitVRLittleEndian

from portal import studies
from tests.studies.locking import Lock, locked_zip
from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    disc,
    erika,
    is_named,
    upload,
    upload_page,
    write,
)
from tests.viewer.dicom.making import parsed, written
from tests.viewer.pdf.making import pdf
from viewer.dicom import Header, Pool

__all__ = ["browser", "complaints", "disc", "erika", "upload_page"]

pytestmark = pytest.mark.one_engine


async def test_damaged_files_and_disguised_programs_are_named_and_the_rest_is_kept(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """U3 and U4."""
    folder, files = tmp_path / "CD", slices(3, size=64)
    write(folder / "good.dcm", files[0])
    write(folder / "cut.dcm", files[1][: len(files[1]) - 3000])
    write(folder / "program.dcm", b"MZ" + bytes(5000))
    write(folder / "polyglot.dcm", b"MZ" + files[2][2:])
    page = upload_page
    await choose(page, folder)
    before = page.locator("[data-refused]")
    await expect(before).to_contain_text("3 files not understood")
    await is_named(before, "it ends early", "CD/cut.dcm")
    await is_named(before, "a program", "CD/program.dcm")
    await is_named(before, "a program", "CD/polyglot.dcm")

    await upload(page)

    told = page.locator("[data-done-refused]")
    await expect(told).to_contain_text("Not taken: 3 files")
    await is_named(told, "it ends early", "CD/cut.dcm")
    await is_named(told, "a program", "CD/program.dcm")
    await expect(page.locator("[data-done-words]")).to_contain_text("1 file stored")


async def test_what_was_chosen_twice_counts_once_and_is_named(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    folder, (one, other) = tmp_path / "CD", slices(2, size=64)
    write(folder / "a" / "one.dcm", one)
    write(folder / "b" / "copy.dcm", one)
    write(folder / "b" / "other.dcm", other)
    write(folder / "a" / "letter.pdf", pdf(["Kein Nachweis einer Blutung"]))
    write(folder / "b" / "letter.pdf", pdf(["Kein Nachweis einer Blutung"]))
    page = upload_page
    await choose(page, folder)

    before = page.locator("[data-refused]")
    await expect(before).to_contain_text("Skipped, not needed: 2 files")
    await before.get_by_text("Skipped, not needed").click()
    await expect(before).to_contain_text("the very same is among the chosen files already")
    await expect(page.locator('[data-step="found"]')).to_contain_text("2 images")
    await upload(page)

    await expect(page.locator("[data-done-words]")).to_contain_text("3 files stored")
    await expect(page.locator("[data-done-words]")).not_to_contain_text("already there")


async def test_old_and_deflated_files_are_looked_into_like_others(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """Without preamble, without file meta, deflated: the server takes them all."""
    folder, files = tmp_path / "CD", slices(4, size=64)
    packed = parsed(files[3])
    packed.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    meta = 132 + 12 + int.from_bytes(files[2][140:144], "little")
    for name, data in {"whole": files[0], "no_preamble": files[1][132:], "no_meta": files[2][meta:],
                       "deflated": written(packed)}.items():  # fmt: skip
        write(folder / name, data)
    page = upload_page
    await choose(page, folder)
    await expect(page.locator("[data-examination]")).to_contain_text("4 images")

    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("4 files stored")


async def test_the_page_holds_nothing_back_that_the_server_would_take(
    upload_page: Page, shared: Path
) -> None:
    """The page only looks at the beginning of a file; of real and broken ones alike it is right."""
    page, named = upload_page, list[str]()
    for folder in ("broken", "compressed", "us"):
        await choose(page, shared / folder)
        await expect(page.locator("[data-found-title]")).to_contain_text("examination")
        lines = page.locator("[data-reason] li")
        named += await lines.evaluate_all("lines => lines.map((line) => line.textContent)")
        await page.get_by_role("button", name="Choose something else").click()

    async with Pool(1) as pool:
        answers = await pool.inspect([(shared / name).read_bytes() for name in named])
    taken = [name for name, said in zip(named, answers, strict=True) if isinstance(said, Header)]
    assert taken == []
    assert len(named) > 50


def _zip(path: Path, entries: dict[str, bytes], link: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries.items():
            packed.writestr(name, data)
        if link:
            info = zipfile.ZipInfo(link)
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(info, "/etc/passwd")
    return path


async def test_a_zip_with_tricks_gives_its_images_and_nothing_else(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """U9: ways out of the folder, links, ZIPs in ZIPs."""
    files, inner = slices(2, size=64), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as nested:
        nested.writestr("more.dcm", files[1])
    packed = _zip(
        tmp_path / "study.zip",
        {
            "good.dcm": files[0],
            "../../etc/cron.d/evil.dcm": files[1],
            "../x": b"out",
            "C:\\\\run.exe": b"MZ",
            "inner.zip": inner.getvalue(),
        },
        link="innocent.dcm",
    )
    page = upload_page
    await choose(page, packed)

    refused = page.locator("[data-refused]")
    await is_named(refused, "a link to another place", "study.zip › innocent.dcm")
    await is_named(refused, "a packed file inside", "study.zip › inner.zip")
    for name in ("etc/cron.d/evil.dcm", "x", "C:/run.exe"):
        await is_named(refused, "unsafe path", f"study.zip › {name}")
    await expect(page.locator("[data-found-title]")).to_contain_text("1 examination found")
    await expect(page.locator("[data-nothing]")).to_be_hidden()
    await upload(page)
    await expect(page.locator("[data-done-words]")).to_contain_text("1 file stored")
    await expect(page.locator("body")).not_to_contain_text("../")


async def test_bombs_and_crowds_in_a_zip_are_refused(upload_page: Page, tmp_path: Path) -> None:
    """U9."""
    bomb = _zip(tmp_path / "bomb.zip", {"a.dcm": bytes(80 * 2**20)})
    crowd = tmp_path / "crowd.zip"
    with zipfile.ZipFile(crowd, "w") as packed:
        for number in range(20_001):
            packed.writestr(str(number), b"")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(bomb.read_bytes()[:5000])
    page = upload_page
    await choose(page, bomb, crowd, broken)

    refused = page.locator("[data-refused]")
    await expect(refused).to_contain_text("this ZIP unpacks to far more", timeout=30_000)
    await is_named(refused, "this ZIP unpacks to far more", "bomb.zip")
    await is_named(refused, "this ZIP holds more than 20,000 files", "crowd.zip")
    await is_named(refused, "this ZIP is damaged", "broken.zip")
    await expect(page.locator("[data-found-title]")).to_contain_text("No examinations found")
    await expect(page.locator("[data-nothing]")).to_contain_text("There is nothing here to upload")
    await expect(page.get_by_role("button", name="Upload", exact=True)).to_be_hidden()
    await expect(page.get_by_role("button", name="Choose something else")).to_be_visible()


@pytest.fixture
def parts_sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Their bodies as they arrive: the browser's own record leaves them out."""
    came = list[bytes]()

    async def receive(*given: Any) -> studies.PartReceipt:
        came.append(bytes(given[-1]))
        return await studies.receive_part(*given)

    monkeypatch.setattr("portal.studies.routes.receive_part", receive)
    return came


@pytest.mark.parametrize("lock", ["old", "aes"])
async def test_a_locked_zip_asks_for_its_password_and_sends_it_to_nobody(
    upload_page: Page, tmp_path: Path, slices: Slices, lock: Lock, parts_sent: list[bytes]
) -> None:
    """U2: a wrong one is told; whoever has none leaves the ZIP out."""
    password, wrong, sent = "Kanarienschluessel 7", "Kanarienirrtum 8", list[bytes]()
    files = {f"IM{number}": data for number, data in enumerate(slices(2))}
    packed = locked_zip(tmp_path / "study.zip", files, password, lock)
    page = upload_page

    def note(request: Request) -> None:
        sent.append(request.url.encode() + (request.post_data_buffer or b""))

    page.context.on("request", note)
    await choose(page, packed)
    await expect(page.get_by_role("heading", name="study.zip is protected")).to_be_visible()
    await page.get_by_role("button", name="Leave it out").click()
    await is_named(page.locator("[data-refused]"), "protected by a password", "study.zip › IM0")
    await page.get_by_role("button", name="Choose something else").click()

    await choose(page, packed)
    field = page.get_by_label("Password of the ZIP")
    await expect(field).to_be_focused()
    await field.fill(wrong)
    await page.get_by_role("button", name="Open the ZIP").click()
    await expect(page.get_by_text("This password does not open it.")).to_be_visible()
    await expect(field).to_have_value("")
    await field.fill(password)
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-found-title]")).to_have_text("1 examination found")
    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("2 files stored")
    assert len(sent) > 5
    told = b"".join(sent + parts_sent)
    assert files["IM0"] in told, "what was unpacked was sent"
    for secret in (password, wrong):
        for form in (secret, secret.replace(" ", "+"), secret.replace(" ", "%20"), secret[:12]):
            assert form.encode() not in told


async def test_names_with_markup_stay_words(
    upload_page: Page, tmp_path: Path, slices: Slices, server: str
) -> None:
    markup = "<img src=x onerror=alert(1)>"
    (image,) = slices(1, PatientName=f"{markup}^Erika", StudyDescription=markup)
    write(tmp_path / "<b>bold<b>.dcm", image)
    page = upload_page
    await choose(page, tmp_path / "<b>bold<b>.dcm")
    await expect(page.locator("[data-examination]")).to_contain_text(markup)
    await page.get_by_label("They are mine").check()
    await upload(page)

    await page.goto(f"{server}/documents")
    await expect(page.locator("[data-study]")).to_contain_text(markup)
    assert await page.locator("img[src='x']").count() == 0


async def test_what_the_list_of_a_cd_names_and_the_cd_lacks_is_told(
    upload_page: Page, tmp_path: Path, slices: Slices
) -> None:
    """Names as ISO 9660 and other systems write them are the same; what is nowhere is missing."""
    folder, (one, other) = tmp_path / "CD", slices(2, size=64)
    write(folder / "DICOM" / "im0", one)
    write(folder / "DICOM" / "IM1.DCM", other)
    listed = ["DICOM\\IM0 ", "DICOM\\IM1", "DICOM\\ST7\\IM9 "]
    write(
        folder / "DICOMDIR", bytes(128) + b"DICM" + b"".join(_referenced(each) for each in listed)
    )
    page = upload_page

    await choose(page, folder)
    refused = page.locator("[data-refused]")
    await expect(refused).to_contain_text("1 file is missing")
    await is_named(refused, "missing on the CD", "CD/DICOM/ST7/IM9")
    await expect(refused.locator("[data-reason] li")).to_have_count(2)  # and the list itself
    await upload(page)

    await expect(page.locator("[data-done-words]")).to_have_text("2 files stored")
    await is_named(page.locator("[data-done-refused]"), "missing on the CD", "CD/DICOM/ST7/IM9")


def _referenced(name: str) -> bytes:
    """Referenced File ID (0004,1500) of a record in a DICOMDIR."""
    value = name.encode() + b" " * (len(name) % 2)
    return b"\x04\x00\x00\x15CS" + len(value).to_bytes(2, "little") + value
