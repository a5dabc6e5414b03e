"""The archive as a member searches it: found at once, exactly what is permitted."""

import asyncio
import re
from collections.abc import Mapping
from uuid import UUID

import pytest
from quart import Quart

from cases import access, communities, threads
from cases.errors import RootMoved
from cases.forms import PostEdit
from cases.ids import CaseId, CommunityId
from cases.search import archive as archive_module
from cases.search import finding
from cases.search.archive import Archive
from cases.search.finding import Results, search
from cases.search.harvest import DescribeStudies
from cases.search.models import SearchIndex
from cases.search.reading import read
from portal import storing, wiring
from portal.core.actor import Secret
from portal.core.errors import Unknown
from portal.core.settings import Settings
from portal.storing.models import StoredObject
from tests.people import Person, World
from tests.queries import counting
from tests.thief import look

Chest = tuple[Person, Person, Person, CommunityId, CaseId]
CANARY = "Kanarienvogelbefund"


async def described(opened: Mapping[UUID, Secret]) -> dict[UUID, str]:
    return dict.fromkeys(opened, "CT head without contrast")


@pytest.fixture
def describe(app: Quart) -> DescribeStudies:
    """What the portal itself knows of examinations."""
    return wiring.describing(app.extensions["hds"]["shelf"])


@pytest.fixture
def archive(app: Quart) -> Archive:
    found: Archive = app.extensions["hds"]["archive"]
    return found


@pytest.fixture
async def chest(world: World) -> Chest:
    """Alice owns a community with Bob in it; Carol is a member elsewhere."""
    alice = await world.physician("Alice Ahrens")
    bob = await world.physician("Bob Brandt")
    carol = await world.physician("Carol Cordes")
    chest = await alice.founds("Chest")
    await alice.invites(bob, chest)
    await carol.founds("Heart")
    return alice, bob, carol, chest, await alice.opens("Nodule, left lung", in_=chest)


async def finds(
    person: Person, archive: Archive, text: str, community: CommunityId | None = None
) -> Results:
    return await search(person.actor, archive, described, text, community=community)


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


async def test_the_sealed_index_survives_a_restart_and_a_rotation(
    chest: Chest, archive: Archive, app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    alice, bob, _, chest_id, nodule = chest
    await alice.posts("Effusion on the right", on=nodule)
    await finds(alice, archive, "effusion")
    await archive.sealed()
    first = await SearchIndex.get(community=chest_id)
    await communities.remove(alice.actor, chest_id, bob.actor.id)
    await alice.posts("Effusion on the left", on=nodule)

    async with Archive(archive._store).working() as restarted:
        assert (await finds(alice, restarted, "effusion")).total == 2

    second = await SearchIndex.get(community=chest_id)
    assert (first.epoch, first.generation) == (1, 1)
    assert (second.epoch, second.generation) == (2, 2)
    assert second.object != first.object


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


async def test_the_index_goes_with_its_community(
    world: World, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    alone = await world.physician("Alma Allein")
    mine = await alone.founds("Mine alone")
    await alone.posts("Effusion", on=await alone.opens("Lung", in_=mine))
    await finds(alone, archive, "effusion")
    await archive.sealed()
    assert await storing.objects_of(mine)

    await communities.leave(alone.actor, mine)

    assert not await SearchIndex.exists(community=mine)
    assert await storing.objects_of(mine) == frozenset()


@pytest.mark.parametrize("how", ["missing", "exchanged", "of an epoch that never was"])
async def test_an_index_that_does_not_open_is_made_anew(
    chest: Chest, archive: Archive, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    alice, bob, carol, chest_id, nodule = chest
    await alice.posts("Effusion", on=nodule)
    await finds(alice, archive, "effusion")
    (theirs,) = await access.my_communities(carol.actor)
    await carol.opens("Valve", in_=theirs.id)
    await finds(carol, archive, "valve")
    await archive.sealed()
    row = await SearchIndex.get(community=chest_id)
    if how == "missing":
        await archive._store.delete(row.object)
    elif how == "exchanged":
        other = await SearchIndex.get(community=theirs.id)
        await SearchIndex.filter(community=chest_id).update(object=other.object)
    else:
        await SearchIndex.filter(community=chest_id).update(epoch=-1)

    async with Archive(archive._store).working() as restarted:
        assert (await finds(bob, restarted, "effusion")).total == 1
    anew = await SearchIndex.get(community=chest_id)
    assert anew.generation == row.generation + 1
    assert anew.object not in {row.object, None}
    assert await archive._store.get(anew.object)


async def test_on_a_full_disk_the_search_goes_on(
    chest: Chest, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    alice, bob, _, chest_id, nodule = chest
    await alice.posts("Effusion", on=nodule)
    monkeypatch.setattr(archive._store, "_room", lambda _: storing.Room(10 * 2**30, 2**30))

    assert (await finds(bob, archive, "effusion")).total == 1

    await archive.sealed()
    assert not await SearchIndex.exists(community=chest_id)
    assert not await StoredObject.exists(), "nothing is counted that was not written"


async def test_who_searches_has_the_answer_before_the_index_is_sealed(
    chest: Chest, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    alice, bob, _, chest_id, nodule = chest
    await alice.posts("Effusion", on=nodule)
    put, disk_is_back = archive._store.put, asyncio.Event()

    async def slow(object_id: UUID, sealed: bytes) -> int:
        await disk_is_back.wait()
        return await put(object_id, sealed)

    monkeypatch.setattr(archive._store, "put", slow)

    async with asyncio.timeout(60):
        assert (await finds(bob, archive, "effusion")).total == 1
    assert not await SearchIndex.exists(community=chest_id)
    disk_is_back.set()
    await archive.sealed()
    assert await SearchIndex.exists(community=chest_id)


async def test_a_store_that_fails_is_tried_again_later_and_fails_no_search(
    chest: Chest,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    alice, bob, _, chest_id, nodule = chest
    await alice.posts(CANARY, on=nodule)
    tried = []

    async def fails(object_id: UUID, _sealed: bytes) -> int:
        tried.append(object_id)
        raise OSError(CANARY)

    with monkeypatch.context() as broken:
        broken.setattr(archive._store, "put", fails)
        for _ in range(2):
            assert (await finds(bob, archive, CANARY)).total == 1
            await archive.sealed()
    written = "\n".join(each.getMessage() for each in caplog.records if "cases" in each.name)
    assert "search index not sealed: OSError" in written
    assert CANARY not in written
    assert len(tried) == 1, "the next search is not the next try"
    assert not await StoredObject.exists()

    monkeypatch.setattr(archive_module, "RETRY_SECONDS", 0.0)
    assert (await finds(bob, archive, CANARY)).total == 1
    await archive.sealed()
    assert await SearchIndex.exists(community=chest_id)


async def test_an_index_is_never_sealed_under_a_root_from_before_its_last_words(
    chest: Chest, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob, _, chest_id, nodule = chest
    before = await access.community_for(alice.actor, chest_id)
    await communities.remove(alice.actor, chest_id, bob.actor.id)
    await alice.posts("Effusion", on=nodule)
    await finds(alice, archive, "effusion")
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)

    await archive.ask(before, read("effusion"), described)
    await archive.sealed()
    assert not await SearchIndex.exists(community=chest_id), "Bob has that root"

    await finds(alice, archive, "effusion")
    await archive.sealed()
    assert (await SearchIndex.get(community=chest_id)).epoch == 2


async def test_a_thief_reads_nothing_of_a_sealed_index(
    chest: Chest, archive: Archive, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "SEAL_AFTER", 1)
    alice, _, _, chest_id, nodule = chest
    await alice.posts(f"{CANARY} rechts", on=nodule)

    assert (await finds(alice, archive, CANARY)).total == 1

    await archive.sealed()
    assert await SearchIndex.exists(community=chest_id)
    assert look([settings.data], [CANARY, CANARY.lower()]) == []


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
