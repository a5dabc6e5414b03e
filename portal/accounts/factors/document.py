"""
What an account asks for besides the password: one document under the account's root.

Whoever edits the database can neither read nor write it, and cannot take it away: the wraps of the
root are bound to its revision (`keys.guard_of`), so a document that is missing or older than that
is an alarm, and nobody signs in.
"""

import json
import logging
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self, TypeVar
from uuid import UUID

from tortoise.exceptions import IntegrityError

from portal import keys, vault
from portal.accounts.factors.models import Factors as Row
from portal.accounts.factors.models import SeenBefore
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import transaction
from portal.core.errors import Conflict

log = logging.getLogger(__name__)

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


async def read(owner: Actor) -> Factors:
    """
    The second factors of *owner*, who need not be signed in yet.

    Raises `vault.Tampered` when the document is missing, older than the wraps say, or not ours.
    """
    guard = await keys.guard_of(owner.id)
    row = await Row.get_or_none(account_id=owner.id)
    rev = 0 if row is None else row.rev
    if rev < guard:
        log.critical("second factors missing or taken back: account %s", owner.id)
        raise vault.Tampered
    return Factors() if row is None else _opened(row, owner.epoch, owner.root)


async def change(owner: Actor, after: Factors) -> Factors:
    """
    Replace the document that *after* was made from, and bind the wraps to it.

    Raises `Conflict` when another request did so meanwhile: of two at once one is refused.
    Raises `SignInNeeded` when the root is another one by now, which this document would lock out.
    """
    new = replace(after, rev=after.rev + 1)
    boxed = _boxed(owner.id, owner.epoch, owner.root, new)
    async with transaction():
        await keys.hold(owner)
        await keys.raise_guard(owner.id, new.rev)
        if after.rev:
            unchanged = Row.filter(account_id=owner.id, rev=after.rev)
            if not await unchanged.update(rev=new.rev, box=boxed):
                raise Conflict
        else:
            await _first(owner.id, new.rev, boxed)
    return new


async def reseal(
    owner: AccountId,
    before: tuple[int, Secret],
    after: tuple[int, Secret],
    kept: Collection[str],
    *,
    short: bool,
) -> None:
    """
    Move the document from one (epoch, root) to the next; joins the caller's transaction.

    For an account that is given a new root.  Only those in *kept* stay (`Factors.only`).  What
    passkeys unlocked was the old root: they are a second step, and unlock again after one use.
    """
    async with transaction():
        row = await Row.get_or_none(account_id=owner)
        await keys.drop_passkeys(owner)
        if row is None:
            return
        found = _opened(row, *before)
        # Recovery codes are keyed by the root: those of the old one are over.
        left = found.only(kept).shut()
        new = replace(left, rev=found.rev + 1, recovery=(), short=short, by_pass=None)
        boxed = _boxed(owner, *after, new)
        await keys.raise_guard(owner, new.rev)
        await Row.filter(account_id=owner).update(rev=new.rev, box=boxed)


async def start_anew(owner: Actor) -> None:
    """Take away every second factor, whoever set it up.  Raises like `read` and `change`."""
    async with transaction():
        found = await read(owner)
        if found.rev:
            await change(owner, Factors(rev=found.rev))
        await keys.drop_passkeys(owner.id)
        await SeenBefore.filter(account_id=owner.id).delete()


async def forget(owner: AccountId) -> None:
    """Delete what is kept for an account that goes; joins the caller's transaction."""
    async with transaction():
        await Row.filter(account_id=owner).delete()
        await SeenBefore.filter(account_id=owner).delete()
        await keys.drop_passkeys(owner)


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


async def _first(owner: UUID, rev: int, boxed: bytes) -> None:
    try:
        await Row.create(account_id=owner, rev=rev, box=boxed)
    except IntegrityError:
        raise Conflict from None


F = TypeVar("F", bound=Factors)


def _tidied(left: F) -> F:
    """Recovery codes stand in for a factor: they go with the last one."""
    return left if left.present else replace(left, recovery=())


def _boxed(owner: UUID, epoch: int, root: Secret, document: Factors) -> bytes:
    packed = {
        "passkeys": [each.pack() for each in document.passkeys],
        "authenticator": document.authenticator and document.authenticator.pack(),
        "recovery": list(document.recovery),
        "short": document.short,
        "review": document.review,
        "by_pass": document.by_pass and document.by_pass.isoformat(),
    }
    text = keys.Text("user", owner, epoch, root)
    return text.box("factors", "document", owner, document.rev, json.dumps(packed))


def _opened(row: Row, epoch: int, root: Secret) -> Factors:
    text = keys.Text("user", row.account_id, epoch, root)
    try:
        packed = json.loads(text.open("factors", "document", row.account_id, row.rev, row.box))
    except vault.Tampered:
        log.critical("second factors do not open: account %s", row.account_id)
        raise
    app = packed["authenticator"]
    return Factors(
        row.rev,
        tuple(Passkey.unpack(each) for each in packed["passkeys"]),
        Authenticator.unpack(app) if app else None,
        tuple(packed["recovery"]),
        packed.get("short", False),
        packed.get("review", False),
        _moment(packed.get("by_pass")),
    )
