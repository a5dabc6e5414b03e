"""What stands in the document of an account's second factors."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self, TypeVar

APP: Final = "app"
"""How the authenticator app is called where factors are chosen; passkeys by their ids in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One credential of WebAuthn."""

    id: bytes
    public_key: bytes = field(repr=False)
    """COSE key (RFC 9052)."""
    sign_count: int
    name: str = field(repr=False)
    added: datetime
    last_use: datetime | None = None
    unlocks: bool = False
    """It opens the account without the password (PRF)."""
    travels: bool | None = None
    """Its maker may copy it to other devices (backup eligible), which never changes; None: of an
    account of before, seen at the next use."""
    copied: datetime | None = None
    """When its count first said that somebody else has a copy."""

    def pack(self) -> dict[str, Any]:
        """For the document."""
        return {
            "id": self.id.hex(),
            "public_key": self.public_key.hex(),
            "sign_count": self.sign_count,
            "name": self.name,
            "added": self.added.isoformat(),
            "last_use": self.last_use and self.last_use.isoformat(),
            "unlocks": self.unlocks,
            "travels": self.travels,
            "copied": self.copied and self.copied.isoformat(),
        }

    @classmethod
    def unpack(cls, data: dict[str, Any]) -> Self:
        """What `pack` made."""
        return cls(
            id=bytes.fromhex(data["id"]),
            public_key=bytes.fromhex(data["public_key"]),
            sign_count=data["sign_count"],
            name=data["name"],
            added=datetime.fromisoformat(data["added"]),
            last_use=_moment(data["last_use"]),
            unlocks=data["unlocks"],
            travels=data.get("travels"),
            copied=_moment(data.get("copied")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """An app that computes codes from a shared secret and the time (RFC 6238)."""

    secret: str = field(repr=False)
    """Base 32."""
    added: datetime
    last_step: int
    """The last 30 seconds, counted from 1970, whose code was taken: none is taken twice."""
    last_use: datetime | None = None

    def pack(self) -> dict[str, Any]:
        """For the document."""
        return {
            "secret": self.secret,
            "added": self.added.isoformat(),
            "last_step": self.last_step,
            "last_use": self.last_use and self.last_use.isoformat(),
        }

    @classmethod
    def unpack(cls, data: dict[str, Any]) -> Self:
        """What `pack` made."""
        return cls(
            secret=data["secret"],
            added=datetime.fromisoformat(data["added"]),
            last_step=data["last_step"],
            last_use=_moment(data["last_use"]),
        )


@dataclass(frozen=True, slots=True)
class Factors:
    """Everything besides the password."""

    rev: int = 0
    """0: nothing was ever set up."""
    passkeys: tuple[Passkey, ...] = ()
    authenticator: Authenticator | None = None
    recovery: tuple[str, ...] = field(default=(), repr=False)
    """Keyed digests of the recovery codes that are left."""
    short: bool = False
    """The password was judged beside a factor and would not do without one."""
    review: bool = False
    """A code from paper set the password anew: the owner is to say which of these are theirs."""
    by_pass: datetime | None = None
    """When the code of the Pass set the password, unless something else has set it since."""

    @property
    def present(self) -> bool:
        """Whether signing in takes a second step.  Recovery codes alone are none."""
        return bool(self.passkeys) or self.authenticator is not None

    def passkey(self, credential: bytes) -> Passkey | None:
        """The passkey with this id."""
        return next((each for each in self.passkeys if each.id == credential), None)

    def with_name(self, credential: bytes, name: str) -> Self:
        """With another name for one passkey."""
        renamed = tuple(
            replace(each, name=name) if each.id == credential else each for each in self.passkeys
        )
        return replace(self, passkeys=renamed)

    def without_passkey(self, credential: bytes) -> Self:
        """Without one of the passkeys."""
        kept = tuple(each for each in self.passkeys if each.id != credential)
        return _tidied(replace(self, passkeys=kept))

    def without_app(self) -> Self:
        """Without the authenticator app."""
        return _tidied(replace(self, authenticator=None))

    def only(self, kept: Collection[str]) -> Self:
        """Those whose `marks` are in *kept*, which their owner has looked at now."""
        app = self.authenticator if APP in kept else None
        passkeys = tuple(each for each in self.passkeys if each.id.hex() in kept)
        return _tidied(replace(self, passkeys=passkeys, authenticator=app, review=False))

    def shut(self) -> Self:
        """With passkeys that are a second step only, until each was used beside the password."""
        return replace(self, passkeys=tuple(replace(each, unlocks=False) for each in self.passkeys))

    def with_passkey(self, new: Passkey) -> Self:
        """With *new* in the place of the passkey with its id, or added."""
        others = tuple(each for each in self.passkeys if each.id != new.id)
        return replace(self, passkeys=(*others, new))

    def pack(self) -> dict[str, Any]:
        """For the document; the revision stands beside it."""
        return {
            "passkeys": [each.pack() for each in self.passkeys],
            "authenticator": self.authenticator and self.authenticator.pack(),
            "recovery": list(self.recovery),
            "short": self.short,
            "review": self.review,
            "by_pass": self.by_pass and self.by_pass.isoformat(),
        }

    @classmethod
    def unpack(cls, rev: int, data: dict[str, Any]) -> Self:
        """What `pack` made."""
        app = data["authenticator"]
        return cls(
            rev,
            tuple(Passkey.unpack(each) for each in data["passkeys"]),
            Authenticator.unpack(app) if app else None,
            tuple(data["recovery"]),
            data.get("short", False),
            data.get("review", False),
            _moment(data.get("by_pass")),
        )


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


F = TypeVar("F", bound=Factors)


def _tidied(left: F) -> F:
    """Recovery codes stand in for a factor: they go with the last one."""
    return left if left.present else replace(left, recovery=())
