"""What people type when they have lost a secret, or change one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from portal.accounts.ending.forms import read_word
from portal.accounts.forms import MAIL, SECRET, Form, Problems, read_kept, read_secret
from portal.mailing import Address


@dataclass(frozen=True, slots=True)
class Forgotten(Form):
    """An address, a code from paper and the password that is to be."""

    mail: Address = field(metadata=MAIL)
    code: str = field(metadata=SECRET, repr=False)
    password: str = field(metadata=SECRET, repr=False)


@dataclass(frozen=True, slots=True)
class AddressOnly(Form):
    """Somebody who has nothing but an address."""

    mail: Address = field(metadata=MAIL)


@dataclass(frozen=True, slots=True)
class Word:
    """The word that confirms a loss."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        problems.read("word", read_word, data)
        problems.check()
        return cls()


@dataclass(frozen=True, slots=True)
class Proof(Form):
    """The present password, asked for again."""

    present: str = field(metadata=SECRET, repr=False)


@dataclass(frozen=True, slots=True)
class Securing:
    """The present password, and a new one if it is wanted."""

    present: str = field(repr=False)
    password: str = field(repr=False)
    """Empty: the present one stays."""
    kept: frozenset[str] = frozenset()
    """The second factors that stay (`Factors.only`); all others end."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        proof = Proof.parse(data)
        typed = str(data.get("password", ""))
        return cls(proof.present, read_secret(typed) if typed else "", read_kept(data))


@dataclass(frozen=True, slots=True)
class NewAddress(Form):
    """The present password and the address that is to be."""

    present: str = field(metadata=SECRET, repr=False)
    mail: Address = field(metadata=MAIL)
