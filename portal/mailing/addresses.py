"""
Mail addresses: one spelling for comparing, one for sending, one mark for finding.

An address must be readable while its owner is away (mails are sent then), so it is boxed under
the pepper and not under the owner's root.  It is found by a keyed mark of its canonical spelling.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import idna

from portal import keys, vault
from portal.core.errors import Invalid
from portal.core.language import N_

LONGEST: Final = 254
"""Characters of an address, RFC 5321 section 4.5.3.1.3 less the two angle brackets."""
LONGEST_LOCAL: Final = 64
ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LOCAL: Final = re.compile(rf"{ATOM}(\.{ATOM})*", re.ASCII)
"""A dot-atom (RFC 5322, section 3.2.3): no quotes, and no letters beyond ASCII, which few servers
take (RFC 6531) and which have several spellings that are not the same mailbox to every server."""
ENCODED: Final = "=?"
"""How an encoded word begins (RFC 2047): a mail program would read another address out of it."""


class BadAddress(Invalid):
    """This is not written like a mail address."""

    code = "mail_address"
    message = N_("Please enter an e-mail address such as name@example.org.")


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address as it is used for sending; `mark` is the same for every spelling of it."""

    text: str = field(repr=False)
    """Local part as typed, host in its ASCII form (RFC 5891)."""

    @property
    def mark(self) -> str:
        """Sixty-four hex digits by which the address is found; keyed, so no dictionary helps."""
        canonical = self.text.casefold().encode()
        return vault.mac(keys.pepper_key("mail-index"), vault.ctx("mail", canonical)).hex()


def read_address(typed: str) -> Address:
    """What somebody typed, trimmed and brought to one spelling.  Raises `BadAddress`."""
    text = unicodedata.normalize("NFKC", typed).strip()
    local, at, host = text.rpartition("@")
    plausible = LOCAL.fullmatch(local) and len(local) <= LONGEST_LOCAL and "." in host
    if not plausible or not at or ENCODED in text:
        raise BadAddress
    if any(not each.isprintable() or each in ' ,;:<>()[]"\\' for each in host):
        raise BadAddress
    try:
        ascii_host = idna.encode(host.rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        raise BadAddress from None
    address = f"{local}@{ascii_host}"
    if len(address) > LONGEST:
        raise BadAddress
    return Address(address)


def box_address(address: Address, owner: UUID) -> bytes:
    """The address, boxed for the row of *owner*."""
    return vault.box(keys.pepper_key("mail"), address.text.encode(), _context(owner))


def open_address(boxed: bytes, owner: UUID) -> Address:
    """The address of *owner*.  Raises `vault.Tampered` when it belongs to another row."""
    return Address(vault.unbox(keys.pepper_key("mail"), boxed, _context(owner)).decode())


def _context(owner: UUID) -> bytes:
    return vault.contexts.text("portal", owner, 0, "account", "mail", owner, 0)
