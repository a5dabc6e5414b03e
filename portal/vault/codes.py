"""Codes that people type from paper: Crockford's base 32, forgiving about how they are typed."""

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_ALPHABET: Final = ALPHABET + "*~$=U"
"""Crockford's check symbols: the value modulo 37 finds every wrong and every swapped character."""
PASS_CHARACTERS: Final = 24
PASS_GROUP: Final = 5
SHARE_CHARACTERS: Final = 10

_IGNORED: Final = dict.fromkeys(map(ord, "- \t\r\n\u00a0\u2010\u2011\u2012\u2013\u2014"))
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def pass_code() -> str:
    """A new code for a Pass or Card: 120 random bits and a check character, five by five."""
    code = _random(PASS_CHARACTERS)
    return _grouped(code + _check(code), PASS_GROUP)


def share_password() -> str:
    """A new password for a share: 50 random bits."""
    return _random(SHARE_CHARACTERS)


def fold_code(typed: str) -> str:
    """The code that was meant: capitals, no separators, O read as 0, I and L as 1."""
    return typed.translate(_IGNORED).upper().translate(_MISREAD)


def check_pass_code(typed: str) -> bool:
    """Whether a Pass code has no slip of the pen in it (which costs no try)."""
    folded = fold_code(typed)
    code, check = folded[:PASS_CHARACTERS], folded[PASS_CHARACTERS:]
    if len(code) != PASS_CHARACTERS or set(code) - set(ALPHABET):
        return False
    return check == _check(code)


def _check(code: str) -> str:
    value = 0
    for character in code:
        value = value * len(ALPHABET) + ALPHABET.index(character)
    return CHECK_ALPHABET[value % len(CHECK_ALPHABET)]


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _grouped(code: str, size: int) -> str:
    return "-".join(code[at : at + size] for at in range(0, len(code), size))
