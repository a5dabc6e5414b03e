"""
The postman: takes what is due out of the outbox, whichever process is first, and carries it away.

A row is taken by one UPDATE that also says until when (a lease), so two processes never carry the
same mail at once and one that dies gives it back.  No transaction is open while a server is asked.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from email.message import EmailMessage
from typing import Final
from uuid import UUID

import aiosmtplib
from tortoise.expressions import Q

from portal.core.background import background
from portal.core.db import now, transaction
from portal.core.events import listening
from portal.core.settings import Settings
from portal.mailing import mailbox
from portal.mailing.letters import Letter, message, write
from portal.mailing.models import Undelivered, Waiting
from portal.mailing.service import NOBODY, REMEMBERED, MailWaiting, open_letter, outbox

log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=90)
SMTP_SECONDS: Final = 30.0
"""Longest silence of a mail server; well below the lease."""
LOOK_SECONDS: Final = 15.0
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
AT_ONCE: Final = 20
COMPLAINTS: Final = timedelta(hours=1)
PERMANENT: Final = range(550, 555)
"""Answers that say this mailbox will never take it (RFC 5321 section 4.2.3)."""

AWAY: Final = (OSError, aiosmtplib.SMTPConnectError, aiosmtplib.SMTPTimeoutError)
"""Faults of the mail server itself, whichever mail it is."""

Carry = Callable[[EmailMessage], Awaitable[None]]


class Refused(Exception):
    """The receiving server knows no such mailbox; trying again is no use."""


class PostOffice:
    """Delivers what `send` put into the outbox: by SMTP or into the mailbox page, as is set."""

    def __init__(self, settings: Settings) -> None:
        self._origin = settings.origin
        self._sender = settings.mail_from
        self._away = False
        self._quiet_until = now()
        self._carry: Carry = mailbox.keep if settings.mail == "mailbox" else by_smtp(settings)

    async def deliver_due(self) -> int:
        """
        Carry every mail that is due at this moment; how many left the outbox.

        A mail server that does not answer ends the round: the others need not each find that out.
        """
        self._away = False
        gone = 0
        while rows := await Waiting.filter(_is_due()).order_by("due_at").limit(AT_ONCE):
            taken = 0
            for row in rows:
                if await _taken(row):  # one by one: the lease is as long as one mail takes
                    taken += 1
                    gone += await self._deliver(row)
                if self._away:
                    return gone
            if not taken:
                break
        return gone

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Deliver in the background while the block lasts."""
        wake = asyncio.Event()

        async def hear(_event: MailWaiting) -> None:
            wake.set()

        with listening(MailWaiting, hear):
            async with background(self._work(wake)):
                yield

    async def _work(self, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                await self.deliver_due()
                await self._every_hour()
            except Exception as error:  # noqa: BLE001 -- the worker outlives a database that is away
                log.warning("outbox: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), LOOK_SECONDS)

    async def _every_hour(self) -> None:
        """Once an hour: say in the log what could not be delivered yet, forget what never was."""
        moment = now()
        if moment < self._quiet_until:
            return
        self._quiet_until = moment + COMPLAINTS
        await Undelivered.filter(at__lt=moment - REMEMBERED).delete()
        found = await outbox()
        if found.delayed:
            log.error("%d of %d mails could not be delivered yet", found.delayed, found.waiting)

    async def _deliver(self, row: Waiting) -> bool:
        """Carry one mail; whether its row is gone from the outbox afterwards."""
        if row.expires_at <= now():
            log.warning("mail %s given up after %d tries", row.id, row.tries)
            await _end(row, "late")
            return True
        try:
            letter = open_letter(row.id, row.letter)
            mail = self._written(row.id, letter) if letter.kind != NOBODY else None
        except Exception as error:  # noqa: BLE001 -- one letter that cannot be read holds up no other
            log.error("mail %s cannot be written: %s", row.id, type(error).__name__)  # noqa: TRY400
            await _try_later(row)
            return False
        try:
            if mail is not None:
                await self._carry(mail)
        except Refused:
            log.warning("mail %s: no such mailbox", row.id)
            await _end(row, "refused")
            return True
        except (aiosmtplib.SMTPException, OSError) as error:
            self._away = isinstance(error, AWAY)
            log.warning("mail %s: %s", row.id, type(error).__name__)
            await _try_later(row)
            return False
        await row.delete()
        return True

    def _written(self, row: UUID, letter: Letter) -> EmailMessage:
        """The mail that *letter* becomes."""
        words = write(letter, self._origin)
        return message(letter, words, row=row, sender=self._sender, origin=self._origin)


def by_smtp(settings: Settings) -> Carry:
    """Hand mails to the configured server; its password is read anew for each, as it may change."""

    async def carry(mail: EmailMessage) -> None:
        password = None
        if settings.smtp_password_file is not None:
            password = (await asyncio.to_thread(settings.smtp_password_file.read_text)).strip()
        try:
            await aiosmtplib.send(
                mail,
                recipients=[each.addr_spec for each in mail["To"].addresses],
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_user or None,
                password=password,
                use_tls=settings.smtp_tls == "tls",
                start_tls=settings.smtp_tls == "starttls",
                timeout=SMTP_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(each.code in PERMANENT for each in error.recipients):
                raise Refused from None
            raise

    return carry


def _is_due() -> Q:
    moment = now()
    return Q(due_at__lte=moment) & (Q(lease_until=None) | Q(lease_until__lt=moment))


async def _taken(row: Waiting) -> bool:
    """Whether this process may carry *row* for a `LEASE`; one UPDATE decides between many."""
    mine = Waiting.filter(Q(id=row.id, tries=row.tries) & _is_due())
    return await mine.update(lease_until=now() + LEASE) == 1


async def _end(row: Waiting, why: str) -> None:
    """The mail will never arrive: its words go, that much is kept for whoever waits for it."""
    async with transaction():
        if await Waiting.filter(id=row.id).delete():
            await Undelivered.create(id=row.id, why=why, at=now())


async def _try_later(row: Waiting) -> None:
    wait = min(FIRST_WAIT * 2 ** min(row.tries, 20), LONGEST_WAIT)  # a larger power overflows
    await Waiting.filter(id=row.id).update(
        due_at=now() + wait, tries=row.tries + 1, lease_until=None
    )
