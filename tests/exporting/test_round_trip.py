"""Everything of one account, taken to another one with a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Page, expect
from quart import Quart

from portal import documents, records, studies
from tests.documents.test_documents import Erika
from tests.exporting.test_everything import exported, keeps, proves
from tests.people import Person, World
from tests.records.writing import writes_a_plan, writes_an_entry
from tests.studies.upload_page import browser, complaints, erika, upload_page
from tests.viewer.pdf.making import encapsulated, pdf
from tests.viewer.photos.making import photo

__all__ = ["browser", "complaints", "erika", "upload_page"]

Slices = Callable[..., list[bytes]]


async def held(person: Person, shelf: studies.Shelf) -> dict[str, Any]:
    """What an account keeps: files by their digests, named documents, and what was written."""
    files = set[str]()
    entries = await studies.my_documents(shelf, person.actor)
    for entry in entries:
        if entry.study is not None:
            study = await studies.open_own(shelf, person.actor, entry.study.id)
            files |= {file.entry["sha256"] async for _, file in study.originals()}
    papers = {
        (paper.facts.sha256, paper.facts.label, entry.study is not None)
        for entry in entries
        for paper in entry.papers
    }
    copies = [await each.data() async for each in records.everything(person.actor)]
    written = [version["said"] for each in copies for version in each["versions"]]
    written.sort(key=str)
    return {"files": files, "papers": papers, "written": written, "documents": len(papers)}


async def test_an_archive_is_taken_by_another_account_whole_and_once(
    world: World, app: Quart, erika: Person, upload_page: Page, slices: Slices, tmp_path: Path
) -> None:
    """Images, findings beside them, a photo, a plan, a diary; nothing that was made of them."""
    shelf, page = app.extensions["hds"]["shelf"], upload_page
    otto = Erika(await world.patient("Otto Muster"), shelf, world.settings.object_folder)
    await keeps(otto, slices(2))
    (study,) = await studies.my_documents(shelf, otto.actor)
    assert study.study is not None
    opened = await studies.open_own(shelf, otto.actor, study.study.id)
    (uid, *_) = {file.entry["header"]["study_instance_uid"] async for _, file in opened.originals()}
    await otto.sends([pdf(["Beside"])], [[0, "Beside.pdf", uid]])
    await otto.sends([encapsulated(pdf(["Inside"]))])
    alone = await otto.finding(pdf(["Alone"]), "Alone.pdf")
    await documents.rename(otto.actor, UUID(alone), "Letter of Dr. Ahrens")
    await otto.sends([photo()], [[0, "Knee.jpg", ""]])
    await writes_a_plan(otto.person.browser, person="Otto Muster", substance_0="Candesartan")
    await writes_an_entry(otto.person.browser, text="Slept well")
    await writes_an_entry(otto.person.browser, when="2026-03-13T07:00", text="Slept badly")
    await studies.thin(shelf, otto.actor, await keeps(otto, slices(1, seed=7)))
    await proves(otto)
    archive = tmp_path / "HealthDataSpace.zip"
    archive.write_bytes(await (await exported(otto)).get_data(as_text=False))
    source = await held(otto.person, shelf)
    assert (len(source["files"]), source["documents"]) == (3, 3)

    await page.locator("#f-files").set_input_files(archive)
    card = page.locator("[data-records]")
    await expect(card).to_contain_text("2 medication plans and months of a diary")
    await expect(page.locator("[data-found-title]")).to_have_text(
        "2 examinations found, 3 documents found"
    )
    left_out = page.locator("[data-refused]")
    await expect(left_out).to_contain_text("whose original data were deleted")
    for mine in await page.get_by_label("They are mine").all():
        await mine.check()
    for box in await page.locator("[data-patients] input[type=checkbox]").all():
        await box.check()
    await page.get_by_role("button", name="Upload", exact=True).click()
    done = page.locator("[data-done-words]")
    await expect(done).to_contain_text("6 files stored", timeout=30_000)
    await expect(done).to_contain_text("1 medication plan was kept. 2 diary entries were kept.")

    assert await held(erika, shelf) == source

    await page.get_by_role("button", name="Upload more").click()
    await page.locator("#f-files").set_input_files(archive)
    await expect(page.locator("[data-all-there]")).to_be_visible()
    await page.get_by_role("button", name="Keep plans and diary").click()
    await expect(card).to_contain_text(
        "1 medication plan is here already, or in the bin. 2 diary entries"
    )
    assert await held(erika, shelf) == source
