"""
Which stored object belongs to whom, and whether there is room for one more.

The rows are written in the same transaction as whatever refers to the objects, so an object
without a row is always left over from something that did not happen.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F
from tortoise.functions import Sum

from portal.core.actor import AccountId
from portal.core.db import now, transaction
from portal.storing.errors import QuotaFull
from portal.storing.models import StoredObject, Usage


@dataclass(frozen=True, slots=True)
class Space:
    """An account's space in bytes."""

    used: int
    allowed: int

    @property
    def free(self) -> int:
        """What may still be stored."""
        return max(0, self.allowed - self.used)


async def space(account: AccountId, free_quota: int) -> Space:
    """How much of its space *account* uses; *free_quota* bytes unless it was given more."""
    row = await Usage.get_or_none(account=account)
    if row is None:
        return Space(0, free_quota)
    return Space(row.used, free_quota if row.allowed is None else row.allowed)


async def keep(
    account: AccountId, holding: UUID, sizes: Mapping[UUID, int], free_quota: int | None
) -> None:
    """
    Count stored objects (id to bytes) as *account*'s, part of *holding*.

    Raises `QuotaFull` when they do not fit; the surrounding transaction then leaves no trace.
    Without a quota they are counted but never refused: housekeeping must not fail half-way.
    """
    if not sizes:
        return
    total = sum(sizes.values())
    async with transaction():
        await _charge(account, total, free_quota)
        moment = now()
        await StoredObject.bulk_create(
            [
                StoredObject(id=each, owner=account, holding=holding, size=size, created_at=moment)
                for each, size in sizes.items()
            ]
        )


async def _charge(account: AccountId, size: int, free_quota: int | None) -> None:
    # Inserting first makes the row exist without a race; the UPDATE decides who still fits.
    await Usage.bulk_create([Usage(account=account, used=0)], ignore_conflicts=True)
    mine = Usage.filter(account=account)
    if free_quota is None:
        await mine.update(used=F("used") + size)
        return
    limit = (await space(account, free_quota)).allowed
    fits = await mine.filter(used__lte=limit - size).update(used=F("used") + size)
    if not fits:
        there = await space(account, free_quota)
        raise QuotaFull(free=there.free, needed=size)


async def let_go(objects: Collection[UUID], *, at: datetime | None = None) -> None:
    """These objects are needed no longer: their space is free at once, the sweeper removes them."""
    rows = await StoredObject.filter(id__in=list(objects), gone_at=None)
    await _let_go(rows, at or now())


async def let_go_of(holding: UUID) -> None:
    """The same for everything that belongs to *holding*."""
    await _let_go(await StoredObject.filter(holding=holding, gone_at=None), now())


async def _let_go(rows: Collection[StoredObject], moment: datetime) -> None:
    for row in rows:
        async with transaction():
            # Only whoever marks the row gives its bytes back: no object is given back twice.
            if await StoredObject.filter(id=row.id, gone_at=None).update(gone_at=moment):
                await Usage.filter(account=row.owner).update(used=F("used") - row.size)


async def forget_account(account: AccountId) -> None:
    """Whatever is still kept for *account* is let go of, and its space is no longer counted."""
    await _let_go(await StoredObject.filter(owner=account, gone_at=None), now())
    await Usage.filter(account=account).delete()


async def objects_of(holding: UUID) -> frozenset[UUID]:
    """The ids of everything kept for *holding*."""
    rows = await StoredObject.filter(holding=holding, gone_at=None).only("id")
    return frozenset(row.id for row in rows)


async def sizes_of(holdings: Collection[UUID]) -> dict[UUID, int]:
    """Bytes that each of *holdings* really takes, in one query."""
    rows = (
        await StoredObject.filter(holding__in=list(holdings), gone_at=None)
        .annotate(total=Sum("size"))
        .group_by("holding")
        .values_list("holding", "total")
    )
    return {holding: int(total) for holding, total in rows}
