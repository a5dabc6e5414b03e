"""Putting mails into the outbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from portal import keys, vault
from portal.core.db import announce, now, transaction
from portal.mailing.addresses import Address
from portal.mailing.letters import Letter
from portal.mailing.models import Waiting

WORTH_SENDING: Final = timedelta(days=5)
"""How long a mail is tried when its sender names no end of its own."""


@dataclass(frozen=True, slots=True)
class MailWaiting:
    """Something entered the outbox of this process; the worker need not wait for its next look."""


async def send(
    kind: str, to: Address, language: str, *, until: datetime | None = None, **params: Any
) -> None:
    """
    Write to *to* with the template `mailing/<kind>.txt` filled with *params* (JSON values).

    Joins the caller's transaction and is delivered after its commit, tried again until *until*.
    """
    letter = Letter(kind, to.text, language, params)
    moment, row = now(), uuid4()
    async with transaction():
        await Waiting.create(
            id=row,
            letter=vault.box(keys.pepper_key("mail"), letter.pack(), _context(row)),
            due_at=moment,
            expires_at=until or moment + WORTH_SENDING,
        )
        announce(MailWaiting())


def open_letter(row: UUID, boxed: bytes) -> Letter:
    """The letter in an outbox row.  Raises `vault.Tampered` when it is not that row's."""
    return Letter.unpack(vault.unbox(keys.pepper_key("mail"), boxed, _context(row)))


def _context(row: UUID) -> bytes:
    return vault.contexts.text("portal", row, 0, "mail_waiting", "letter", row, 0)
