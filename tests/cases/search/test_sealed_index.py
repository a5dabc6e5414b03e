"""The index of a community lies sealed beside it: kept, made anew, readable to nobody else."""

import asyncio
from uuid import UUID

import pytest
from quart import Quart

from cases import access, communities
from cases.search import archive as archive_module
from cases.search.archive import Archive
from cases.search.models import SearchIndex
from cases.search.reading import read
from portal import storing
from portal.core.settings import Settings
from portal.storing.models import StoredObject
from tests.cases.search.conftest import Chest, described, finds
from tests.people import World
from tests.thief import look

CANARY = "Kanarienvogelbefund"


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
