"""Putting mails into the outbox, and saying what became of one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from portal import keys, vault
from portal.core.db import announce, now, transaction
from portal.mailing.addresses import Address
from portal.mailing.letters import Letter
from portal.mailing.models import Undelivered, Waiting

WORTH_SENDING: Final = timedelta(days=5)
"""How long a mail is tried when its sender names no end of its own."""
REMEMBERED: Final = timedelta(days=1)
"""How long it is known that a mail could not be delivered."""
NOBODY: Final = ""
"""The kind of a letter that the postman throws away."""

MailStatus = Literal["waiting", "delayed", "gone", "refused", "late"]
"""On its way; tried in vain and tried again; taken by a server; no such mailbox; given up."""


@dataclass(frozen=True, slots=True)
class MailWaiting:
    """Something entered the outbox of this process; the worker need not wait for its next look."""


async def send(
    kind: str, to: Address, language: str, *, until: datetime | None = None, **params: Any
) -> UUID:
    """
    Write to *to* with the template `mailing/<kind>.txt` filled with *params* (JSON values).

    Joins the caller's transaction and is delivered after its commit, tried again until *until*.
    The answer is a name for `status_of`: random, and it says nothing about anybody.
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
    return row


async def send_to_nobody(like: Address) -> None:
    """
    An outbox row like that of any mail to an address such as *like*, thrown away by the postman.

    For a verb whose time must not tell whether there is somebody to write to.
    """
    await send(NOBODY, like, "en")


async def status_of(name: str) -> MailStatus:
    """What became of a mail that `send` named; `gone` when it was taken, and for made-up names."""
    try:
        row = UUID(name)
    except ValueError:
        return "gone"
    waiting = await Waiting.get_or_none(id=row).only("tries")
    if waiting is not None:
        return "delayed" if waiting.tries else "waiting"
    ended = await Undelivered.get_or_none(id=row, at__gt=now() - REMEMBERED)
    if ended is None:
        return "gone"
    return "refused" if ended.why == "refused" else "late"


@dataclass(frozen=True, slots=True)
class Outbox:
    """What the operator is told; no mail is named."""

    waiting: int
    delayed: int
    """Of these, tried in vain at least once."""
    undelivered: int
    """Given up within the last day."""


async def outbox() -> Outbox:
    """How the mails are going."""
    return Outbox(
        waiting=await Waiting.all().count(),
        delayed=await Waiting.filter(tries__gt=0).count(),
        undelivered=await Undelivered.filter(at__gt=now() - REMEMBERED).count(),
    )


def open_letter(row: UUID, boxed: bytes) -> Letter:
    """The letter in an outbox row.  Raises `vault.Tampered` when it is not that row's."""
    return Letter.unpack(vault.unbox(keys.pepper_key("mail"), boxed, _context(row)))


def _context(row: UUID) -> bytes:
    return vault.contexts.text("portal", row, 0, "mail_waiting", "letter", row, 0)
