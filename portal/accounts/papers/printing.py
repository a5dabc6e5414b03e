"""
Pass, Card and recovery sheet as PDF: tagged (PDF/UA-1), fonts embedded, the code as text and QR.

Everything is made in memory by typst from two sources beside this file.  What people typed arrives
there as data and is never read as markup.  The fonts are those inside the package, so every machine
prints the same; they know Latin, Greek, Cyrillic, Hebrew and Arabic letters among others.  A name
in letters that they lack gets an empty line for the pen instead of boxes that nobody can read.
"""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import segno

from portal.accounts.papers.passes import Pass
from portal.core.language import gettext as _
from portal.core.language import show_date, speaking
from portal.typesetting import Unprintable, typeset

SHEET: Final = Path(__file__).with_name("pass.typ")
CARD: Final = Path(__file__).with_name("card.typ")
FINGERPRINT_BYTES: Final = 16
QUIET_MODULES: Final = 4
"""The empty border that ISO/IEC 18004 asks for around a QR code."""


async def as_pdf(issued: Pass, language: str, origin: str) -> bytes:
    """One A4 page: the Pass, or the recovery sheet when that is what was issued."""
    return await _printed(SHEET, issued, language, origin)


async def as_card(issued: Pass, language: str, origin: str) -> bytes:
    """The Card, two sides of 85.6 x 54 mm (ISO/IEC 7810 ID-1), for a card printer."""
    return await _printed(CARD, issued, language, origin)


def qr_text(issued: Pass) -> str:
    """Version, code, first half of the fingerprint: a reader can tell whose code it is."""
    whose = issued.fingerprint[:FINGERPRINT_BYTES].hex().upper()
    return f"HDS1:{issued.code.replace('-', '')}:{whose}"


async def _printed(source: Path, issued: Pass, language: str, origin: str) -> bytes:
    with speaking(language):
        words = _words(issued, origin) | {"language": language}
    return await asyncio.to_thread(_compile_named, source, words)


def _words(issued: Pass, origin: str) -> dict[str, Any]:
    host = urlsplit(origin).netloc
    words = {
        "name": issued.name,
        "name_label": _("Name (please write by hand)"),
        "code_label": _("Activation code"),
        "code": issued.code,
        "code_hint": _("25 characters. Hyphens, spaces and small letters do not matter."),
        "qr": _qr(issued),
        "qr_alt": _("The code as a QR code"),
        "card_title": _("Your Card"),
        "keep_label": _("Keep this sheet safe"),
        "keep_short": _("Keep this card safe. Without it and the password nobody can help you."),
        "fingerprint_label": _("Fingerprint of your key"),
        "fingerprint": issued.spoken_fingerprint,
        "fingerprint_hint": _("Your profile shows the same digits."),
        "address": origin,
        "host": host,
        "issued": _("Issued on %(day)s", day=show_date(issued.issued_at.date())),
    }
    return words | _about(issued, host)


def _about(issued: Pass, host: str) -> dict[str, Any]:
    """Title, steps and warning, by what the code is for."""
    if issued.purpose == "first":
        return _for_activating(host)
    about: dict[str, Any] = {
        "steps_label": _("Four steps if you forget your password"),
        "steps": [
            _("Open %(host)s and choose “Forgotten your password?”.", host=host),
            _("Enter your e-mail address."),
            _("Enter the code printed here."),
            _("Choose a new password. Everything in your account stays readable."),
        ],
    }
    if issued.purpose == "renewed":
        older = _("This Pass replaces every older one. Please destroy those: their code is dead.")
        return about | {"title": _("Your new Pass"), "keep": [older, *_warnings()]}
    other = _("Keep it in another place than your Pass: either of them opens your account.")
    alone = _("Whoever has this sheet and knows your e-mail address can open your account.")
    return about | {
        "title": _("Your recovery sheet"),
        "code_label": _("Code of the recovery sheet"),
        "keep": [other, alone],
    }


def _for_activating(host: str) -> dict[str, Any]:
    return {
        "title": _("Your Pass"),
        "steps_label": _("Four steps to your account"),
        "steps": [
            _("Open the mail we sent you and follow its link. Look into the spam folder, too."),
            _("Enter the activation code printed here."),
            _("Choose a password of your own."),
            _("Sign in at %(host)s with your e-mail address and the password.", host=host),
        ],
        "keep": _warnings(),
    }


def _warnings() -> list[str]:
    return [
        _(
            "The activation code opens your account when the password is forgotten. "
            "Nobody else has it, not even we."
        ),
        _("If both the password and this sheet are lost, your data cannot be recovered by anyone."),
    ]


def _qr(issued: Pass) -> str:
    """Error level Q: a quarter of it may be scratched or folded."""
    out = BytesIO()
    segno.make(qr_text(issued), error="q", boost_error=False).save(
        out, kind="svg", xmldecl=True, border=QUIET_MODULES
    )
    return out.getvalue().decode()


def _compile_named(source: Path, words: dict[str, Any]) -> bytes:
    try:
        return typeset(source, words)
    except Unprintable:
        # PDF/UA allows no letter that the fonts lack; only the name can hold one.
        return typeset(source, words | {"name": ""})
