"""
Mails: written in the reader's language, kept in an outbox until a server has taken them.

A room that wants to write adds `templates/mailing/<kind>.txt` (subject, empty line, paragraphs)
and calls `send` inside its own transaction.
"""

from portal.mailing.addresses import (
    Address,
    BadAddress,
    box_address,
    open_address,
    read_address,
)
from portal.mailing.delivery import PostOffice
from portal.mailing.mailbox import Mail, newest
from portal.mailing.service import (
    MailStatus,
    MailWaiting,
    Outbox,
    outbox,
    send,
    send_to_nobody,
    status_of,
)

__all__ = [
    "Address",
    "BadAddress",
    "Mail",
    "MailStatus",
    "MailWaiting",
    "Outbox",
    "PostOffice",
    "box_address",
    "newest",
    "open_address",
    "outbox",
    "read_address",
    "send",
    "send_to_nobody",
    "status_of",
]
