"""Lists of an account with many examinations: what is opened once, and what is seen at once."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from quart import Quart

from bench import holdings
from portal import studies, vault
from portal.core.actor import AccountId, Actor, Secret
from portal.studies import binning, identifying, labels, said, summaries
from portal.studies.models import Study
from portal.studies.remembering import Columns, Remembered
from tests.people import Person, World

MANY = 40


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each list is long, and takes several turns and several boxes."""
    monkeypatch.setattr(said, "WORTH_IT", 10)
    monkeypatch.setattr(said, "AT_ONCE", 7)
    monkeypatch.setattr(said, "IN_ROW", 7)
    monkeypatch.setattr(said, "MOST_ANEW", 4)


@pytest.fixture
def shelf(app: Quart) -> studies.Shelf:
    found: studies.Shelf = app.extensions["hds"]["shelf"]
    return found


@pytest.fixture
async def erika(world: World) -> Person:
    found = await world.patient("Erika Beispiel")
    await holdings.fill(found.actor, MANY)
    return found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The studies whose boxes were opened."""
    found: list[UUID] = []
    real = summaries.opened_summary

    def noted(study: UUID, *rest: Any) -> dict[str, Any]:
        found.append(study)
        return real(study, *rest)

    monkeypatch.setattr("portal.studies.said.opened_summary", noted)
    return found


async def shown(shelf: studies.Shelf, person: Person) -> dict[UUID, str]:
    """Titles of everything in the list."""
    return {each.id: each.title for each in await studies.my_studies(shelf, person.actor)}


async def test_a_long_list_is_opened_once_and_every_change_is_seen_at_once(
    shelf: studies.Shelf, erika: Person, opened: list[UUID]
) -> None:
    first = await shown(shelf, erika)
    assert len(first) == len(set(opened)) == MANY
    opened.clear()
    assert await shown(shelf, erika) == first
    assert opened == [], "nothing changed, so nothing was opened"

    renamed, gone, binned = list(first)[:3]
    await labels.rename(erika.actor, renamed, "The knee")
    await studies.delete(erika.actor, gone)
    await binning.throw(erika.actor, binned)

    left = {each: title for each, title in first.items() if each not in {gone, binned}}
    assert await shown(shelf, erika) == left | {renamed: "The knee"}
    assert opened == [renamed], "only what changed was opened anew"
    for each in list(left)[:6]:
        await labels.rename(erika.actor, each, "The foot")
    await shown(shelf, erika)
    opened.clear()
    assert list((await shown(shelf, erika)).values()).count("The foot") == 6
    assert opened == [], "when much has changed, all is remembered anew"


async def test_what_is_remembered_opens_to_nobody_without_the_root(
    shelf: studies.Shelf, erika: Person
) -> None:
    first = await shown(shelf, erika)
    (sealed,) = [each for each, _ in shelf.remembered._lists._known.values()]
    title = next(iter(first.values())).encode()
    assert not any(title in each or b"Muster" in each for each in sealed.boxes.values())
    thief = Actor(
        id=erika.actor.id, kind="patient", epoch=erika.actor.epoch, root=vault.new_secret(),
        session=b"", language="en",
    )  # fmt: skip

    for name in sealed.boxes:
        with pytest.raises(vault.Tampered):
            columns_of(shelf, thief)[name]
        assert len(columns_of(shelf, erika.actor)[name]) == MANY


@pytest.mark.tampers
async def test_a_list_that_was_sealed_under_another_root_is_opened_anew(
    shelf: studies.Shelf, erika: Person
) -> None:
    await shown(shelf, erika)
    other = Actor(
        id=erika.actor.id, kind="patient", epoch=erika.actor.epoch, root=vault.new_secret(),
        session=b"", language="en",
    )  # fmt: skip

    found = await studies.my_studies(shelf, other)

    assert len(found) == MANY
    assert all(each.damaged for each in found), "nothing remembered opens, and no key either"


def columns_of(shelf: studies.Shelf, whose: Actor) -> Columns:
    found = shelf.remembered.get(whose, said.LIVE)
    assert found is not None
    return found


@pytest.mark.tampers
async def test_an_examination_that_does_not_open_is_shown_as_such_every_time(
    shelf: studies.Shelf, erika: Person
) -> None:
    spoiled = next(iter(await shown(shelf, erika)))
    await Study.filter(id=spoiled).update(summary=b"exchanged", manifest=uuid4(), generation=2)

    for _ in range(2):
        found = {each.id: each for each in await studies.my_studies(shelf, erika.actor)}
        assert len(found) == MANY
        assert [each for each in found if found[each].damaged] == [spoiled]


async def found_by_programs(shelf: studies.Shelf, person: Person) -> list[tuple[str, str]]:
    """Day and UID of every study, as searches have them."""
    found = await identifying.catalogue_of_mine(shelf, person.actor)
    return list(zip(found.column("date"), found.column("study_uid"), strict=True))


async def test_programs_find_the_same_from_what_is_remembered(
    shelf: studies.Shelf, erika: Person, opened: list[UUID]
) -> None:
    first = await found_by_programs(shelf, erika)
    opened.clear()

    assert await found_by_programs(shelf, erika) == first
    assert len(first) == MANY
    assert first == sorted(first, reverse=True)
    assert opened == []


async def test_what_an_older_version_wrote_is_found_every_time(
    shelf: studies.Shelf, erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows do not say by what it is found, so its manifest is asked, again and again."""
    real = summaries.opened_summary

    def older(study: UUID, key: Secret, box: bytes) -> dict[str, Any]:
        facts = real(study, key, box)
        return {name: each for name, each in facts.items() if name not in {"study_uid", "whole"}}

    async def asked(_shelf: studies.Shelf, row: Study, key: Secret) -> dict[str, Any]:
        assert row.summary is not None
        return real(row.id, key, row.summary)

    monkeypatch.setattr("portal.studies.said.opened_summary", older)
    monkeypatch.setattr(identifying, "_read", asked)
    assert len(await shown(shelf, erika)) == MANY
    for _ in range(2):
        assert len(await found_by_programs(shelf, erika)) == MANY


async def test_pages_neither_lose_nor_repeat_a_study_while_older_ones_are_added(
    shelf: studies.Shelf, erika: Person
) -> None:
    """New rows are first opened beside what is remembered, then remembered with it."""
    found = list[str]()
    while len(found) < MANY:
        page = (await found_by_programs(shelf, erika))[len(found) :][:9]
        found += [uid for _, uid in page]
        await holdings.fill(erika.actor, 3, since=MANY + len(found), day="19500101")
    assert len(set(found)) == len(found)
    assert {f"2.25.{7_000_000 + number}" for number in range(MANY)} <= set(found)
    every = await found_by_programs(shelf, erika)
    assert every == sorted(set(every), reverse=True), "each once, and where it belongs"


async def test_what_was_put_away_and_taken_out_again_is_found_again(
    shelf: studies.Shelf, erika: Person
) -> None:
    first = await shown(shelf, erika)
    for each in list(first)[:12]:
        await binning.throw(erika.actor, each)
    thrown = await binning.in_bin(shelf, erika.actor)
    assert {each.thing.id for each in thrown} == set(list(first)[:12])
    assert list(await shown(shelf, erika)) == list(first)[12:]
    for line in thrown:
        await binning.take_out(erika.actor, line.thing.id)
    assert await shown(shelf, erika) == first


def actor() -> Actor:
    return Actor(
        id=AccountId(uuid4()),
        kind="patient",
        epoch=1,
        root=Secret(bytes(32)),
        session=b"",
        language="en",
    )


def test_lists_are_bounded_and_the_last_used_stay() -> None:
    kept, whose, names = Remembered(), actor(), ["a", "b", "c", "d"]
    words = {"words": ["x" * 10]}
    for each in names[:3]:
        kept.put(whose, each, words, b"")
    kept._lists._most = kept._lists.weight
    assert kept.get(whose, "a") is not None

    kept.put(whose, "d", words, b"")

    there = [kept.get(whose, each) is not None for each in names]
    assert there == [True, False, True, True]


class _GivesWay(OrderedDict[Any, Any]):
    """Lets another thread go on in the middle of a change."""

    def pop(self, *args: Any) -> Any:
        time.sleep(0.0001)
        return super().pop(*args)


def test_many_lists_at_once_keep_count_of_what_is_remembered(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request remembers in a thread of its own, and they change one and the same memory."""
    monkeypatch.setattr(vault, "box", lambda *_: b"x" * 100)
    remembered, names = Remembered(most=1000), [str(number) for number in range(20)]
    monkeypatch.setattr(remembered._lists, "_known", _GivesWay())
    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(_fills, remembered, erika.actor, names) for _ in range(4)]:
            each.result()
    there = [each for each in names if remembered.get(erika.actor, each) is not None]
    assert (remembered._lists.weight, len(there)) == (1000, 10)


def _fills(remembered: Remembered, actor: Actor, names: Sequence[str]) -> None:
    for name in names:
        remembered.put(actor, name, {"words": []}, b"")
        remembered.get(actor, name)
