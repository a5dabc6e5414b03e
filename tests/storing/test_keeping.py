"""Every byte counts once, for whoever really stores it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from portal import storing
from portal.core.actor import AccountId
from portal.core.db import Database, now
from portal.core.settings import Settings
from portal.storing import QuotaFull, Room

QUOTA = 1_073_741_824
"""S-124: one gigabyte for every free account."""


@pytest.fixture
def alice(database: Database) -> AccountId:
    return AccountId(uuid4())


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> storing.Store:
    config = replace(settings, object_folder=tmp_path / "objects")
    return storing.Store(config, room=lambda _: Room(2**40, 2**40))


async def _keep(alice: AccountId, size: int, holding: UUID | None = None) -> UUID:
    object_id = uuid4()
    await storing.keep(alice, holding or uuid4(), {object_id: size}, QUOTA)
    return object_id


async def test_a_free_account_holds_one_gigabyte_to_the_byte(alice: AccountId) -> None:
    await _keep(alice, QUOTA - 10)

    with pytest.raises(QuotaFull) as refused:
        await _keep(alice, 11)
    await _keep(alice, 10)

    assert refused.value.details == {"free": 10, "needed": 11}
    assert await storing.space(alice, QUOTA) == storing.Space(QUOTA, QUOTA)


async def test_two_at_once_cannot_share_the_last_space(alice: AccountId) -> None:
    await _keep(alice, QUOTA - 15)

    said = await asyncio.gather(*(_keep(alice, 10) for _ in range(4)), return_exceptions=True)

    assert sum(isinstance(each, UUID) for each in said) == 1
    assert (await storing.space(alice, QUOTA)).free == 5


async def test_what_is_let_go_frees_its_space_once(alice: AccountId) -> None:
    holding = uuid4()
    first = await _keep(alice, 100, holding)
    await _keep(alice, 50, holding)

    await asyncio.gather(*(storing.let_go([first]) for _ in range(3)))

    assert (await storing.space(alice, QUOTA)).used == 50
    assert await storing.sizes_of([holding]) == {holding: 50}
    await storing.let_go_of(holding)
    assert (await storing.space(alice, QUOTA)).used == 0


async def test_the_sweeper_takes_what_is_due_and_nothing_else(
    alice: AccountId, store: storing.Store
) -> None:
    kept, gone, orphan = uuid4(), uuid4(), uuid4()
    for each in (kept, gone, orphan):
        await store.put(each, b"0123456789")
    await storing.keep(alice, uuid4(), {kept: 10, gone: 10}, QUOTA)
    await storing.let_go([gone])

    assert await storing.sweep(store) == 0, "readers may finish, uploads may still commit"
    assert await storing.sweep(store, at=now() + timedelta(hours=2)) == 2

    assert await store.get(kept) == b"0123456789"
    for each in (gone, orphan):
        with pytest.raises(FileNotFoundError):
            await store.get(each)
    assert await storing.sweep(store, at=now() + timedelta(hours=2)) == 0
