"""Every byte counts once, for whoever really stores it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from portal import storing
from portal.core.actor import AccountId
from portal.core.db import Database, now
from portal.core.errors import Busy
from portal.storing import QuotaFull, Room, StillLeaving, keeping
from portal.storing.models import StoredObject, Usage
from tests.queries import counting

QUOTA = 1_073_741_824
"""S-124: one gigabyte for every free account."""


@pytest.fixture
def alice(database: Database) -> AccountId:
    return AccountId(uuid4())


@pytest.fixture
def store(tmp_path: Path) -> storing.Store:
    return storing.FolderStore(tmp_path / "objects", room=lambda _: Room(2**40, 2**40))


async def _intend(alice: AccountId, size: int, holding: UUID) -> UUID:
    object_id = uuid4()
    await keeping.intend(storing.Payer(alice, QUOTA), holding, object_id, size)
    return object_id


async def _keep(alice: AccountId, size: int, holding: UUID | None = None) -> UUID:
    holding = holding or uuid4()
    object_id = await _intend(alice, size, holding)
    await storing.keep(alice, holding, {object_id: size}, QUOTA)
    return object_id


async def _put(store: storing.Store, alice: AccountId, holding: UUID) -> UUID:
    object_id = uuid4()
    await storing.write(store, storing.Payer(alice, QUOTA), holding, object_id, b"0123456789")
    return object_id


class _After:
    """An update that something else comes before."""

    def __init__(self, first: Awaitable[None], query: Callable[[], Any]) -> None:
        self._first, self._query = first, query

    async def update(self, **changes: Any) -> int:
        await self._first
        return int(await self._query().update(**changes))


async def _counted(alice: AccountId) -> None:
    """Whatever has a row is in exactly one of the two sums."""
    rows = await StoredObject.filter(owner=alice)
    assert (await storing.space(alice, QUOTA)).used == sum(
        row.size for row in rows if row.gone_at is None
    )
    assert await keeping.passing(alice) == sum(row.size for row in rows if row.gone_at)


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


async def test_forgetting_an_account_costs_the_same_for_two_objects_and_for_twenty(
    alice: AccountId,
) -> None:
    costs = []
    for many in (2, 20):
        other = AccountId(uuid4())
        for _ in range(many):
            await _keep(other, 10)
        await _keep(alice, 10)
        with counting() as sent:
            await storing.forget_account(other)
        costs.append(len(sent))
        assert await StoredObject.filter(owner=other, gone_at=None).count() == 0
        assert await Usage.filter(account=other).count() == 0

    assert costs[0] == costs[1]
    assert (await storing.space(alice, QUOTA)).used == 20


async def test_what_two_accounts_keep_together_is_given_back_to_each(alice: AccountId) -> None:
    ben, holding = AccountId(uuid4()), uuid4()
    for owner, size in ((alice, 5), (ben, 7), (alice, 11), (ben, 13)):
        await _keep(owner, size, holding)
    await _keep(ben, 17)

    await asyncio.gather(*(storing.let_go_of(holding) for _ in range(3)))

    assert (await storing.space(alice, QUOTA)).used == 0
    assert (await storing.space(ben, QUOTA)).used == 17
    for each in (alice, ben):
        await _counted(each)


async def test_the_sweeper_takes_what_is_due_and_nothing_else(
    alice: AccountId, store: storing.Store
) -> None:
    holding = uuid4()
    kept, gone, cut = [await _put(store, alice, holding) for _ in range(3)]
    orphan = uuid4()
    await store.put(orphan, b"0123456789")
    await storing.keep(alice, holding, {kept: 10, gone: 10}, QUOTA)
    await storing.let_go([gone])

    assert await storing.sweep(store) == 0, "readers may finish, uploads may still commit"
    assert await storing.sweep(store, at=now() + timedelta(hours=2)) == 3

    assert await store.get(kept) == b"0123456789"
    for each in (gone, cut, orphan):
        with pytest.raises(FileNotFoundError):
            await store.get(each)
    assert await storing.sweep(store, at=now() + timedelta(hours=2)) == 0
    await _counted(alice)


async def test_bytes_count_until_they_are_really_gone(
    alice: AccountId, store: storing.Store
) -> None:
    """Who fills the account and deletes may fill it once more, and then waits for the sweeper."""
    first, second = uuid4(), uuid4()
    await _keep(alice, QUOTA, first)
    await storing.let_go_of(first)
    await _keep(alice, QUOTA, second)
    await storing.let_go_of(second)
    await _counted(alice)

    with pytest.raises(StillLeaving) as refused:
        await _intend(alice, 1, uuid4())

    assert refused.value.details["retry_after"] > 0
    assert await storing.sweep(store) == 2, "what is deleted goes with the next turn"
    await _keep(alice, QUOTA)
    await _counted(alice)


async def test_the_last_two_objects_going_at_once_take_the_account_along(
    alice: AccountId,
) -> None:
    """Each sees the other's row still there; one of them has to be the last."""
    for _ in range(20):
        both = [await _intend(alice, 10, uuid4()) for _ in range(2)]

        await asyncio.gather(*(keeping.removed([each]) for each in both))

        assert not await Usage.filter(account=alice).exists()


async def test_what_lies_in_rows_says_nothing_of_a_store_that_is_still_empty(
    alice: AccountId, store: storing.Store
) -> None:
    """Whoever writes a plan before anybody has uploaded anything does not close the store."""
    await keeping.keep_in_rows(alice, uuid4(), 512, QUOTA)

    await _put(store, alice, uuid4())

    assert await store.is_marked()


@pytest.mark.parametrize("what", ["deleted", "replaced", "never kept"])
async def test_many_at_once_never_have_more_on_the_disk(alice: AccountId, what: str) -> None:
    share = QUOTA // 4

    async def comes_and_goes() -> None:
        holding = uuid4()
        each = await _intend(alice, share, holding)
        if what == "never kept":
            return
        await storing.keep(alice, holding, {each: share}, QUOTA)
        await (storing.let_go_of(holding) if what == "deleted" else storing.let_go([each]))

    for _ in range(3):
        await asyncio.gather(*(comes_and_goes() for _ in range(6)), return_exceptions=True)

    rows = await StoredObject.filter(owner=alice)
    assert sum(row.size for row in rows) == 2 * QUOTA
    await _counted(alice)


async def test_what_waited_for_too_long_is_not_kept(alice: AccountId, store: storing.Store) -> None:
    holding = uuid4()
    each = await _put(store, alice, holding)
    assert await storing.sweep(store, at=now() + timedelta(hours=2)) == 1

    with pytest.raises(Busy):
        await storing.keep(alice, holding, {each: 10}, QUOTA)

    await _counted(alice)
    assert not await Usage.exists()


async def test_nobody_keeps_what_a_sweeper_has_taken(
    alice: AccountId, store: storing.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit comes between the sweeper's look and its hand, whatever either clock says."""
    holding = uuid4()
    each = await _put(store, alice, holding)
    taken: list[str] = []
    delete = store.delete

    async def at_that_moment(object_id: UUID) -> None:
        with pytest.raises(Busy):
            await storing.keep(alice, holding, {each: 10}, QUOTA)
        taken.append(object_id.hex)
        await delete(object_id)

    monkeypatch.setattr(store, "delete", at_that_moment)

    assert await storing.sweep(store, at=now() + timedelta(hours=2)) == 1
    assert taken == [each.hex]
    await _counted(alice)


async def test_what_was_kept_meanwhile_is_no_longer_due(
    alice: AccountId, store: storing.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the other way round: what was due when the sweeper looked was kept before it took it."""
    holding = uuid4()
    each = await _put(store, alice, holding)
    await StoredObject.filter(id=each).update(gone_at=now() + timedelta(seconds=5))
    claim = StoredObject.filter

    def late(**wanted: Any) -> Any:
        if "id__in" in wanted and "gone_at__lt" in wanted:
            monkeypatch.undo()
            kept.append(asyncio.ensure_future(storing.keep(alice, holding, {each: 10}, QUOTA)))
            return _After(kept[0], lambda: claim(**wanted))
        return claim(**wanted)

    kept: list[asyncio.Future[None]] = []
    monkeypatch.setattr(StoredObject, "filter", late)

    assert await storing.sweep(store, at=now() + timedelta(hours=2)) == 0
    assert kept
    assert await store.get(each) == b"0123456789"
    await _counted(alice)
