"""
The Pass: a sheet of paper with the activation code, made as PDF when the code is made.

The code is shown once and stored nowhere.  So that the page after registration can offer the sheet
as a download, it carries a *ticket*: what the sheet says, boxed under the pepper and good for half
an hour.  Only we can write a ticket, so nobody can have us print a sheet of their own wording.
"""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import segno
import typst

from portal import keys, vault
from portal.accounts.errors import LinkDead
from portal.core.db import now
from portal.core.errors import reading
from portal.core.language import N_, show_date, speaking
from portal.core.language import gettext as _

SHEET: Final = Path(__file__).with_name("pass.typ")
TICKET_LIFE: Final = timedelta(minutes=30)
FINGERPRINT_BYTES: Final = 16
ID_BYTES: Final = 16


class TicketDead(LinkDead):
    """The page with the Pass has been open for more than half an hour."""

    code = "ticket_dead"
    message = N_(
        "The page with your Pass was open for more than half an hour. "
        "Register again to get a new Pass."
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
    return Pass(account, told["name"], told["code"], bytes.fromhex(told["fingerprint"]), issued_at)


async def as_pdf(issued: Pass, language: str, origin: str) -> bytes:
    """The A4 sheet: tagged PDF/UA-1, fonts embedded, the code as text and as QR."""
    with speaking(language):
        data = _words(issued, origin) | {"language": language}
    return await asyncio.to_thread(_compile, json.dumps(data))


def _words(issued: Pass, origin: str) -> dict[str, Any]:
    host = urlsplit(origin).netloc
    return {
        "title": _("Your Pass"),
        "name": issued.name,
        "code_label": _("Activation code"),
        "code": issued.code,
        "code_hint": _("25 letters and digits. Hyphens, spaces and small letters do not matter."),
        "qr": _qr(issued),
        "qr_alt": _("The activation code as a QR code"),
        "steps_label": _("Four steps to your account"),
        "steps": [
            _("Open the mail we sent you and follow its link. Look into the spam folder, too."),
            _("Enter the activation code from this sheet."),
            _("Choose a password of your own."),
            _("Sign in at %(host)s with your e-mail address and the password.", host=host),
        ],
        "keep_label": _("Keep this sheet safe"),
        "keep": [
            _(
                "The activation code opens your account when the password is forgotten. "
                "Nobody else has it, not even we."
            ),
            _(
                "If both the password and this sheet are lost, "
                "your data cannot be recovered by anyone."
            ),
        ],
        "fingerprint_label": _("Fingerprint of your key"),
        "fingerprint": issued.spoken_fingerprint,
        "fingerprint_hint": _("Your profile shows the same digits."),
        "address": origin,
        "issued": _("Issued on %(day)s", day=show_date(issued.issued_at.date())),
    }


def _qr(issued: Pass) -> str:
    """Version, code, first half of the fingerprint: a reader can tell whose code it is."""
    whose = issued.fingerprint[:FINGERPRINT_BYTES].hex().upper()
    text = f"HDS1:{issued.code.replace('-', '')}:{whose}"
    out = BytesIO()
    segno.make(text, error="q").save(out, kind="svg", xmldecl=True, border=4)
    return out.getvalue().decode()


def _compile(data: str) -> bytes:
    made = typst.compile(
        SHEET,
        format="pdf",
        sys_inputs={"data": data},
        font_paths=_fonts(),
        pdf_standards=["ua-1"],
    )
    assert isinstance(made, bytes)  # noqa: S101 -- one file, because no output is named
    return made


@cache
def _fonts() -> typst.Fonts:
    """The fonts inside the package, so that every machine prints the same sheet."""
    return typst.Fonts(include_system_fonts=False)


def _context(account: UUID) -> bytes:
    return vault.contexts.text("portal", account, 0, "pass", "ticket", account, 0)
