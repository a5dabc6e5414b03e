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
from portal.studies import binning, labels, remembering, said, summaries
from portal.studies.models import Study
from portal.studies.remembering import Remembered, named
from tests.people import Person, World

MANY = 40


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each list is long, and takes several turns and several boxes."""
    monkeypatch.setattr(said, "WORTH_IT", 10)
    monkeypatch.setattr(said, "AT_ONCE", 7)
    monkeypatch.setattr(remembering, "TOGETHER", 8)


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
    assert 0 < len(opened) < MANY, "only what lies together with a change was opened anew"


async def test_what_is_remembered_opens_to_nobody_without_the_root(
    shelf: studies.Shelf, erika: Person
) -> None:
    first = await shown(shelf, erika)
    boxes = shelf.remembered._boxes
    assert boxes
    title = next(iter(first.values())).encode()
    assert not any(title in each or b"Muster" in each for each in boxes.values())
    thief = Actor(
        id=erika.actor.id, kind="patient", epoch=erika.actor.epoch, root=vault.new_secret(),
        session=b"", language="en",
    )  # fmt: skip

    assert all(shelf.remembered.get(thief, name) is None for _, name in boxes)
    assert all(shelf.remembered.get(erika.actor, name) for _, name in boxes)


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


async def test_programs_find_the_same_from_what_is_remembered(
    shelf: studies.Shelf, erika: Person, opened: list[UUID]
) -> None:
    first = await studies.facts_of_mine(shelf, erika.actor)
    opened.clear()

    assert await studies.facts_of_mine(shelf, erika.actor) == first
    assert len(first) == MANY
    assert opened == []


def actor() -> Actor:
    return Actor(
        id=AccountId(uuid4()),
        kind="patient",
        epoch=1,
        root=Secret(bytes(32)),
        session=b"",
        language="en",
    )


def test_boxes_are_bounded_and_the_last_used_stay() -> None:
    kept, whose, names = Remembered(most=1000), actor(), [uuid4() for _ in range(4)]
    words = [["x" * 10]]
    for each in names[:3]:
        kept.put(whose, each, words)
    size = len(next(iter(kept._boxes.values())))
    kept._most = 3 * size
    kept.used(whose, [names[0]])

    kept.put(whose, names[3], words)

    there = [kept.get(whose, each) is not None for each in names]
    assert there == [True, False, True, True]


def test_groups_change_their_name_with_any_column_and_with_nothing_else() -> None:
    rows: Sequence[tuple[Any, ...]] = [(uuid4(), 1, "mark", None) for _ in range(30)]
    groups = named(rows)
    assert len(groups) > 1
    assert named(rows[::-1]).keys() == groups.keys()
    for other in ((rows[0][0], 2, "mark", None), (rows[0][0], 1, "aside", None),
                  (rows[0][0], 1, "mark", b"box")):  # fmt: skip
        assert len(named([other, *rows[1:]]).keys() - groups.keys()) == 1


class _GivesWay(OrderedDict[tuple[UUID, UUID], bytes]):
    """Lets another thread go on in the middle of a change."""

    def pop(self, *args: Any) -> Any:
        time.sleep(0.0001)
        return super().pop(*args)


def test_many_lists_at_once_keep_count_of_what_is_remembered(
    erika: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request remembers in a thread of its own, and they change one and the same memory."""
    monkeypatch.setattr(vault, "box", lambda *_: b"x" * 100)
    remembered, names = Remembered(most=1000), [uuid4() for _ in range(20)]
    monkeypatch.setattr(remembered, "_boxes", _GivesWay())
    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(_fills, remembered, erika.actor, names) for _ in range(4)]:
            each.result()
    assert remembered._size == 100 * len(remembered._boxes) == 1000


def _fills(remembered: Remembered, actor: Actor, names: Sequence[UUID]) -> None:
    for name in names:
        remembered.put(actor, name, [])
    remembered.used(actor, names)
