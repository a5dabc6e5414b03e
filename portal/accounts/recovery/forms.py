"""What people type when they have lost a secret, or change one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from portal.accounts.ending.forms import read_word
from portal.accounts.forms import Problems, read_kept, read_secret
from portal.mailing import Address, read_address


@dataclass(frozen=True, slots=True)
class Forgotten:
    """An address, a code from paper and the password that is to be."""

    mail: Address
    code: str = field(repr=False)
    password: str = field(repr=False)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        mail = problems.read("mail", read_address, data)
        code = problems.read("code", read_secret, data)
        password = problems.read("password", read_secret, data)
        problems.check()
        assert mail  # noqa: S101 -- check() raised otherwise
        return cls(mail, code or "", password or "")


@dataclass(frozen=True, slots=True)
class AddressOnly:
    """Somebody who has nothing but an address."""

    mail: Address

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        mail = problems.read("mail", read_address, data)
        problems.check()
        assert mail  # noqa: S101 -- check() raised otherwise
        return cls(mail)


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
class Proof:
    """The present password, asked for again."""

    present: str = field(repr=False)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        present = problems.read("present", read_secret, data)
        problems.check()
        return cls(present or "")


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
class NewAddress:
    """The present password and the address that is to be."""

    present: str = field(repr=False)
    mail: Address

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        present = problems.read("present", read_secret, data)
        mail = problems.read("mail", read_address, data)
        problems.check()
        assert mail  # noqa: S101 -- check() raised otherwise
        return cls(present or "", mail)
