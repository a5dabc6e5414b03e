"""
Codes from an authenticator app: RFC 6238, six digits, every 30 seconds, SHA-1 as all apps do it.

A code is taken from the step before, this one and the next, for clocks that differ, and never
twice: the step of the last one stands in the account's document.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass, field, replace
from typing import Final

import pyotp
import segno

from portal import keys, vault
from portal.accounts.factors.contents import Authenticator, Factors
from portal.accounts.factors.errors import SetUpOver, UsedCode, WrongProof
from portal.core.actor import Actor
from portal.core.db import now

STEP_SECONDS: Final = 30
WINDOW: Final = (0, -1, 1)
DIGITS: Final = 6
SET_UP_SECONDS: Final = 600
ISSUER: Final = "HealthDataSpace"


@dataclass(frozen=True, slots=True)
class SettingUp:
    """A secret that no code has confirmed yet."""

    secret: str = field(repr=False)
    ticket: str = field(repr=False)
    """The secret under the account's root: the page brings it back, nothing is stored meanwhile."""

    @property
    def spelled(self) -> str:
        """For typing, in groups of four."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))

    def picture(self, mail: str) -> str:
        """The QR code as the address of an SVG picture (`data:`)."""
        uri = pyotp.TOTP(self.secret).provisioning_uri(name=mail, issuer_name=ISSUER)
        drawn: str = segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="#ffffff")
        return drawn


def set_up(owner: Actor) -> SettingUp:
    """A fresh secret of 160 bits."""
    secret, moment = pyotp.random_base32(), int(now().timestamp())
    boxed = _text(owner).box("factors", "pending", owner.id, moment, secret)
    return SettingUp(secret, f"{moment}.{base64.urlsafe_b64encode(boxed).decode()}")


def again(owner: Actor, ticket: str) -> SettingUp:
    """The secret in a ticket of this account.  `SetUpOver` after ten minutes, and for others'."""
    try:
        written, _, boxed = ticket.partition(".")
        moment = int(written)
        if not 0 <= int(now().timestamp()) - moment <= SET_UP_SECONDS:
            raise SetUpOver
        raw = base64.b64decode(boxed, altchars=b"-_", validate=True)
        return SettingUp(_text(owner).open("factors", "pending", owner.id, moment, raw), ticket)
    except (ValueError, binascii.Error, vault.Tampered):
        raise SetUpOver from None


def confirm(factors: Factors, pending: SettingUp, typed: str) -> Factors:
    """With the app in the place of the one before.  `WrongProof` unless *typed* is its code."""
    app = Authenticator(secret=pending.secret, added=now(), last_step=0)
    return replace(factors, authenticator=_used(app, typed))


def use(factors: Factors, typed: str) -> Factors:
    """After the code *typed* was used.  Raises `WrongProof`, and `UsedCode` for a second time."""
    if factors.authenticator is None:
        raise WrongProof
    return replace(factors, authenticator=_used(factors.authenticator, typed))


def looks_like_one(typed: str) -> bool:
    """Six digits, with or without a space between."""
    plain = "".join(typed.split())
    return len(plain) == DIGITS and plain.isascii() and plain.isdigit()


def _used(app: Authenticator, typed: str) -> Authenticator:
    moment = now()
    plain, today = "".join(typed.split()), int(moment.timestamp()) // STEP_SECONDS
    codes = pyotp.HOTP(app.secret)
    found = [
        today + shift
        for shift in WINDOW
        if hmac.compare_digest(codes.at(today + shift).encode(), plain.encode())
    ]
    if not found:
        raise WrongProof
    fresh = [step for step in found if step > app.last_step]
    if not fresh:
        raise UsedCode
    return replace(app, last_step=fresh[0], last_use=moment)


def _text(owner: Actor) -> keys.Text:
    return keys.Text("user", owner.id, owner.epoch, owner.root)
