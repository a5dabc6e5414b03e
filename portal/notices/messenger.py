"""
Bringing to mailboxes and devices that something waits, whichever process is first.

A mail and the row that asked for it change hands in one transaction: whoever deletes the row puts
the mail into the outbox, so there is exactly one in each window, also when a process dies.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from portal import accounts
from portal.core.actor import AccountId
from portal.core.background import background
from portal.core.db import now, transaction
from portal.core.events import listening
from portal.notices import preferences, stopping, sweeping, timing
from portal.notices.events import NoticesDue
from portal.notices.models import Notice, NoticeDue

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 15.0
SWEEP_SECONDS: Final = 3600.0
AT_ONCE: Final = 50
RETRY: Final = timedelta(hours=1)

Clock = Callable[[], datetime]


class Messenger:
    """Tells by mail and push that something waits."""

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock

    async def deliver_due(self) -> int:
        """Bring what is due at this moment; how many were told."""
        told = 0
        while rows := await self._due("mail"):
            for row in rows:
                told += await self._mailed(row)
        return told

    async def _mailed(self, row: NoticeDue) -> bool:
        try:
            return await self._mail(row)
        except Exception as error:  # noqa: BLE001 -- one account that cannot be written to holds up no other
            log.error("notice %s not mailed: %s", row.id, type(error).__name__)  # noqa: TRY400
            later = self._clock() + RETRY
            await NoticeDue.filter(id=row.id).update(due_at=later)
            return False

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Deliver and sweep in the background while the block lasts."""
        wake = asyncio.Event()

        async def hear(_event: NoticesDue) -> None:
            wake.set()

        with listening(NoticesDue, hear):
            async with background(self._work(wake), self._sweep()):
                yield

    async def _work(self, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                await self.deliver_due()
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
        waiting = NoticeDue.filter(channel=channel, due_at__lte=self._clock())
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
