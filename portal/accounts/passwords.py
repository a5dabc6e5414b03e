"""
What makes a password good enough (NIST SP 800-63B rev. 4): length and a blocklist, no composition.

A password is compared as typed, in NFKC; it may be pasted and never expires.  Twelve characters for
patients deviate from NIST's fifteen without a second factor (recorded in the security design).
"""

import asyncio
import unicodedata
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import Final

from zxcvbn import zxcvbn

from portal.accounts.errors import WeakPassword
from portal.accounts.leaked import is_leaked
from portal.core.actor import AccountKind
from portal.core.language import N_

SHORTEST: Final[dict[AccountKind, int]] = {"patient": 12, "professional": 15}
WITH_FACTOR: Final = 8
"""Where a passkey or an authenticator code is asked for as well."""
LONGEST: Final = 200
GUESSES_LOG10: Final = 8.0
"""A hundred million guesses: more than lists of leaked passwords and their variations hold."""
FACTOR_LOG10: Final = 6.0
"""With a second factor no more than the throttle's hundred guesses count; this is far above."""
JUDGED: Final = 32
"""Characters the estimate looks at; its time grows with the square, and it holds up all others."""
LEET: Final = {
    "a": "4@", "b": "8", "c": "({[<", "e": "3", "g": "69", "i": "1!|", "l": "1|7", "o": "0",
    "s": "$5", "t": "+7", "x": "%", "z": "2",
}  # fmt: skip
"""What zxcvbn reads as a letter; it tries every choice among the characters that are there."""
MOST_READINGS: Final = 8
"""So many choices it may try; of a text with more, each character is read in one way."""
ONE_READING: Final = str.maketrans(
    {sign: letter for letter, signs in reversed(LEET.items()) for sign in signs}
)
FEWEST_DIFFERENT: Final = 5

OUR_WORDS: Final = (
    "healthdataspace", "health", "dataspace", "radiologie", "radiology", "krankenhaus", "klinik",
    "clinic", "hospital", "praxis", "patient", "arzt", "doktor", "passwort", "kennwort", "geheim",
    "willkommen", "schatz", "sommer", "winter", "fruehling", "frühling", "herbst", "fussball",
    "deutschland", "berlin", "hamburg", "muenchen", "münchen", "hallo", "qwertz", "qwertzuiop",
    "ichliebedich", "januar", "februar", "märz", "april", "juni", "juli", "august", "september",
    "oktober", "november", "dezember", "montag", "dienstag", "freitag", "sonntag",
)  # fmt: skip
"""Words a guesser tries first here and that the English lists of zxcvbn lack."""

TOO_SHORT: Final = N_("The password needs at least %(shortest)s characters.")
TOO_LONG: Final = N_("The password may have at most 200 characters.")
TOO_COMMON: Final = N_(
    "This password is on lists that guessers try first, or too much like your name or address. "
    "A sentence of four or more unrelated words is strong and easy to keep in mind."
)


_judges: Final = ThreadPoolExecutor(1, "passwords")
"""One at a time and a thread of its own: it computes in Python, and keeps no other work waiting."""


def fold(typed: str) -> str:
    """The one spelling in which a password is used (NFKC)."""
    return unicodedata.normalize("NFKC", typed)


async def check(
    password: str, kind: AccountKind, about: Collection[str] = (), *, second_factor: bool = False
) -> None:
    """
    Raise `WeakPassword` unless *password* is long and hard enough to guess.

    *about*: what belongs to the person (name, address), which makes a bad password.
    """
    shortest = WITH_FACTOR if second_factor else SHORTEST[kind]
    if len(password) < shortest:
        raise WeakPassword(reason=TOO_SHORT, shortest=shortest)
    if len(password) > LONGEST:
        raise WeakPassword(reason=TOO_LONG)
    words = [word for text in about for word in _words(text)]
    least = FACTOR_LOG10 if second_factor else GUESSES_LOG10
    loop = asyncio.get_running_loop()
    judged = loop.run_in_executor(_judges, _hard_to_guess, password, [*words, *OUR_WORDS], least)
    if not await judged:
        raise WeakPassword(reason=TOO_COMMON)


async def stands_alone(password: str, kind: AccountKind, about: Collection[str]) -> bool:
    """Whether *password* would do without a second factor, too."""
    try:
        await check(password, kind, about)
    except WeakPassword:
        return False
    return True


def _words(text: str) -> list[str]:
    parts = "".join(each if each.isalnum() else " " for each in text).split()
    return [*([text] if text else []), *(part for part in parts if len(part) > 2)]  # noqa: PLR2004 -- "Dr", "de" are no hint


def _hard_to_guess(password: str, words: list[str], least: float) -> bool:
    if len(set(password.casefold())) < FEWEST_DIFFERENT or is_leaked(password):
        return False
    judged = zxcvbn(_readable(password[:JUDGED]), user_inputs=words, max_length=JUDGED)
    return float(judged["guesses_log10"]) >= least


def _readable(text: str) -> str:
    """
    *text*, in which few characters may stand for several letters.

    A text with more is read as letters alone, which makes it easier to guess and never harder.
    """
    there = set(text)
    readings = prod(max(1, len(there.intersection(signs))) for signs in LEET.values())
    return text if readings <= MOST_READINGS else text.translate(ONE_READING)
