"""The operator makes guesses dearer: accounts of before are not told from strangers by the time."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from portal import keys, vault
from portal.accounts.models import Throttle
from portal.core.actor import Secret
from portal.core.settings import Settings
from portal.keys.models import HumanWrap
from portal.vault import KeyFiles
from tests.accounts.losing import NEW
from tests.people import PASSWORD, World

UNKNOWN: Final = "nobody@example.test"
WRONG: Final = "not this one, surely"
Paid = list[str]


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch) -> Paid:
    """What each derivation cost, in turn."""
    costs: Paid = []
    real = vault.derive

    def derive(typed: str, salt: bytes, cost: vault.Cost) -> Secret:
        costs.append(str(cost))
        return real(typed, salt, cost)

    monkeypatch.setattr(vault, "derive", derive)
    return costs


@pytest.fixture
def dearer(settings: Settings, key_files: KeyFiles) -> Iterator[Settings]:
    """What a later start of the portal would ask for."""
    yield replace(settings, password_rounds=2)
    keys.configure(key_files, settings)


async def told_of(world: World, paid: Paid, mail: str) -> dict[str, Paid]:
    """What a stranger's wrong guesses cost at each door."""
    told = {}
    for door, form in (
        ("/sign-in", {"password": WRONG}),
        ("/forgotten", {"code": vault.pass_code(), "password": NEW}),
    ):
        await Throttle.all().delete()
        paid.clear()
        answer = await world.browser().post(door, form={"mail": mail} | form)
        assert answer.status_code == 403
        told[door] = sorted(paid)
    return told


async def test_accounts_of_before_and_after_and_strangers_cost_the_same(
    world: World, paid: Paid, dearer: Settings, key_files: KeyFiles
) -> None:
    before = await world.patient("Erika Beispiel")
    short = {"mail": UNKNOWN, "password": PASSWORD, "kind": "patient"}
    assert (await told_of(world, paid, before.mail)) == await told_of(world, paid, UNKNOWN)
    assert (await world.browser().post("/register/short", form=short)).status_code == 303

    keys.configure(key_files, dearer)
    after = await world.patient("Ben Brandt")

    people = (before.mail, after.mail, UNKNOWN, "nobody.else@example.test")
    told = [await told_of(world, paid, each) for each in people]
    assert told[1:] == told[:1] * 3
    assert len(set(told[0]["/sign-in"])) == 2, "one of before and one of today"


async def test_a_password_moves_to_todays_cost_when_its_owner_signs_in(
    world: World, paid: Paid, dearer: Settings, key_files: KeyFiles
) -> None:
    erika = await world.patient("Erika Beispiel")
    short = {"mail": UNKNOWN, "password": PASSWORD, "kind": "patient"}
    assert (await world.browser().post("/register/short", form=short)).status_code == 303
    old = set(await HumanWrap.filter(how="password").values_list("id", flat=True))
    keys.configure(key_files, dearer)

    for mail in (erika.mail, UNKNOWN):
        two = await asyncio.gather(*(world.signs_in(mail) for _ in range(2)))
        assert [(await browser.get("/profile")).status_code for _, browser in two] == [200, 200]

    moved = await HumanWrap.filter(how="password").values_list("id", "cost", "principal")
    assert {row[0] for row in moved} == old, "the same wraps, so nobody beside is sent away"
    assert {row[1] for row in moved} == {"47104,2,1"}
    keys.configure(key_files, dearer)  # the tables are asked anew, as after ten minutes
    assert len(set((await told_of(world, paid, erika.mail))["/sign-in"])) == 1
    await world.signs_in(erika.mail)


async def test_one_edited_row_makes_no_guess_at_anybody_else_dearer(
    world: World, paid: Paid
) -> None:
    """A row that names a gibibyte costs who guesses at that account, and nobody else."""
    erika, ben = await world.patient("Erika Beispiel"), await world.patient("Ben Brandt")
    before = await told_of(world, paid, ben.mail)

    await HumanWrap.filter(principal=erika.actor.id).update(cost="1048576,16,1")

    assert await told_of(world, paid, ben.mail) == before == await told_of(world, paid, UNKNOWN)
