"""
Which stored object belongs to whom, and whether there is room for one more.

An object's row is there before its first byte and goes after its last: whatever lies on the disk is
counted, and an object without a row is nobody's.  The row says when the object goes, `gone_at`, by
the database's clock: in an hour, while it is new and nothing refers to it; never, once `keep` was
committed together with what refers to it; at once, when it is let go of.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, cast
from uuid import UUID

from tortoise.expressions import F
from tortoise.functions import Sum

from portal.core.actor import AccountId
from portal.core.db import transaction
from portal.core.errors import Busy
from portal.storing.clock import database_now
from portal.storing.errors import QuotaFull, StillLeaving
from portal.storing.guide import Fits
from portal.storing.models import StoredObject, Usage

UNKEPT: Final = timedelta(hours=1)
"""From the row of an object to the commit of what refers to it."""
GRACE: Final = timedelta(minutes=10)
"""Whoever began to read what was then replaced may finish."""
ON_DISK: Final = 2
"""An account may have so many times its space on the disk, whatever it adds and deletes."""
AT_ONCE: Final = 1_000
"""Objects named in one statement; databases take no more than some thousand values."""
PAUSE: Final = 60
"""Seconds after which to try again when that much lies there."""


class Payer(NamedTuple):
    """Whose space the bytes of a new object take; without a quota they are never refused."""

    account: AccountId
    free_quota: int | None


@dataclass(frozen=True, slots=True)
class Space:
    """An account's space in bytes."""

    used: int
    allowed: int

    @property
    def free(self) -> int:
        """What may still be stored."""
        return max(0, self.allowed - self.used)

    @property
    def fits(self) -> Fits:
        """About how many examinations of which kind that is."""
        return Fits.into(self.free)


async def space(account: AccountId, free_quota: int) -> Space:
    """How much of its space *account* uses; *free_quota* bytes unless it was given more."""
    row = await Usage.get_or_none(account=account)
    if row is None:
        return Space(0, free_quota)
    return Space(row.used, free_quota if row.allowed is None else row.allowed)


async def intend(by: Payer, holding: UUID, object_id: UUID, size: int) -> None:
    """
    Before an object is written: its row, in a transaction of its own.

    Raises `QuotaFull`, and `StillLeaving` when the account's objects, those included that are about
    to go, would take more than `ON_DISK` times its space.
    """
    moment = await database_now()
    async with transaction():
        await _lock(by.account)
        if by.free_quota is not None:
            there = await space(by.account, by.free_quota)
            if size > there.free:
                raise QuotaFull(free=there.free, needed=size)
            if there.used + await passing(by.account) + size > ON_DISK * there.allowed:
                raise StillLeaving(retry_after=PAUSE)
        await StoredObject.create(
            id=object_id, owner=by.account, holding=holding, size=size, created_at=moment,
            gone_at=moment + UNKEPT,
        )  # fmt: skip


async def passing(account: AccountId) -> int:
    """Bytes of *account* on the disk that nothing refers to: not yet, or no longer."""
    mine = StoredObject.filter(owner=account, gone_at__isnull=False)
    sums = await mine.annotate(total=Sum("size")).values("total")
    return int(sums[0]["total"] or 0)


async def keep(
    account: AccountId, holding: UUID, sizes: Mapping[UUID, int], free_quota: int | None
) -> None:
    """
    Something refers to these objects (id to bytes that count) from now on; joins its transaction.

    Raises `QuotaFull` when they do not fit, `Busy` when one is no longer there because it waited
    for too long; the surrounding transaction then leaves no trace.  Without a quota they are
    counted but never refused: housekeeping must not fail half-way.
    """
    if not sizes:
        return
    async with transaction():
        await _charge(account, sum(sizes.values()), free_quota)
        moment = await database_now()
        for each, size in sizes.items():
            mine = StoredObject.filter(id=each, owner=account, holding=holding, gone_at__gt=moment)
            # One statement decides between us and the sweeper.
            if not await mine.update(gone_at=None, size=size):
                raise Busy(retry_after=1)


async def prolong(account: AccountId, objects: Collection[UUID]) -> None:
    """Somebody still works with these new objects: from now on they have as long as at first."""
    moment, every = await database_now(), sorted(objects)
    for start in range(0, len(every), AT_ONCE):
        some = every[start : start + AT_ONCE]
        mine = StoredObject.filter(id__in=some, owner=account, gone_at__gt=moment)
        # One statement decides between us and the sweeper.
        await mine.update(gone_at=moment + UNKEPT)


async def keep_in_rows(
    account: AccountId, holding: UUID, more: int, free_quota: int | None
) -> None:
    """
    *more* bytes (fewer, when negative) of *holding* lie in rows of the database from now on; joins
    the transaction that writes them.

    They count like objects, as one that has the holding's own id and does not lie in the store.
    Raises `QuotaFull` when they do not fit.
    """
    async with transaction():
        await _charge(account, more, free_quota)
        mine = StoredObject.filter(id=holding, owner=account, gone_at=None)
        if not await mine.update(size=F("size") + more):
            await StoredObject.create(
                id=holding, owner=account, holding=holding, size=more,
                created_at=await database_now(),
            )  # fmt: skip


async def _lock(account: AccountId) -> None:
    """The row that orders everything that changes what an account has on the disk."""
    await Usage.bulk_create([Usage(account=account, used=0)], ignore_conflicts=True)
    await Usage.filter(account=account).update(used=F("used"))


async def _charge(account: AccountId, size: int, free_quota: int | None) -> None:
    await _lock(account)
    there = await space(account, free_quota or 0)
    if free_quota is not None and size > there.free:
        raise QuotaFull(free=there.free, needed=size)
    await Usage.filter(account=account).update(used=F("used") + size)


async def let_go(objects: Collection[UUID]) -> None:
    """
    Others took the place of these objects.

    Their space is free at once, and the sweeper removes them when whoever reads them has finished.
    """
    rows = await StoredObject.filter(id__in=list(objects), gone_at=None)
    await _let_go(rows, await database_now())


async def let_go_of(holding: UUID) -> None:
    """Everything that belongs to *holding* is deleted: it goes with the sweeper's next turn."""
    moment = await _at_once()
    await _let_go(await StoredObject.filter(holding=holding, gone_at=None), moment)
    await StoredObject.filter(holding=holding, gone_at__gt=moment).update(gone_at=moment)


async def drop_at_once(objects: Collection[UUID]) -> None:
    """The same for single objects that nobody else can be reading."""
    rows = await StoredObject.filter(id__in=list(objects), gone_at=None)
    await _let_go(rows, await _at_once())


async def _at_once() -> datetime:
    return await database_now() - GRACE - timedelta(seconds=1)


async def _let_go(rows: Collection[StoredObject], moment: datetime) -> None:
    """A few statements for any number of objects, of one owner or of several."""
    every = sorted(rows, key=lambda row: row.owner)
    for start in range(0, len(every), AT_ONCE):
        some = every[start : start + AT_ONCE]
        async with transaction():
            # Always in one order, and before looking: no object is given back twice.
            for owner in sorted({row.owner for row in some}):
                await Usage.filter(account=owner).update(used=F("used"))
            still = StoredObject.filter(id__in=[row.id for row in some], gone_at=None)
            freed: Counter[UUID] = Counter()
            for owner, size in await still.values_list("owner", "size"):
                freed[UUID(str(owner))] += int(size)
            await still.update(gone_at=moment)
            for owner, size in freed.items():
                await Usage.filter(account=owner).update(used=F("used") - size)


async def forget_account(account: AccountId) -> None:
    """Whatever is still kept for *account* is let go of, and its space is no longer counted."""
    moment = await _at_once()
    await _let_go(await StoredObject.filter(owner=account, gone_at=None), moment)
    await StoredObject.filter(owner=account, gone_at__gt=moment).update(gone_at=moment)
    await Usage.filter(account=account).delete()


async def removed(objects: Collection[UUID]) -> None:
    """These objects lie there no more: their rows go, and what counted for nothing else."""
    mine = StoredObject.filter(id__in=list(objects), gone_at__isnull=False)
    async with transaction():
        owners = sorted(set(cast("list[UUID]", await mine.values_list("owner", flat=True))))
        for owner in owners:  # one after the other: the last to go sees that it is
            await Usage.filter(account=owner).update(used=F("used"))
        await mine.delete()
        left = set(await StoredObject.filter(owner__in=owners).distinct()
                   .values_list("owner", flat=True))  # fmt: skip
        # An account that ended in the middle of an upload leaves no row.
        empty = Usage.filter(account__in=list({*owners} - left), used=0, allowed=None)
        await empty.delete()


async def objects_of(holding: UUID) -> frozenset[UUID]:
    """The ids of everything kept for *holding*."""
    rows = await StoredObject.filter(holding=holding, gone_at=None).only("id")
    return frozenset(row.id for row in rows)


async def shares_of(account: AccountId) -> dict[UUID, int]:
    """
    Bytes of every holding of *account*, all seen at one moment, so that their sum is what it uses.

    Two questions one after the other may see different moments: work in the background writes
    frames and gives originals back at any time.
    """
    rows = (
        await StoredObject.filter(owner=account, gone_at=None)
        .annotate(total=Sum("size"))
        .group_by("holding")
        .values_list("holding", "total")
    )
    return {holding: int(total) for holding, total in rows}


async def sizes_of(holdings: Collection[UUID]) -> dict[UUID, int]:
    """Bytes that each of *holdings* really takes, in one query."""
    rows = (
        await StoredObject.filter(holding__in=list(holdings), gone_at=None)
        .annotate(total=Sum("size"))
        .group_by("holding")
        .values_list("holding", "total")
    )
    return {holding: int(total) for holding, total in rows}
