"""What a line of the log says, its words, and how it is sealed and chained."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple, Self
from uuid import UUID

from portal import vault
from portal.core.actor import AccountId, Secret
from portal.core.language import N_

Act = Literal[
    "viewed", "downloaded", "picture", "dicomweb", "program",
    "shared", "binned", "restored", "deleted", "thinned",
]  # fmt: skip
Kind = Literal["study", "document"]

ACTS: Final[Mapping[str, str]] = {
    "viewed": N_("Looked at"),
    "downloaded": N_("Downloaded"),
    "picture": N_("Picture downloaded"),
    "dicomweb": N_("Read by DICOMweb"),
    "program": N_("Read by a program"),
    "shared": N_("Put into a community"),
    "binned": N_("Put into the bin"),
    "restored": N_("Taken out of the bin"),
    "deleted": N_("Deleted for good"),
    "thinned": N_("Original data deleted"),
}
"""What was done, as a msgid."""
LOOKS: Final = frozenset({"viewed", "downloaded", "picture", "dicomweb", "program"})
"""Opening something; after the others it is somewhere else, or less."""
ICONS: Final[Mapping[str, str]] = {
    "viewed": "eye", "downloaded": "download", "picture": "image", "dicomweb": "code",
    "program": "code", "shared": "communities", "binned": "trash", "restored": "documents",
    "deleted": "trash", "thinned": "trash",
}  # fmt: skip
START: Final = bytes(hashlib.sha256().digest_size)
"""What the first line is chained to."""
STEP: Final = 256
"""Bytes: what is sealed is filled up to a multiple of so many, so that names have no lengths."""


class Place(NamedTuple):
    """Where a line stands, which is what its box is bound to."""

    owner: UUID
    seq: int
    key: UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, as its owner reads it."""

    at: datetime
    who: UUID
    name: str = field(repr=False)
    """What they were called then."""
    act: str
    kind: str
    thing: UUID
    title: str = field(repr=False)
    """What it was called then."""
    through: str = field(default="", repr=False)
    """The community it was seen in or put into; empty: none."""

    @property
    def words(self) -> str:
        """What was done, as a msgid."""
        return ACTS.get(self.act, ACTS["viewed"])

    @property
    def is_look(self) -> bool:
        """Whether somebody opened it, and nothing became of it."""
        return self.act in LOOKS

    @property
    def icon(self) -> str:
        """The sign of what was done."""
        return ICONS.get(self.act, "eye")

    def packed(self) -> bytes:
        """To be sealed."""
        said = {
            "at": self.at.isoformat(), "who": self.who.hex, "name": self.name, "act": self.act,
            "kind": self.kind, "thing": self.thing.hex, "title": self.title,
            "through": self.through,
        }  # fmt: skip
        plain = _canonical(said)
        return plain + b" " * (-len(plain) % STEP)

    @classmethod
    def unpacked(cls, plain: bytes) -> Self:
        """What `packed` wrote."""
        said = json.loads(plain)
        return cls(
            at=datetime.fromisoformat(said.pop("at")),
            who=UUID(said.pop("who")),
            thing=UUID(said.pop("thing")),
            **said,
        )


def seal(key: Secret, place: Place, entry: Entry) -> bytes:
    """The box of a line, for this very place."""
    return vault.box(key, entry.packed(), _context(place))


def unseal(key: Secret, place: Place, body: bytes) -> Entry:
    """What `seal` sealed.  Raises `vault.Tampered`."""
    return Entry.unpacked(vault.unbox(key, body, _context(place)))


def chained(previous: bytes, place: Place, body: bytes) -> bytes:
    """
    The digest of a line: over the one before, and over this one as it lies there.

    Whoever has no key can check it, too; nobody can try out what the line may say.
    """
    line = _canonical({"body": base64.b64encode(body).decode(), "key": place.key.hex})
    context = vault.contexts.audit(previous, place.owner.hex, place.seq, line)
    return hashlib.sha256(context).digest()


def _context(place: Place) -> bytes:
    return vault.contexts.text("user", place.owner, 0, "audit_line", "body", place.key, place.seq)


def _canonical(said: Mapping[str, str]) -> bytes:
    written = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return written.encode()


@dataclass(frozen=True, slots=True)
class Thing:
    """What is opened, as its owner will read of it."""

    owner: AccountId
    kind: Kind
    title: str = field(repr=False)
    through: str = field(default="", repr=False)
