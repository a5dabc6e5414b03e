"""The archive as a member searches it: found at once, exactly what is permitted."""

import re

import pytest

from cases import access, communities, threads
from cases.errors import RootMoved
from cases.forms import PostEdit
from cases.ids import CaseId
from cases.search import archive as archive_module
from cases.search import finding
from cases.search.archive import Archive
from cases.search.finding import Results, search
from cases.search.harvest import DescribeStudies
from cases.search.reading import read
from portal.core.errors import Unknown
from tests.cases.search.conftest import Chest, described, finds
from tests.people import World
from tests.queries import counting


async def test_a_post_is_found_as_soon_as_it_is_stored(chest: Chest, archive: Archive) -> None:
    alice, bob, carol, _, nodule = chest
    posted = await alice.posts("Dense vessel sign on the left?", on=nodule)

    results = await finds(bob, archive, "from:ahrens modality:CT vessels")

    assert [hit.id for hit in results.hits] == [posted.id]
    assert ("vessel", True) in results.hits[0].words
    assert results.hits[0].author.name == "Alice Ahrens"
    elsewhere = await finds(carol, archive, "vessel")
    assert (elsewhere.total, elsewhere.hits, elsewhere.communities) == (0, [], {})


async def test_titles_questions_and_studies_are_found_too(chest: Chest, archive: Archive) -> None:
    alice, _, _, _, nodule = chest
    await alice.starts("Clot or calcification?", in_=nodule)

    assert [hit.kind for hit in (await finds(alice, archive, "nodules")).hits] == ["case"]
    assert [hit.kind for hit in (await finds(alice, archive, "calcifications")).hits] == ["thread"]
    assert [hit.kind for hit in (await finds(alice, archive, "contrast")).hits] == ["case"]


async def test_a_full_page_of_hits_costs_what_one_hit_costs(
    world: World, archive: Archive, describe: DescribeStudies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1000)
    ada = await world.physician("Ada")
    board = await ada.founds("Board")

    async def asks(case: CaseId | None = None) -> tuple[Results, int]:
        if case is not None:
            await ada.starts("Perfusion?", in_=case)
            await ada.posts("A perfusion", on=case)
        with counting() as sent:
            found = await search(ada.actor, archive, describe, "perfusion")
        return found, len(sent)

    async def opens() -> CaseId:
        about = [await ada.keeps_a_study(each) for each in ("CT thorax", "Perfusion of the brain")]
        return await ada.opens("Which vessel?", in_=board, about=about)

    await asks()
    _, after_one_change = await asks(await opens())
    _, of_few = await asks()
    cases = [await opens() for _ in range(16)]
    many, after_many_changes = await asks(cases[-1])
    again, of_many = await asks()

    assert (many.total, many.pages) == (21, 2)
    assert sum(bool(hit.examinations) for hit in again.hits) >= 16
    assert (after_many_changes, of_many) == (after_one_change, of_few)


async def test_what_was_edited_or_deleted_is_found_as_it_is_now(
    chest: Chest, archive: Archive
) -> None:
    alice, _, _, _, nodule = chest
    kept = await alice.posts("Aneurysm of the aorta", on=nodule)
    gone = await alice.posts("Aneurysm of the carotid", on=nodule)
    assert (await finds(alice, archive, "aneurysm")).total == 2

    await threads.edit(alice.actor, PostEdit(kept.id, "Dissection of the aorta", 1))
    await threads.delete(alice.actor, gone.id)

    assert (await finds(alice, archive, "aneurysm")).total == 0
    assert (await finds(alice, archive, "dissection")).total == 1


async def test_only_the_community_asked_for_answers(chest: Chest, archive: Archive) -> None:
    alice, _, carol, chest_id, nodule = chest
    await alice.posts("Effusion", on=nodule)
    other = await alice.founds("Abdomen")
    await alice.posts("Effusion", on=await alice.opens("Liver", in_=other))

    assert (await finds(alice, archive, "effusion")).total == 2
    assert (await finds(alice, archive, "effusion", community=chest_id)).total == 1
    with pytest.raises(Unknown):
        await finds(carol, archive, "effusion", community=chest_id)


async def test_who_was_removed_finds_nothing_more(chest: Chest, archive: Archive) -> None:
    alice, bob, _, chest_id, nodule = chest
    await alice.posts("Effusion", on=nodule)
    assert (await finds(bob, archive, "effusion")).total == 1

    await communities.remove(alice.actor, chest_id, bob.actor.id)

    assert (await finds(bob, archive, "effusion")).total == 0
    assert (await finds(alice, archive, "effusion")).total == 1


async def test_whoever_looked_before_the_root_changed_is_asked_to_look_again(
    chest: Chest, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    alice, bob, _, chest_id, nodule = chest
    before = await access.community_for(alice.actor, chest_id)
    await communities.remove(alice.actor, chest_id, bob.actor.id)
    await alice.posts("Effusion", on=nodule)
    await finds(alice, archive, "effusion")

    await archive.sealed()
    async with Archive(archive._store).working() as restarted:
        with pytest.raises(RootMoved):
            await restarted.ask(before, read("effusion"), described)


async def test_a_hit_by_what_an_image_says_shows_that_and_marks_it(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    studies = [await ada.keeps_a_study(each) for each in ("CT thorax", "Perfusion of the brain")]
    await ada.opens("Which vessel?", in_=board, about=studies)
    await ada.opens("A perfusion that nobody ordered?", in_=board)

    found = await ada.browser.post("/search", form={"q": "perfusion"})
    html = await found.get_data(as_text=True)

    assert "2 hits" in html
    assert html.count("Examination: <mark>Perfusion</mark> of the brain") == 1
    assert "CT thorax" not in html


async def test_a_hit_in_the_title_of_a_thread_opens_that_thread(chest: Chest) -> None:
    alice, _, _, _, nodule = chest
    thread = await alice.starts("Clot or calcification?", in_=nodule)

    found = await alice.browser.post("/search", form={"q": "calcification"})

    assert f'href="/cases/{nodule}#thread-{thread}"' in await found.get_data(as_text=True)
    assert f'id="thread-{thread}"' in await alice.reads(nodule)


async def test_two_communities_of_one_name_are_counted_each(chest: Chest, archive: Archive) -> None:
    alice, _, _, first, nodule = chest
    await alice.posts("Effusion", on=nodule)
    second = await alice.founds("Chest")
    await alice.opens("Effusion", in_=second)
    await alice.opens("Another effusion", in_=second)

    found = await finds(alice, archive, "effusion")
    page = await alice.browser.post("/search", form={"q": "effusion"})

    assert found.communities == {first: ("Chest", 1), second: ("Chest", 2)}
    counts = re.findall(
        r'<span>Chest</span> <span class="soft numbers">(\d)', await page.get_data(as_text=True)
    )
    assert sorted(counts) == ["1", "2"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "4 hits. The best 3 are shown; one more word narrows them down."),
        ("de", "4 Treffer. Die besten 3 werden gezeigt; ein weiteres Wort grenzt sie ein."),
    ],
)
async def test_of_too_many_hits_the_page_says_that_it_shows_the_best(
    chest: Chest, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    alice, _, _, _, nodule = chest
    for number in range(4):
        await alice.posts(f"Effusion {number}", on=nodule)
    await alice.browser.post("/preferences", form={"language": language})

    everything = await alice.browser.post("/search", form={"q": "effusion"})
    monkeypatch.setattr(finding, "MOST_HITS", 3)
    best = await alice.browser.post("/search", form={"q": "effusion"})

    assert said.split(". ")[1] not in await everything.get_data(as_text=True)
    html = await best.get_data(as_text=True)
    assert said in html
    assert html.count("data-hit") == 3


async def test_the_page_shows_hits_and_says_what_it_cannot_read(chest: Chest) -> None:
    alice, _, _, _, nodule = chest
    await alice.posts("Is <b>this</b> dense?", on=nodule)

    found = await alice.browser.post("/search", form={"q": "dense"})
    html = await found.get_data(as_text=True)
    problem = await alice.browser.post("/search", form={"q": "before:soon"})
    part = await alice.browser.post(
        "/search", form={"q": "dense"}, headers={"X-HDS-Part": "results"}
    )

    assert "<mark>dense</mark>" in html
    assert "&lt;b&gt;this" in html
    assert f"/cases/{nodule}#post-" in html
    assert "2026-03-12" in await problem.get_data(as_text=True)
    assert "<html" not in await part.get_data(as_text=True)
