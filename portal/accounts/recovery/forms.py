"""What people type when they have lost a secret, change one, or leave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast

from portal.accounts.forms import Problems, one_of, read_secret
from portal.core.errors import Invalid
from portal.core.language import N_, gettext
from portal.mailing import Address, read_address

WORD = N_("DELETE")
"""What must be typed before everything goes; each language has its own word."""
WORDS = frozenset({"delete", "löschen", "loeschen"})
"""In any case: who reads one language may have the keyboard of the other."""

KEEP = "keep_"

When = Literal["later", "now"]


class WrongWord(Invalid):
    """The word that confirms a loss was not typed."""

    code = "wrong_word"
    message = N_("Please type the word %(word)s, so that nothing is deleted by mistake.")


def read_word(typed: str) -> None:
    """Raises `WrongWord` unless the word was typed."""
    if typed.strip().casefold() not in WORDS:
        raise WrongWord(word=gettext(WORD))


def read_kept(data: Mapping[str, Any]) -> frozenset[str]:
    """Which second factors were ticked: fields named `keep_` and the factor."""
    return frozenset(each.removeprefix(KEEP) for each in data if each.startswith(KEEP))


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


@dataclass(frozen=True, slots=True)
class Deleting:
    """The present password, the word, and whether it is to be at once."""

    present: str = field(repr=False)
    when: When

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        present = problems.read("present", read_secret, data)
        when = problems.read("when", one_of("later", "now"), data)
        problems.read("word", read_word, data)
        problems.check()
        return cls(present or "", cast("When", when))
