"""The mailbox of a demo or a test: mails are kept, boxed, and shown instead of being sent."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Final
from uuid import UUID, uuid4

from portal import keys, vault
from portal.core.db import now
from portal.mailing.models import Delivered

KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """What arrived."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    delivered_at: datetime

    @property
    def paragraphs(self) -> list[str]:
        return self.text.strip().split("\n\n")


async def keep(mail: EmailMessage) -> None:
    """Put *mail* into the mailbox; the oldest beyond `KEPT` go."""
    body = mail.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    packed = json.dumps({"to": mail["To"], "subject": mail["Subject"], "text": text}).encode()
    row = uuid4()
    await Delivered.create(
        id=row,
        mail=vault.box(keys.pepper_key("mail"), packed, _context(row)),
        delivered_at=now(),
    )
    old = (
        await Delivered.all()
        .order_by("-delivered_at")
        .offset(KEPT)
        .limit(KEPT)
        .values_list("id", flat=True)
    )
    if old:
        await Delivered.filter(id__in=list(old)).delete()


async def newest(limit: int = 50) -> list[Mail]:
    """What arrived, newest first."""
    rows = await Delivered.all().order_by("-delivered_at").limit(limit)
    return [_open(row) for row in rows]


def _open(row: Delivered) -> Mail:
    packed = vault.unbox(keys.pepper_key("mail"), row.mail, _context(row.id))
    return Mail(**json.loads(packed), delivered_at=row.delivered_at)


def _context(row: UUID) -> bytes:
    return vault.contexts.text("portal", row, 0, "mail_delivered", "mail", row, 0)
