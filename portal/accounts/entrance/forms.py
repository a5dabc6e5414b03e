"""What people type before their account is activated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast

from portal.accounts.forms import MAIL, SECRET, Form, Problems, one_of, read_secret
from portal.accounts.profile.forms import ProfileEdit
from portal.core.actor import AccountKind
from portal.core.errors import Invalid
from portal.core.language import choose
from portal.mailing import Address, read_address


@dataclass(frozen=True, slots=True)
class ShortRegistration:
    """Somebody wants in at once (S-035): the rest is asked when the account is activated."""

    mail: Address
    password: str = field(repr=False)
    kind: AccountKind
    language: str

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        mail = problems.read("mail", read_address, data)
        password = problems.read("password", read_secret, data)
        kind = problems.read("kind", one_of("patient", "professional"), data)
        problems.check()
        assert mail  # noqa: S101 -- check() raised otherwise
        chosen = choose(str(data.get("language", "")))
        return cls(mail, password or "", cast("AccountKind", kind), chosen)


@dataclass(frozen=True, slots=True)
class AddressChange(Form):
    """Another address for an account that is not activated, and its password once more."""

    mail: Address = field(metadata=MAIL)
    present: str = field(metadata=SECRET, repr=False)


@dataclass(frozen=True, slots=True)
class Completing:
    """The code from the Pass, a password, and who it is: for an account that began without."""

    code: str = field(repr=False)
    password: str = field(repr=False)
    about: ProfileEdit

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        code = problems.read("code", read_secret, data)
        password = problems.read("password", read_secret, data)
        try:
            about = ProfileEdit.parse(data)
        except Invalid as error:
            problems.fields |= error.details["fields"]
        problems.check()
        return cls(code or "", password or "", about)
