"""What people type, once, into frozen values.  A form names all its problems, each by its field."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final, Literal, Self, TypeVar, cast

from portal.accounts.dates import read_birth_date
from portal.accounts.occupations import Occupation
from portal.core.actor import AccountKind
from portal.core.errors import Invalid, PortalError
from portal.core.language import N_, choose, gettext
from portal.mailing import Address, read_address

Sex = Literal["F", "M", "O"]
"""Patient's Sex as DICOM writes it, (0010,0040)."""
Theme = Literal["system", "light", "dark"]

LONGEST_NAME: Final = 120
LONGEST_TYPED: Final = 400
"""Characters of a password or code that are looked at; longer ones are refused by their rule."""

KEEP: Final = "keep_"

T = TypeVar("T")


class Missing(Invalid):
    """A field that must be filled is empty."""

    code = "missing"
    message = N_("Please fill in this field.")


class TooLong(Invalid):
    """More characters than a name has."""

    code = "too_long"
    message = N_("Please use at most 120 characters.")


class NotOffered(Invalid):
    """A value no form of ours offers."""

    code = "not_offered"
    message = N_("Please choose one of the given answers.")


class Problems:
    """Collects what is wrong with a form, in the reader's language."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def read(self, name: str, reader: Callable[[str], T], data: Mapping[str, Any]) -> T | None:
        """The field *name* as *reader* understands it; None, and a note, when it does not."""
        try:
            return reader(str(data.get(name, "")))
        except PortalError as error:
            self.fields[name] = gettext(error.message, **error.details)
            return None

    def check(self) -> None:
        """Raise `Invalid` with every note, if there is one."""
        if self.fields:
            raise Invalid(fields=self.fields)


def read_line(typed: str) -> str:
    """One line of text, trimmed, composed (NFC), without control characters; may be empty."""
    text = unicodedata.normalize("NFC", " ".join(typed.split()))
    if len(text) > LONGEST_NAME:
        raise TooLong
    return "".join(each for each in text if each.isprintable())


def read_name(typed: str) -> str:
    """A line that must not be empty."""
    name = read_line(typed)
    if not name:
        raise Missing
    return name


def read_kept(data: Mapping[str, Any]) -> frozenset[str]:
    """Which second factors were ticked: fields named `keep_` and the factor."""
    return frozenset(each.removeprefix(KEEP) for each in data if each.startswith(KEEP))


def one_of(*allowed: str) -> Callable[[str], str]:
    """A reader for a choice."""

    def read(typed: str) -> str:
        if typed not in allowed:
            raise NotOffered
        return typed

    return read


def read_secret(typed: str) -> str:
    """A password or a code: exactly as typed, must not be empty."""
    if not typed:
        raise Missing
    return typed[:LONGEST_TYPED]


MAIL: Final[Mapping[str, Any]] = {"reader": read_address}
SECRET: Final[Mapping[str, Any]] = {"reader": read_secret}
"""Metadata of a form's field: who reads it."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is typed into fields of which each has its reader, and nothing besides."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        read = {
            each.name: problems.read(each.name, each.metadata["reader"], data)
            for each in fields(cls)
        }
        problems.check()
        return cls(**read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Somebody wants an account."""

    mail: Address
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    sex: Sex = field(repr=False)
    kind: AccountKind
    language: str
    title: str = ""
    specialty: str = ""
    practice: str = ""
    place: str = ""
    findable: bool = False
    """A professional who lets colleagues find them in the address book (Q-20)."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        mail = problems.read("mail", read_address, data)
        name = problems.read("name", read_name, data)
        born = problems.read("birth_date", read_birth_date, data)
        sex = problems.read("sex", one_of("F", "M", "O"), data)
        kind = problems.read("kind", one_of("patient", "professional"), data)
        work = {
            each: problems.read(each, read_line, data) or ""
            for each in ("title", "specialty", "practice", "place")
        }
        problems.check()
        assert mail and name and born  # noqa: S101, PT018 -- check() raised otherwise
        return cls(
            mail=mail,
            name=name,
            birth_date=born,
            sex=cast("Sex", sex),
            kind=cast("AccountKind", kind),
            language=choose(str(data.get("language", ""))),
            **work,
            findable=kind == "professional" and bool(data.get("findable")),
        )

    @property
    def occupation(self) -> Occupation:
        """The work, as a profile has it."""
        return Occupation(
            title=self.title,
            specialty=self.specialty,
            practice=self.practice,
            place=self.place,
            findable=self.findable,
        )


@dataclass(frozen=True, slots=True)
class Activating(Form):
    """The code from the Pass and the password that is to be."""

    code: str = field(metadata=SECRET, repr=False)
    password: str = field(metadata=SECRET, repr=False)


@dataclass(frozen=True, slots=True)
class SigningIn(Form):
    """An address and a password."""

    mail: Address = field(metadata=MAIL)
    password: str = field(metadata=SECRET, repr=False)


@dataclass(frozen=True, slots=True)
class PasswordChange(Form):
    """The present password and the next."""

    present: str = field(metadata=SECRET, repr=False)
    password: str = field(metadata=SECRET, repr=False)


@dataclass(frozen=True, slots=True)
class Preferences:
    """How the portal speaks and looks."""

    language: str
    theme: Theme

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Anything not offered becomes the default: a preference is never an error."""
        theme = str(data.get("theme", ""))
        return cls(
            choose(str(data.get("language", ""))),
            cast("Theme", theme if theme in {"light", "dark"} else "system"),
        )
