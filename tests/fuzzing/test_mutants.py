"""
S18: whatever is uploaded, every file gets a clear answer and nobody's service suffers.

The mutants go the way of every upload: as parts over HTTP into the limited children, and what is
kept is made ready for the viewer, looked at and given back.  `make fuzz` runs 100,000 images and
20,000 documents, photos and ZIPs; `make fuzz CASE=dicom/4711` plays one again.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Page, expect
from quart import Quart

from portal import documents, studies
from portal.studies import parts
from tests.fuzzing.mutants import Mutant
from tests.fuzzing.plan import Block, blocks
from tests.people import Person, World
from tests.studies.upload_page import browser, choose, complaints, erika, upload_page
from viewer.dicom import Reason
from viewer.pdf import PdfPool, Reader, Unshown

__all__ = ["browser", "complaints", "erika", "upload_page"]

pytestmark = pytest.mark.one_engine

JSON = {"Accept": "application/json"}
AT_ONCE = 100
"""Files in one part."""
LOST = {Reason.CRASHED, Reason.TIMEOUT}
"""A child ended without a word, or computed for more than its 15 seconds."""


@pytest.mark.parametrize("block", blocks("dicom"), ids=str)
async def test_every_spoiled_image_gets_an_answer(world: World, app: Quart, block: Block) -> None:
    ada, mutants = await world.patient("Ada"), block.mutants()
    said, found = await _sent(ada, mutants)

    assert {name: why for name, why in said.items() if why in LOST} == {}
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    names = {hashlib.sha256(each.data).hexdigest(): each.name for each in mutants}
    lost, back = dict[str, str](), set[str]()
    for study in found:
        assert await shelf.preparing.done(study, 300.0)
        page = await ada.browser.get(f"/v/{study}")
        assert page.status_code == 200, (study, block)
        opened = await studies.open_own(shelf, ada.actor, study)
        for series in (await opened.manifest())["series"]:
            for each in series["instances"]:
                name = names[await _digest(ada, f"/v/{study}/i/{UUID(each['id'])}/original")]
                back.add(name)
                if each["why"] in LOST:
                    lost[name] = each["why"]
    assert lost == {}
    assert back == {name for name, why in said.items() if why == ""} - _alone(mutants)
    assert (await ada.browser.get("/documents")).status_code == 200


@pytest.mark.parametrize("block", blocks("pdf", "jpeg", "png"), ids=str)
async def test_every_spoiled_document_gets_an_answer(
    world: World, app: Quart, block: Block
) -> None:
    ada, mutants = await world.patient("Ada"), block.mutants()
    said, _ = await _sent(ada, mutants)
    kept = [each for each in mutants if said[each.name] == ""]

    async with PdfPool(1) as pool:
        for each in kept:
            # One child for all of them, so that a fault of one would be seen by the next.
            drawn = await pool.page(each.data, 1, 1200, Reader("one", "task"))
            assert not isinstance(drawn, Unshown) or drawn.why != "crashed", each.name
    mine = await documents.mine(ada.actor)
    assert {each.facts.sha256 for each in mine} == {
        hashlib.sha256(each.data).hexdigest() for each in kept
    }
    assert [each.id for each in mine if each.facts.why == "crashed"] == []
    for paper in mine[:2]:
        assert (await ada.browser.get(f"/d/{paper.id}")).status_code == 200
        assert await _digest(ada, f"/d/{paper.id}/original") == paper.facts.sha256
    assert (await ada.browser.get("/documents")).status_code == 200


@pytest.mark.parametrize("block", blocks("zip"), ids=str)
async def test_every_spoiled_zip_is_opened_or_named(
    upload_page: Page, tmp_path: Path, block: Block
) -> None:
    """ZIPs are opened in the browser, where the page has to live through them."""
    page, mutants = upload_page, block.mutants()
    paths = []
    for number, each in enumerate(mutants):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(each.data)
        paths.append(path)
    await choose(page, *paths)

    found, asks = page.locator('[data-step="found"]'), page.locator('[data-step="password"]')
    for _ in range(len(mutants) + 1):
        shown = page.locator('[data-step="found"]:visible, [data-step="password"]:visible')
        await expect(shown).to_be_visible(timeout=120_000)
        if await found.is_visible():
            break
        await asks.get_by_role("button", name="Leave it out").click()
    await expect(page.locator("[data-found-title]")).to_contain_text("examination")
    named = await page.locator("[data-refused]").inner_text()
    assert "ZIP is damaged" in named or len(mutants) < 10


async def _sent(person: Person, mutants: Sequence[Mutant]) -> tuple[dict[str, str], list[UUID]]:
    """Why each is not kept, empty for those that are; and the examinations there are now."""
    begun = await person.browser.post("/uploads", json={"client": str(uuid4())}, headers=JSON)
    upload, said, found = (await begun.get_json())["id"], dict[str, str](), set[UUID]()
    for first in range(0, len(mutants), AT_ONCE):
        some = [(first + at, each) for at, each in enumerate(mutants[first : first + AT_ONCE])]
        body = parts.build([(number, each.data) for number, each in some])
        path = f"/uploads/{upload}/parts/{first}"
        answer = await person.browser.put(path, data=body, headers=JSON)
        told: dict[str, Any] = await answer.get_json()
        assert answer.status_code == 200, (some[0][1].name, told)
        why = dict(told["refused"]) | dict.fromkeys(told["duplicates"], "twice")
        why |= dict.fromkeys(told["kept"], "")
        assert sorted(why) == [number for number, _ in some], "a file without an answer"
        said |= {each.name: why[number] for number, each in some}
        found |= {UUID(each) for each in told["studies"]}
    finished = await person.browser.post(f"/uploads/{upload}/finish", json={}, headers=JSON)
    assert finished.status_code == 200
    return said, sorted(found)


def _alone(mutants: Sequence[Mutant]) -> set[str]:
    """What is kept as a document."""
    return {each.name for each in mutants if documents.is_document(each.data)}


async def _digest(person: Person, path: str) -> str:
    answer = await person.browser.get(path)
    assert answer.status_code == 200, path
    return hashlib.sha256(await answer.get_data(as_text=False)).hexdigest()
