"""
Bringing to mailboxes and devices that something waits, whichever process is first.

A mail and the row that asked for it change hands in one transaction: whoever deletes the row puts
the mail into the outbox, so there is exactly one in each window, also when a process dies.  A push
needs the network, so its row is lent for a while (a lease) and goes when push services answered.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from tortoise.expressions import Q

from portal import accounts
from portal.core.actor import AccountId
from portal.core.background import background
from portal.core.db import now, transaction
from portal.core.events import listening
from portal.notices import devices, preferences, stopping, sweeping, timing
from portal.notices.events import NoticesDue
from portal.notices.models import Notice, NoticeDue
from portal.notices.pushing import Outcome, Pusher

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 15.0
SWEEP_SECONDS: Final = 3600.0
AT_ONCE: Final = 50
LEASE: Final = timedelta(minutes=1)
FIRST_WAIT: Final = timedelta(minutes=1)
MOST_TRIES: Final = 6
RETRY: Final = timedelta(hours=1)

Clock = Callable[[], datetime]


class Messenger:
    """Tells by mail and push that something waits."""

    def __init__(self, pusher: Pusher, clock: Clock = now) -> None:
        self._pusher = pusher
        self._clock = clock

    async def mail_due(self) -> int:
        """Put the mails that are due into the outbox; how many."""
        told = 0
        while rows := await self._due("mail"):
            for row in rows:
                told += await self._mailed(row)
        return told

    async def push_due(self) -> int:
        """Tell devices what is due; how many accounts were told."""
        told = 0
        while rows := await self._due("push"):
            told += sum(await asyncio.gather(*map(self._pushed, rows)))
        return told

    async def _mailed(self, row: NoticeDue) -> bool:
        try:
            return await self._mail(row)
        except Exception as error:  # noqa: BLE001 -- one account that cannot be written to holds up no other
            log.error("notice %s not mailed: %s", row.id, type(error).__name__)  # noqa: TRY400
            later = self._clock() + RETRY
            await NoticeDue.filter(id=row.id).update(due_at=later)
            return False

    async def _pushed(self, row: NoticeDue) -> bool:
        try:
            return await self._push(row)
        except Exception as error:  # noqa: BLE001 -- one account that cannot be told holds up no other
            log.error("notice %s not pushed: %s", row.id, type(error).__name__)  # noqa: TRY400
            later = self._clock() + RETRY
            await NoticeDue.filter(id=row.id).update(due_at=later, lease_until=None)
            return False

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Deliver and sweep in the background while the block lasts."""
        mails, pushes = asyncio.Event(), asyncio.Event()

        async def hear(_event: NoticesDue) -> None:
            mails.set()
            pushes.set()

        with listening(NoticesDue, hear):
            # Apart from each other: a push service that is slow holds up no mail.
            works = self._work(mails, self.mail_due), self._work(pushes, self.push_due)
            async with background(*works, self._sweep()):
                yield

    async def _work(self, wake: asyncio.Event, bring: Callable[[], Awaitable[int]]) -> None:
        while True:
            wake.clear()
            try:
                await bring()
            except Exception as error:  # noqa: BLE001 -- outlives a database that is away
                log.warning("notices: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), LOOK_SECONDS)

    async def _sweep(self) -> None:
        while True:
            try:
                await sweeping.sweep(self._clock())
            except Exception as error:  # noqa: BLE001 -- outlives a database that is away
                log.warning("sweeping notices: %s", type(error).__name__)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _due(self, channel: str) -> list[NoticeDue]:
        moment = self._clock()
        free = Q(lease_until=None) | Q(lease_until__lt=moment)
        waiting = NoticeDue.filter(free, channel=channel, due_at__lte=moment)
        return await waiting.order_by("due_at").limit(AT_ONCE)

    async def _mail(self, row: NoticeDue) -> bool:
        """Write to one account; whether there was something to say and nothing against it."""
        account, moment = AccountId(row.account), self._clock()
        async with transaction():
            # Whoever deletes it writes; others, and a second look of ours, find nothing to delete.
            if not await NoticeDue.filter(id=row.id, due_at__lte=moment).delete():
                return False
            wishes = await preferences.of(account)
            later = timing.held(wishes.timing, moment, urgent=row.urgent)
            if later > moment:
                row.due_at = later
                await row.save(force_create=True)
                return False
            unread = Notice.filter(
                account=account, read_at=None, mailed=False, kind__in=wishes.kinds("mail")
            )
            if wishes.mails_stopped or not await unread.update(mailed=True):
                return False
            await accounts.write_to(account, "waiting", stop=await stopping.path_for(account))
        return True

    async def _push(self, row: NoticeDue) -> bool:
        """Tell the devices of one account; whether there was something to say."""
        moment, account = self._clock(), AccountId(row.account)
        free = Q(lease_until=None) | Q(lease_until__lt=moment)
        mine = NoticeDue.filter(free, id=row.id, due_at__lte=moment)
        if not await mine.update(lease_until=moment + LEASE):
            return False
        wishes = await preferences.of(account)
        later = timing.held(wishes.timing, moment, urgent=row.urgent)
        if later > moment:
            await NoticeDue.filter(id=row.id).update(due_at=later, lease_until=None)
            return False
        unread = Notice.filter(
            account=account, read_at=None, pushed=False, kind__in=wishes.kinds("push")
        )
        said = await unread.exists()
        outcomes = await self._tell_devices(account) if said else []
        if Outcome.LATER in outcomes and row.tries < MOST_TRIES:
            again = moment + FIRST_WAIT * 2**row.tries
            await NoticeDue.filter(id=row.id).update(
                due_at=again, tries=row.tries + 1, lease_until=None
            )
            return False
        async with transaction():
            # What was told meanwhile has touched the row, so that it stays and comes next.
            if not await NoticeDue.filter(id=row.id, told_at=row.told_at).delete():
                await NoticeDue.filter(id=row.id).update(tries=0, lease_until=None)
            await unread.filter(at__lte=row.told_at).update(pushed=True)
        return said

    async def _tell_devices(self, account: AccountId) -> list[Outcome]:
        found, speaks = await devices.devices_of(account), await accounts.language_of(account)
        asked = (self._pusher.push(each, speaks) for each in found.values())
        outcomes = await asyncio.gather(*asked)
        for device, outcome in zip(found, outcomes, strict=True):
            if outcome is Outcome.GONE:
                await devices.forget(device)
        return outcomes
