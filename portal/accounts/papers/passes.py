"""
The Pass: what is handed over on paper when a code is made; `printing` makes sheet and card of it.

The code is shown once and stored nowhere.  So that the page after registration can offer the sheet
as a download, it carries a *ticket*: what the sheet says, boxed under the pepper and good for half
an hour.  Only we can write a ticket, so nobody can have us print a sheet of their own wording.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from portal import keys, vault
from portal.accounts.errors import LinkDead
from portal.core.db import now
from portal.core.errors import reading
from portal.core.language import N_

TICKET_LIFE: Final = timedelta(minutes=30)
ID_BYTES: Final = 16

Purpose = Literal["first", "renewed", "recovery"]
"""What the code is for: activating, instead of an older Pass, or as the optional second sheet."""


class TicketDead(LinkDead):
    """The page with the Pass has been open for more than half an hour."""

    code = "ticket_dead"
    message = N_(
        "The page with your Pass was open for more than half an hour. "
        "The code on it still holds if you wrote it down; if not, get a new Pass."
    )


@dataclass(frozen=True, slots=True)
class Pass:
    """What the sheet says."""

    account: UUID
    name: str = field(repr=False)
    code: str = field(repr=False)
    """Twenty-five Crockford characters, five by five, parted by hyphens; the last is a check."""
    fingerprint: bytes
    """SHA-256 of the public key the code opens, to be compared with the profile page."""
    issued_at: datetime
    purpose: Purpose = "first"

    @property
    def spoken_fingerprint(self) -> str:
        """Six groups of five digits."""
        return vault.spoken(self.fingerprint)


def ticket(issued: Pass) -> str:
    """The Pass in a form only this portal can read, for a hidden field; never for an address."""
    packed = json.dumps(
        {
            "name": issued.name,
            "code": issued.code,
            "fingerprint": issued.fingerprint.hex(),
            "issued_at": issued.issued_at.isoformat(),
            "purpose": issued.purpose,
        }
    ).encode()
    boxed = vault.box(keys.pepper_key("pass"), packed, _context(issued.account))
    return base64.urlsafe_b64encode(issued.account.bytes + boxed).decode()


def read_ticket(typed: str) -> Pass:
    """The Pass in a ticket.  Raises `TicketDead` for every other text and after half an hour."""
    try:
        with reading():
            raw = base64.urlsafe_b64decode(typed)
            account = UUID(bytes=raw[:ID_BYTES])
            packed = vault.unbox(keys.pepper_key("pass"), raw[ID_BYTES:], _context(account))
    except Exception:  # noqa: BLE001 -- whatever is wrong with it, it is no ticket
        raise TicketDead from None
    told = json.loads(packed)
    issued_at = datetime.fromisoformat(told["issued_at"])
    if issued_at + TICKET_LIFE < now():
        raise TicketDead
    return Pass(
        account,
        told["name"],
        told["code"],
        bytes.fromhex(told["fingerprint"]),
        issued_at,
        told["purpose"],
    )


def _context(account: UUID) -> bytes:
    return vault.contexts.text("portal", account, 0, "pass", "ticket", account, 0)
