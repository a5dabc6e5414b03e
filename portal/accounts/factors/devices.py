"""
Where a sign-in comes from: the browser in words, the network, and whether it was here before.

Nothing is looked up anywhere, and what is kept about a session lies under its owner's root.
"""

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Self
from uuid import UUID

from portal import keys, vault
from portal.core.db import now
from portal.core.language import N_, gettext

ID_BYTES: Final = 16
MARK_BYTES: Final = 16
ACCOUNTS: Final = 6
"""How many accounts one browser is known to; the ones not seen for longest are forgotten."""
LONGEST: Final = 400
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
"""What a user agent says, in the order in which one speaks for itself and not for another."""
SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip

BOTH: Final = N_("%(browser)s on %(system)s")
UNKNOWN: Final = N_("Unknown browser")


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser that wants in."""

    network: str = field(repr=False)
    """/24 or /48."""
    agent: str = field(default="", repr=False)
    """What the browser calls itself."""
    device: str = field(default="", repr=False)
    """The cookie of known devices."""


@dataclass(frozen=True, slots=True)
class About:
    """What is kept about a session."""

    browser: str
    system: str
    network: str = field(repr=False)
    started: datetime
    confirmed: datetime
    """When the person proved last who they are, by a second factor where the account has one."""
    spent: datetime = NEVER
    """Which proof the last new way into the account took."""

    @classmethod
    def of(cls, visit: Visit, *, proved: bool = True) -> Self:
        """A session that begins now; *proved*: with everything that the account asks for."""
        moment = now()
        browser, system = _named(visit.agent, BROWSERS), _named(visit.agent, SYSTEMS)
        return cls(browser, system, visit.network, moment, moment if proved else NEVER)

    def pack(self) -> str:
        """For the session's note."""
        return json.dumps(
            {
                "browser": self.browser,
                "system": self.system,
                "network": self.network,
                "started": self.started.isoformat(),
                "confirmed": self.confirmed.isoformat(),
                "spent": self.spent.isoformat(),
            }
        )

    @classmethod
    def unpack(cls, note: str) -> Self | None:
        """What `pack` made; None for a session that has no note."""
        if not note:
            return None
        data = json.loads(note)
        started, confirmed = (datetime.fromisoformat(data[at]) for at in ("started", "confirmed"))
        spent = datetime.fromisoformat(data["spent"]) if "spent" in data else NEVER
        return cls(data["browser"], data["system"], data["network"], started, confirmed, spent)

    def words(self) -> str:
        """The device in the reader's language: Firefox on Windows."""
        if self.browser and self.system:
            return gettext(BOTH, browser=self.browser, system=self.system)
        return self.browser or self.system or gettext(UNKNOWN)


def known_device(cookie: str, account: UUID, generation: int) -> str:
    """
    The number of the browser that signed in to *account* before; empty for a strange one.

    *generation*: `Account.devices_rev`.  It is the same however the cookie is put together.
    """
    try:
        device, marks = _read(cookie)
    except ValueError:
        return ""
    return device.hex() if _mark(device, account, generation) in marks else ""


def number_of(cookie: str) -> str:
    """The number of the browser that brings *cookie*, whoever used it; empty for a new one."""
    try:
        return _read(cookie)[0].hex()
    except ValueError:
        return ""


def remember(cookie: str, account: UUID, generation: int) -> str:
    """The cookie that says so from now on; it names nobody."""
    try:
        device, marks = _read(cookie)
    except ValueError:
        device, marks = secrets.token_bytes(ID_BYTES), []
    mine = _mark(device, account, generation)
    kept = [mine, *(each for each in marks if each != mine)][:ACCOUNTS]
    return _written(device + b"".join(kept))


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _mark(device: bytes, account: UUID, generation: int) -> bytes:
    # Keyed by the portal: nobody makes one, and nobody tells whose it is.
    return vault.mac(keys.pepper_key("device"), vault.ctx(device, account, generation))[:MARK_BYTES]


def _read(cookie: str) -> tuple[bytes, list[bytes]]:
    """The device's number and its marks; `ValueError` for what is none of ours."""
    if not cookie.isascii() or len(cookie) > LONGEST:
        raise ValueError("not a device cookie")
    padded = cookie + "=" * (-len(cookie) % 4)
    raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    whole = len(raw) >= ID_BYTES and not (len(raw) - ID_BYTES) % MARK_BYTES
    if not whole or len(raw) > ID_BYTES + ACCOUNTS * MARK_BYTES or _written(raw) != cookie:
        raise ValueError("not a device cookie")
    marks = [raw[at : at + MARK_BYTES] for at in range(ID_BYTES, len(raw), MARK_BYTES)]
    return raw[:ID_BYTES], marks


def _named(agent: str, known: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in known if sign in agent), "")
