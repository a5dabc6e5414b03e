"""What follows from a commit happens once, however the process ends."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from quart import Quart

from portal import notices, owing
from portal.accounts import SafetyChanged
from portal.app import create_app
from portal.core.db import Database, now, transaction
from portal.core.settings import Settings
from portal.notices.models import Notice
from portal.owing import owe, pay_what_is_due, paying
from portal.owing.models import Owed
from portal.storing.models import SweepTurn
from tests.people import World
from tests.serving import started


@dataclass(frozen=True, slots=True)
class Felled:
    """A tree has been felled."""

    tree: UUID
    how: str = "with_an_axe"


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody said something."""

    text: str


class PowerCut(Exception):
    """The transaction ends here."""


async def _owes(*trees: UUID) -> None:
    async with transaction():
        for each in trees:
            await owe(Felled(each))


async def test_it_is_paid_right_after_the_commit_and_only_then(database: Database) -> None:
    paid: list[Felled] = []

    async def pay(event: Felled) -> None:
        paid.append(event)

    tree = uuid4()
    async with owing.working():
        with paying(Felled, pay):
            with pytest.raises(PowerCut):
                async with transaction():
                    await owe(Felled(uuid4()))
                    raise PowerCut
            async with transaction():
                await owe(Felled(tree))
                assert paid == []

    assert paid == [Felled(tree)]
    assert not await Owed.exists()


async def test_what_nobody_paid_is_paid_by_the_next_who_comes(database: Database) -> None:
    """A process that died, and a command that has no duties, leave the row to a server."""
    trees, paid = [uuid4() for _ in range(3)], list[UUID]()
    await _owes(*trees)
    await pay_what_is_due()
    assert await Owed.all().count() == 3, "nobody here has the duty"

    async def pay(event: Felled) -> None:
        paid.append(event.tree)

    with paying(Felled, pay):
        async with owing.working():
            async with asyncio.timeout(10):
                while await Owed.exists():
                    await asyncio.sleep(0.01)

    assert paid == trees


async def test_several_at_once_pay_once(database: Database) -> None:
    paid: list[UUID] = []

    async def pay(event: Felled) -> None:
        await asyncio.sleep(0.01)
        paid.append(event.tree)

    trees = [uuid4() for _ in range(5)]
    await _owes(*trees)
    with paying(Felled, pay):
        await asyncio.gather(*(pay_what_is_due() for _ in range(4)))

    assert sorted(paid) == sorted(trees)


async def test_a_payment_that_fails_is_undone_tried_again_and_holds_up_no_other(
    database: Database,
) -> None:
    bad, good, broken = uuid4(), uuid4(), True

    async def pay(event: Felled) -> None:
        await SweepTurn.create(name=event.tree.hex[:10], part=0, due_at=now())
        if event.tree == bad and broken:
            raise PowerCut

    await _owes(bad, good)
    with paying(Felled, pay):
        await pay_what_is_due()

        assert [row.name for row in await SweepTurn.all()] == [good.hex[:10]]
        (left,) = await Owed.all()
        assert (left.tries, bad.hex in left.facts) == (1, True)
        assert left.again_at is not None
        assert left.again_at > now()
        broken = False
        await Owed.all().update(again_at=now() - timedelta(seconds=1))
        await pay_what_is_due()

    assert {row.name for row in await SweepTurn.all()} == {bad.hex[:10], good.hex[:10]}
    assert not await Owed.exists()


async def test_a_kind_has_one_duty_which_the_newest_portal_of_a_process_pays(
    database: Database,
) -> None:
    paid: list[str] = []

    def portal(name: str) -> AbstractContextManager[None]:
        async def pay(_event: Felled) -> None:
            paid.append(name)

        return paying(Felled, pay)

    async def other(_event: Felled) -> None:
        paid.append("other")

    with portal("older"):
        with portal("newer"):
            with pytest.raises(ValueError, match="Felled"), paying(Felled, other):
                pass
            await _owes(uuid4())
            await pay_what_is_due()
        await _owes(uuid4())
        await pay_what_is_due()

    assert paid == ["newer", "older"]


@pytest.mark.parametrize("text", ["Shadow in the left lung", "Erika", "", "a@example.test"])
async def test_what_people_typed_is_never_owed(database: Database, text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        await owe(Said(text))

    assert not await Owed.exists()


async def test_a_portal_that_starts_tells_what_the_one_before_owed(
    world: World, settings: Settings, app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    tell = notices.tell

    async def dies(*_news: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(notices, "tell", dies)
    with pytest.raises(asyncio.CancelledError):
        async with transaction():
            await owe(SafetyChanged(erika.actor.id, "password_changed"))
    monkeypatch.setattr(notices, "tell", tell)
    assert not await Notice.filter(account=erika.actor.id, kind="password_changed").exists()

    async with started(create_app(settings)), asyncio.timeout(10):
        while await Owed.exists():
            await asyncio.sleep(0.01)

    (notice,) = await Notice.filter(account=erika.actor.id, kind="password_changed")
    assert notice.many == 1
